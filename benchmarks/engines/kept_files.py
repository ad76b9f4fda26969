# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Files that take minutes to make, kept from run to run in `build/benchmarks`."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from patternc.whole_file import whole_file

_FOLDER = Path(__file__).resolve().parents[2] / "build" / "benchmarks"


def kept(suffix: str, made_of: list[bytes], make: Callable[[Path], None]) -> bytes:
    """What is in a file that is made once.

    Args:
      suffix: of its name.
      made_of: all that it depends on, the version of what makes it, too.
      make: writes the file.
    """
    digest = hashlib.sha256()
    for part in made_of:
        digest.update(hashlib.sha256(part).digest())
    file = _FOLDER / f"{digest.hexdigest()[:24]}{suffix}"
    if not file.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as unfinished:
            make(unfinished)
    return file.read_bytes()
