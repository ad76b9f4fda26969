# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Frontends: a model in the user's form becomes MLIR on linalg-on-tensors."""

import sys
from os import PathLike
from pathlib import Path
from typing import Any

from patternc.errors import ModelError, limited_nesting
from patternc.frontends.files import SUFFIXES, import_file
from patternc.frontends.imported import ImportedModel
from patternc.frontends.mlir import import_mlir
from patternc.frontends.torch import import_torch

__all__ = ["ImportedModel", "import_mlir", "import_model", "import_torch"]


@limited_nesting(ModelError, "the model")
def import_model(
    model: Any, example_args: tuple | None = None, example_kwargs: dict[str, Any] | None = None
) -> ImportedModel:
    """Imports a model by the frontend for its type.

    Args:
      model: an `nn.Module`, an `ExportedProgram`, MLIR text, or the path of a file. A string is
        text when it has a line break or a brace, unless it ends in the suffix of a file.
      example_args: the arguments that a module is traced with; an exported program has its own,
        and MLIR takes none.
      example_kwargs: likewise, those that are given by keyword.

    Raises:
      ModelError: when the model is of another type, or its frontend refuses it.
    """
    if isinstance(model, PathLike) or (isinstance(model, str) and not _is_text(model)):
        return import_file(Path(model), example_args, example_kwargs)
    if isinstance(model, str):
        if example_args is not None or example_kwargs is not None:
            raise ModelError("MLIR fixes its own input shapes, but example_args are given")
        return import_mlir(model)
    # Whoever holds a PyTorch model has imported torch; so nobody else waits for it here.
    torch = sys.modules.get("torch")
    if torch and isinstance(model, torch.nn.Module | torch.export.ExportedProgram):
        return import_torch(model, example_args, example_kwargs=example_kwargs)
    found = f"the class {model.__name__}" if isinstance(model, type) else type(model).__name__
    raise ModelError(
        f"expected a torch.nn.Module, a torch.export.ExportedProgram, MLIR text, or a path, "
        f"but got {found}"
    )


def _is_text(model: str) -> bool:
    return not model or (("\n" in model or "{" in model) and not model.endswith(SUFFIXES))
