# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `patternc`.

An error of the `PatterncError` family is one line on standard error and exit code 1; as everywhere,
2 says that the command line itself was wrong, and 130 that it was interrupted.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence

import patternc
from patternc.command_line import cocotune, prune
from patternc.errors import PatterncError

_PYTHON = (
    "A model that is pruned already is compiled in Python: "
    "patternc.compile(model, example_args, target=...).save(folder); patternc.target_names() lists "
    "the targets, patternc.load(folder) loads and runs what was saved, and its report() says what "
    "is in it."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
      arguments: those behind the name of the program; None for those of the process.

    Returns:
      The exit code.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    parsed = _parser().parse_args(given)
    try:
        parsed.run(parsed)
    except PatterncError as error:
        print(f"patternc: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read the output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(f"\npatternc: interrupted; {_after_interrupt(parsed, given)}", file=sys.stderr)
        return 130
    return 0


class _Commands(argparse._SubParsersAction):
    """Says of an unknown command what there is instead."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        name = values[0] if values else ""
        if name not in self._name_parser_map:
            known = " and ".join(self._name_parser_map)
            parser.error(f"there is no command '{name}', but {known}. {_PYTHON}")
        super().__call__(parser, namespace, values, option_string)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="patternc",
        description="Prunes convolutional networks to patterns and compiles them.",
        epilog=_PYTHON,
    )
    parser.add_argument("--version", action="version", version=f"patternc {patternc.__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, action=_Commands
    )
    prune.add_command(commands)
    cocotune.add_command(commands)
    # The action itself looks for the command.
    commands.choices = None  # pyright: ignore[reportAttributeAccessIssue]
    return parser


def _after_interrupt(arguments: argparse.Namespace, given: Sequence[str]) -> str:
    """What to tell who interrupted the command that was `given`."""
    if arguments.run_directory is None:
        return "nothing was kept, a run with --run-directory could be resumed"
    resume = () if arguments.resume else ("--resume",)
    return f"go on with: {shlex.join(['patternc', *given, *resume])}"
