# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Public weights, read from a file into a model."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from patternc.dependencies import require
from patternc.errors import WeightsError, limited_nesting

_LISTED = 5  # of the keys with one mistake, before "and N more"


@limited_nesting(WeightsError, "the model")
def load_weights_(model: nn.Module, file: str | Path) -> None:
    """Reads a state dict from a file into a model, in place.

    Nothing in the file is executed: `.safetensors` holds tensors only, and of `.pth`, `.pt` and the
    like torch reads only those (`weights_only`). Keys and shapes must be the model's; the counters
    of batch norms (`num_batches_tracked`) may be absent, because PyTorch before 0.4.1 had none.
    Values are converted to the model's types and devices. With an error, the model is as before.

    Args:
      model: for example one of `patternc.models`, which have the parameter names of torchvision.
      file: a state dict, saved by `torch.save` or by safetensors.

    Raises:
      WeightsError: when the file cannot be read, is no state dict, or is one of another model.
      MissingDependencyError: for `.safetensors` without that package.
    """
    found = _read(Path(file))
    expected = {
        key: value for key, value in model.state_dict().items() if isinstance(value, Tensor)
    }
    _check_model(expected)
    problems = {
        "missing": [
            key for key in expected if key not in found and not key.endswith("num_batches_tracked")
        ],
        "unexpected": [key for key in found if key not in expected],
        "of another shape": [
            f"{key} (found {list(found[key].shape)}, expected {list(tensor.shape)})"
            for key, tensor in expected.items()
            if key in found and found[key].shape != tensor.shape
        ],
        "of a kind that cannot be converted": [
            f"{key} ({found[key].dtype}, {found[key].layout})"
            for key, tensor in expected.items()
            if key in found and not _is_convertible(found[key], tensor)
        ],
    }
    if any(problems.values()):
        listed = "; ".join(f"{name}: {_list(keys)}" for name, keys in problems.items() if keys)
        raise WeightsError(
            f"'{file}' does not fit {type(model).__name__}: {listed}; "
            "make the model with the classes, channels and variant of the weights"
        )
    before = {key: tensor.clone() for key, tensor in expected.items()}
    try:
        model.load_state_dict(found, strict=False)
    except BaseException as error:
        with torch.no_grad():
            for key, tensor in expected.items():
                tensor.copy_(before[key])
        if not isinstance(error, Exception):
            raise  # an interrupt
        raise WeightsError(
            f"{type(model).__name__} does not take the weights of '{file}': {_first_line(error)}"
        ) from error


def _check_model(tensors: dict[str, Tensor]) -> None:
    for key, tensor in tensors.items():
        if is_lazy(tensor):
            raise WeightsError(f"'{key}' of the model has no shape yet; call the model once before")
        if tensor.is_meta:
            raise WeightsError(
                f"'{key}' of the model is on the meta device, where values have no place; make the "
                "model on another one"
            )


def _is_convertible(value: Tensor, to: Tensor) -> bool:
    plain = value.layout == torch.strided and not value.is_quantized and not value.is_meta
    return plain and (to.is_complex() or not value.is_complex())


def _read(file: Path) -> dict[str, Tensor]:
    if not file.is_file():
        raise WeightsError(f"there is no file '{file}' to read weights from")
    read: Callable[[Path], Any]
    if file.suffix == ".safetensors":
        read = require("safetensors.torch", needed_for="a .safetensors file").load_file
    else:
        read = partial(torch.load, map_location="cpu", weights_only=True)
    if not file.stat().st_size:
        raise WeightsError(f"cannot read weights from '{file}': it is empty; copy it anew")
    try:
        content = read(file)
    except Exception as error:  # whatever a damaged file makes of itself
        raise WeightsError(
            f"cannot read weights from '{file}': {_first_line(error)}; expected a state dict of "
            "tensors, of torch.save or safetensors"
        ) from error
    if not isinstance(content, dict):
        raise WeightsError(
            f"'{file}' holds a {type(content).__name__}, expected a dict of tensors by name"
        )
    for key, value in content.items():
        if not isinstance(key, str):
            raise WeightsError(f"'{file}' holds something under {key!r}, expected names of tensors")
        if not isinstance(value, Tensor):
            raise WeightsError(
                f"'{file}' holds a {type(value).__name__} under {key!r}, expected tensors "
                "by name; if it is a checkpoint, save the state dict in it on its own"
            )
    return content


def _first_line(error: Exception) -> str:
    """What an error says in short; torch's go on for pages, and some say nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".:") if lines else type(error).__name__


def _list(keys: list[str]) -> str:
    more = len(keys) - _LISTED
    return ", ".join(keys[:_LISTED]) + (f" and {more} more" if more > 0 else "")
