# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Model files by the suffix of their name: which are read, and what to do with the others."""

import zipfile
from pathlib import Path
from typing import Any

from patternc.dependencies import require
from patternc.errors import ModelError
from patternc.frontends.imported import ImportedModel
from patternc.frontends.mlir import import_mlir
from patternc.frontends.torch import import_torch

_ONNX = """\
is ONNX, for which there is no front end; torch-mlir makes MLIR of it:
  pip install onnx
  torch-mlir-import-onnx {path} -o model.torch.mlir
  torch-mlir-opt --pass-pipeline='builtin.module(torch-onnx-to-torch-backend-pipeline,\
torch-backend-to-linalg-on-tensors-backend-pipeline)' model.torch.mlir -o model.mlir
then call its function @main, and compile model.mlir"""
_TORCHSCRIPT = (
    "is TorchScript, for which there is no front end; compile the torch.nn.Module that it was made "
    "of, or a .pt2 file, which torch.export.save makes"
)
_WEIGHTS = (
    "holds weights, which are no model; make the torch.nn.Module that they belong to, read them by "
    "patternc.models.load_weights_(model, path), and compile the module"
)
_OF_OTHERS = (
    "is a model of another framework; expected .mlir (text), .pt2 (of torch.export.save), or a "
    "torch.nn.Module itself"
)
_REFUSED = {
    ".onnx": _ONNX,
    **dict.fromkeys((".pt", ".pth", ".ckpt", ".bin", ".safetensors"), _WEIGHTS),
    **dict.fromkeys((".h5", ".keras", ".pb", ".tflite", ".mlmodel", ".caffemodel"), _OF_OTHERS),
}
SUFFIXES = (".mlir", ".pt2", *_REFUSED)


def import_file(path: Path, example_args: Any = None, example_kwargs: Any = None) -> ImportedModel:
    """Reads a model from a file.

    Args:
      path: `.pt2` is an exported program, and everything else MLIR text, unless its suffix is that
        of a format which holds no model that can be read.
      example_args, example_kwargs: as `import_torch`, for `.pt2`; MLIR takes none.

    Raises:
      ModelError: for the suffix of another format, with what to do instead, and as `import_mlir`
        and `import_torch`.
    """
    suffix = path.suffix.lower()
    if suffix in _REFUSED:
        what = _TORCHSCRIPT if _is_torchscript(path) else _REFUSED[suffix]
        raise ModelError(f"'{path}' {what.format(path=path)}")
    if suffix == ".pt2":
        return import_torch(
            _exported(path), example_args, example_kwargs=example_kwargs, name=path.stem
        )
    if example_args is not None or example_kwargs is not None:
        raise ModelError("MLIR fixes its own input shapes, but example_args are given")
    return import_mlir(path)


def _exported(path: Path) -> Any:
    export = require("torch.export", needed_for="reading a .pt2 file")
    if not path.is_file():
        raise ModelError(f"there is no file '{path}'")
    # Registers the operators of quantised programs.
    require("torch.ao.quantization.fx._decomposed", needed_for="reading a .pt2 file")
    try:
        program = export.load(path)
        program.call_spec  # noqa: B018 - of a damaged file it may be the first thing that is missing
        program.validate()
        return program
    except Exception as error:  # whatever a damaged file makes of itself
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(
            f"'{path}' is no exported program that this version of torch reads: {lines[0]}; write "
            "it anew by torch.export.save"
        ) from error


def _is_torchscript(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.split("/")[1:2] == ["code"] for name in archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile):
        return False
