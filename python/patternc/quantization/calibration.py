# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Inputs to calibrate with, checked before the work begins."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor

from patternc.errors import QuantizationError


def calibration_inputs(
    calibration: Any, example_args: tuple[Any, ...] | None
) -> list[tuple[Tensor, ...]]:
    """The arguments of each run of the model, of the shapes of the first or of an example.

    Args:
      calibration: an iterable of tensors, or of tuples of tensors that are the arguments of the
        model. A batch larger than that of the example is taken apart.
      example_args: the shapes, None for those of the first.

    Raises:
      QuantizationError: when there is none, one has another shape or dtype, or holds NaN or
        infinite values; says which.
    """
    if isinstance(calibration, Tensor | str | dict) or not isinstance(calibration, Iterable):
        raise QuantizationError(
            f"calibration is a {type(calibration).__name__}, expected an iterable of inputs of the "
            "model: tensors, or tuples of its arguments; write [x] for one"
        )
    example = None if example_args is None else _arguments(example_args, "example_args")
    inputs: list[tuple[Tensor, ...]] = []
    for index, item in enumerate(calibration):
        where = f"calibration input {index}"
        arguments = _arguments(item, where)
        example = arguments if example is None else example
        inputs += _split(arguments, example, where)
    if not inputs:
        raise QuantizationError("calibration has no inputs; some hundred images are usual")
    return inputs


def _arguments(item: Any, where: str) -> tuple[Tensor, ...]:
    arguments = (item,) if isinstance(item, Tensor) else item
    if not isinstance(arguments, list | tuple) or not arguments:
        raise QuantizationError(
            f"{where} is a {type(item).__name__}, expected a tensor or a tuple of tensors"
        )
    for position, tensor in enumerate(arguments):
        place = where if len(arguments) == 1 else f"argument {position} of {where}"
        if not isinstance(tensor, Tensor):
            raise QuantizationError(f"{place} is a {type(tensor).__name__}, expected a tensor")
        if tensor.device.type != "cpu":
            raise QuantizationError(f"{place} is on device '{tensor.device}', expected 'cpu'")
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise QuantizationError(f"{place} holds NaN or infinite values")
    return tuple(arguments)


def _split(
    arguments: tuple[Tensor, ...], example: tuple[Tensor, ...], where: str
) -> list[tuple[Tensor, ...]]:
    """The arguments in batches of the size of the example."""
    if len(arguments) != len(example):
        raise QuantizationError(
            f"{where} has {len(arguments)} tensors, expected {len(example)}; give the inputs of "
            "the model only, without labels"
        )
    times = _times(arguments, example)
    for position, (found, expected) in enumerate(zip(arguments, example, strict=True)):
        place = where if len(arguments) == 1 else f"argument {position} of {where}"
        if found.dtype != expected.dtype:
            raise QuantizationError(f"{place} is {found.dtype}, expected {expected.dtype}")
        shape = list(expected.shape)
        if shape and times:
            shape[0] *= times
        if list(found.shape) != shape or not times:
            raise QuantizationError(
                f"{place} has the shape {list(found.shape)}, expected {list(expected.shape)}, or a "
                "multiple of it along the batch; a DataLoader keeps its last batch whole with "
                "drop_last=True"
            )
    if times == 1:
        return [arguments]
    pieces = [
        found.split(expected.shape[0]) for found, expected in zip(arguments, example, strict=True)
    ]
    return list(zip(*pieces, strict=True))


def _times(arguments: tuple[Tensor, ...], example: tuple[Tensor, ...]) -> int:
    """How many examples a batch is, 0 if not a whole number."""
    if not example[0].dim() or not arguments[0].dim():
        return 1
    times, rest = divmod(len(arguments[0]), max(1, len(example[0])))
    return 0 if rest else times
