# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What the command lines of the benchmarks have in common."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.measuring.errors import WrongResultError
from patternc.errors import PatterncError


def new_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser whose help shows the text as it is."""
    program = sys.modules["__main__"].__spec__
    assert program is not None  # run by `python -m`
    return argparse.ArgumentParser(
        prog=f"python -m {program.name.removesuffix('.__main__')}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def new_json_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the option of what keeps its figures."""
    parser = new_parser(description)
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write all figures and the machine's description"
    )
    return parser


def new_timing_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options of what compares engines."""
    parser = new_json_parser(description)
    parser.add_argument("--rounds", type=positive, default=20, help="turns of every engine (20)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write a bar chart (PNG)")
    return parser


def add_choices(
    parser: argparse.ArgumentParser,
    flag: str,
    choices: Iterable[str],
    what: str,
    *,
    default: str | None = None,
    nargs: str = "+",
) -> None:
    """Adds an option, named in the plural, that takes some of `choices`, or else `default`."""
    names = list(choices)
    parser.add_argument(
        flag,
        nargs=nargs,
        choices=names,
        default=names if default is None else [default],
        metavar=flag.removeprefix("--").removesuffix("s").upper(),
        help=f"{what}: {', '.join(names)} ({default or 'all'})",
    )


def positive(text: str) -> int:
    """The type of an option that takes a number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of 1 or more, not '{text}'")
    return int(text)


def run(main: Callable[[], int]) -> None:
    """Runs a program to its exit code; an error of the user's or an engine's is one line."""
    try:
        sys.exit(main())
    except (WrongResultError, PatterncError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
