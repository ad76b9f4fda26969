"""Files that are written whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Gives a path to write to, which takes the place of `file` when the block ends without error.

    Until then, what was in the file stays.

    Raises:
      OSError: when it cannot be written.
    """
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        yield unfinished
        _flush(unfinished)
        os.replace(unfinished, file)
        _flush(file.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
