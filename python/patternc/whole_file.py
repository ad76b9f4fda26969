# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Files and folders that are written whole or not at all."""

import contextlib
import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_SCRATCH = ".unfinished"
_NO_REPLACE, _EXCHANGE = 1, 2  # flags of renameat2
_AT_FDCWD = -100


@contextlib.contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Gives a path to write to, which takes the place of `file` when the block ends without error.

    Until then, what was in the file stays.

    Raises:
      OSError: when it cannot be written.
    """
    unfinished = file.with_name(f".{file.name}{_SCRATCH}")
    try:
        yield unfinished
        flush(unfinished)
        os.replace(unfinished, file)
        flush(file.parent)
    finally:
        unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Gives a folder to write to, which takes the place of `folder` when the block ends.

    What was there is gone afterwards, and stays when the block raises. At every moment one of the
    two is there whole, also if the process is killed. Only where the file system cannot exchange
    two names (NFS, for one) there is nothing at the path for the moment between two renames.
    The block flushes its own files.

    Raises:
      OSError: when it cannot be written.
    """
    _remove_scratch_of_the_dead(folder)
    scratch, lock = _locked_scratch(folder)
    try:
        new = scratch / "new"
        new.mkdir()
        yield new
        flush(new)
        _take_the_place_of(folder, new, scratch / "old")
        flush(folder.parent)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        os.close(lock)


def flush(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked_scratch(folder: Path) -> tuple[Path, int]:
    """A new folder beside another, and the lock that says that its owner lives."""
    while True:
        scratch = tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=_SCRATCH)
        lock = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(scratch):
            return Path(scratch), lock
        os.close(lock)  # another process took it for one of the dead before it was locked


def _remove_scratch_of_the_dead(folder: Path) -> None:
    """Removes what writers left that were killed; their locks ended with them."""
    for scratch in folder.parent.glob(f".{_escaped(folder.name)}.*{_SCRATCH}"):
        with contextlib.suppress(OSError):
            lock = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(scratch, ignore_errors=True)
            finally:
                os.close(lock)


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _take_the_place_of(folder: Path, new: Path, old: Path) -> None:
    """Renames a finished folder; what was in its place is in the scratch afterwards."""
    while True:
        try:
            return _rename(new, folder, _EXCHANGE if os.path.lexists(folder) else _NO_REPLACE)
        except (FileExistsError, FileNotFoundError):
            if not new.exists() or not folder.parent.exists():
                raise  # else another writer was faster
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
                raise
            break
    if os.path.lexists(folder):
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise


def _rename(source: Path, target: Path, flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        raise OSError(errno.ENOSYS, "this system has no renameat2")
    names = (os.fsencode(source), os.fsencode(target))
    if libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], flags):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(source), None, str(target))
