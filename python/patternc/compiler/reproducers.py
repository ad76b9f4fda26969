# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Folders for the inputs of compiler stages that fail: private, and under a name that is new."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from patternc.errors import PatterncError


def new_folder(parent: Path | None) -> Path:
    """Makes a folder that only this user can look into.

    Args:
      parent: where, made if it is not there; None for the system's folder for temporary files.

    Raises:
      PatterncError: when it cannot be made.
    """
    try:
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="patternc-reproducer-", dir=parent))
    except (OSError, ValueError) as error:
        raise PatterncError(
            f"no folder for reproducers can be made in {parent or tempfile.gettempdir()}: {error}; "
            "set PATTERNC_REPRODUCER_DIR to a folder that can be written to"
        ) from error


@contextlib.contextmanager
def folder_if_needed(parent: Path | None) -> Iterator[Path]:
    """A new folder that is gone afterwards, unless something was left in it."""
    made = [parent] if parent is not None and not parent.exists() else []
    folder = new_folder(parent)
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):  # it is not empty
            for empty in (folder, *made):
                empty.rmdir()
