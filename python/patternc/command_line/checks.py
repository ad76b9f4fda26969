# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What is wrong with the places that a command writes to, found before it trains."""

import argparse
import os
import tempfile
from pathlib import Path

from patternc.errors import ArtifactError, PatterncError


def check_results(arguments: argparse.Namespace) -> None:
    """Checks the options of `add_results`.

    Raises:
      PatterncError: for an output that is there and no artefact, a folder that cannot be written
        to, and --resume without a run directory.
    """
    if arguments.resume and arguments.run_directory is None:
        raise PatterncError("--resume needs the --run-directory of the run to go on with")
    output = Path(os.path.abspath(arguments.output))
    if output.exists() and not (output / "manifest.json").is_file():
        raise ArtifactError(
            f"--output {output} exists and is not a patternc artefact, which alone is replaced; "
            "give another name"
        )
    _check_folder(output.parent, "--output")
    if arguments.run_directory is not None:
        try:
            arguments.run_directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PatterncError(f"--run-directory cannot be made: {error}") from error
        _check_folder(arguments.run_directory, "--run-directory")


def check_picture(file: Path | None, option: str) -> None:
    """Raises PatterncError unless a picture can be written there, if it is wanted."""
    if file is None:
        return
    if file.suffix.lower() != ".png":
        raise PatterncError(f"{option} {file}: pictures are PNG, expected a name that ends in .png")
    if file.is_dir():
        raise PatterncError(f"{option} {file} is a folder, expected the name of a file")
    _check_folder(file.absolute().parent, option)


def _check_folder(folder: Path, option: str) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise PatterncError(
            f"{option}: nothing can be written in {folder}: {error.strerror}"
        ) from error
