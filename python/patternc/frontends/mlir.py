# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""MLIR text, in a string or in a file, as it is: the compiler core parses it."""

import re
from pathlib import Path

import numpy as np

from patternc.errors import ModelError
from patternc.frontends.imported import ImportedModel

_BYTECODE_MAGIC = b"ML\xefR"
# MLIR's parser calls itself for each bracket that is open, and ends the process when its stack is
# full: at 10 000 or so.
_NESTING = 1000
_OPENS, _CLOSES = b"([{<", b")]}>"
_CHUNK = 1 << 24


def import_mlir(source: str | Path) -> ImportedModel:
    """Takes MLIR text, or reads it from a file.

    Args:
      source: the text itself, or the path of a file as a Path.

    Returns:
      The text unchanged. Its weights stay inside it, and its inputs and outputs are left to the
      compiler, which reads them from the signature of `@main`.

    Raises:
      ModelError: when the file cannot be read, is empty, does not hold text, or nests too deep.
    """
    if isinstance(source, str):
        return _imported(source, name="main", origin="the MLIR text")
    origin = f"the MLIR file '{source}'"
    try:
        data = source.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"{origin} does not exist") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{origin} cannot be read: {reason}") from error
    if data.startswith(_BYTECODE_MAGIC):
        raise ModelError(
            f"{origin} is MLIR bytecode, but text is expected; convert it with: mlir-opt FILE"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"{origin} is not UTF-8 text: {error}") from error
    return _imported(text, name=source.stem, origin=origin)


def _imported(text: str, *, name: str, origin: str) -> ImportedModel:
    if not text.strip():
        raise ModelError(f"{origin} is empty")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ModelError(f"{origin} has characters that are none: {error}") from error
    if _nests_too_deep(text):
        raise ModelError(f"{origin} nests more than {_NESTING} brackets or signs")
    return ImportedModel(text=text, blobs={}, inputs=(), outputs=(), name=name)


def _nests_too_deep(text: str) -> bool:
    if re.search(rf"(-\s*){{{_NESTING}}}", text):
        return True
    step = np.zeros(256, np.int64)
    step[list(_OPENS)], step[list(_CLOSES)] = 1, -1
    brackets = np.frombuffer(re.sub("->|>=|<=", "", text).encode(), np.uint8)
    depth = 0
    for start in range(0, len(brackets), _CHUNK):
        depths = depth + step[brackets[start : start + _CHUNK]].cumsum()
        if depths.max() > _NESTING:
            return True
        depth = depths[-1]
    return False
