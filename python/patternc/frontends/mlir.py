"""MLIR text, in a string or in a file, as it is: the compiler core parses it."""

from pathlib import Path

from patternc.errors import ModelError
from patternc.frontends.imported import ImportedModel

_BYTECODE_MAGIC = b"ML\xefR"


def import_mlir(source: str | Path) -> ImportedModel:
    """Takes MLIR text, or reads it from a file.

    Args:
      source: the path of an `.mlir` file, or the text itself: a string that has more than one
        line or holds the word `func` or `module` and does not end in `.mlir`.

    Returns:
      The text unchanged. Its weights stay inside it, and its inputs and outputs are left to the
      compiler, which reads them from the signature of `@main`.

    Raises:
      ModelError: when the file cannot be read, is empty, or does not hold text.
    """
    if isinstance(source, str) and _is_text(source):
        return _imported(source, name="main", origin="the MLIR text")
    path = Path(source)
    origin = f"the MLIR file '{path}'"
    try:
        data = path.read_bytes()
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
    return _imported(text, name=path.stem, origin=origin)


def _is_text(source: str) -> bool:
    if "\n" in source or not source:
        return True
    return not source.endswith(".mlir") and ("func" in source or "module" in source)


def _imported(text: str, *, name: str, origin: str) -> ImportedModel:
    if not text.strip():
        raise ModelError(f"{origin} is empty")
    return ImportedModel(text=text, blobs={}, inputs=(), outputs=(), name=name)
