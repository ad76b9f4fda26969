# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Options that several commands have."""

import argparse
from pathlib import Path
from typing import Any

MODEL_HELP = (
    "digits, vgg16, resnet50, mobilenet-v2, or package.module:factory, which is called without "
    "arguments"
)
DATA_HELP = "digits, digits-as-cifar, cifar10 FOLDER, or image-folder TRAIN EVAL"


def add_variant(group: Any) -> None:
    """Adds the option that says which variant of a model is meant."""
    group.add_argument(
        "--variant",
        choices=("imagenet", "cifar"),
        help="of vgg16, resnet50 and mobilenet-v2, by the size of their images (imagenet)",
    )


def add_results(parser: argparse.ArgumentParser, *, state: str, what: str, output: str) -> Any:
    """Adds the group of options for what a command leaves behind.

    Args:
      parser: of the command.
      state: what the run directory is for.
      what: is compiled.
      output: where it is saved by default.

    Returns:
      The group.
    """
    group = parser.add_argument_group("results")
    group.add_argument("--run-directory", type=Path, metavar="FOLDER", help=f"for {state}")
    group.add_argument(
        "--resume", action="store_true", help="go on with the run of --run-directory"
    )
    group.add_argument("--target", default="llvm-cpu", help="machine to compile for (llvm-cpu)")
    group.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        default=Path(output),
        help=f"the compiled {what}, for patternc.load ({output})",
    )
    return group
