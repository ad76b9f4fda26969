# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Caffe's text format, read by protobuf's own parser."""

from pathlib import Path
from typing import Any

from patternc.cocotune.caffe.schema import message_class
from patternc.dependencies import require
from patternc.errors import CocoTuneError


def parse_prototxt(source: str | Path, message: str) -> Any:
    """Reads a message of Caffe's schema.

    Args:
      source: the text, or the path of a file as a Path.
      message: 'NetParameter' or 'SolverParameter'.

    Raises:
      CocoTuneError: when the file cannot be read, or the text is no such message.
      MissingDependencyError: without protobuf.
    """
    text_format = require("google.protobuf.text_format", needed_for="reading Caffe's prototxt")
    where = str(source) if isinstance(source, Path) else "prototxt"
    try:
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    except (OSError, ValueError) as error:
        raise CocoTuneError(f"{source} cannot be read: {error}") from error
    try:
        return text_format.Parse(text, message_class(message)())
    except RecursionError as error:
        raise CocoTuneError(f"{where}: nested too deep to be read") from error
    except text_format.ParseError as error:
        what = (str(error).partition(" : ")[2] or str(error)).strip().rstrip(".")
        hint = "; old networks are translated by Caffe's upgrade_net_proto_text" * (
            "layers" in what
        )
        raise CocoTuneError(
            f"{where}, line {error.GetLine()}, column {error.GetColumn()}: {what}{hint}"
        ) from error


def as_written(value: float) -> float:
    """A number as the text has it, and not as the 32 bits of a protobuf float."""
    return float(f"{value:.7g}")
