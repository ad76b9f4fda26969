"""Public weights, read from a file into a model."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from patternc.dependencies import require
from patternc.errors import WeightsError

_LISTED = 5  # of the keys with one mistake, before "and N more"


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
    expected = model.state_dict()
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
    }
    if any(problems.values()):
        listed = "; ".join(f"{name}: {_list(keys)}" for name, keys in problems.items() if keys)
        raise WeightsError(
            f"'{file}' does not fit {type(model).__name__}: {listed}; "
            "make the model with the classes, channels and variant of the weights"
        )
    model.load_state_dict(found, strict=False)


def _read(file: Path) -> dict[str, Tensor]:
    if not file.is_file():
        raise WeightsError(f"there is no file '{file}' to read weights from")
    read: Callable[[Path], Any]
    if file.suffix == ".safetensors":
        read = require("safetensors.torch", needed_for="a .safetensors file").load_file
    else:
        read = partial(torch.load, map_location="cpu", weights_only=True)
    try:
        content = read(file)
    except Exception as error:  # whatever a damaged file makes of itself
        raise WeightsError(f"cannot read weights from '{file}': {error}") from error
    if not isinstance(content, dict):
        raise WeightsError(
            f"'{file}' holds a {type(content).__name__}, expected a dict of tensors by name"
        )
    for key, value in content.items():
        if not isinstance(value, Tensor):
            raise WeightsError(
                f"'{file}' holds a {type(value).__name__} under {key!r}, expected tensors "
                "by name; if it is a checkpoint, save the state dict in it on its own"
            )
    return content


def _list(keys: list[str]) -> str:
    more = len(keys) - _LISTED
    return ", ".join(keys[:_LISTED]) + (f" and {more} more" if more > 0 else "")
