"""Layers of Caffe's prototxt as torch modules, one maker for each type."""

import math
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add, mul
from typing import Any

import torch
from torch import Tensor, nn

from patternc.cocotune.caffe.prototxt import as_written
from patternc.errors import CocoTuneError


def make_layer(layer: Any, scale: Any, inputs: Sequence[Tensor]) -> nn.Module:
    """Makes the module of a layer.

    Args:
      layer: a LayerParameter.
      scale: the layer of type Scale behind a BatchNorm, which belongs to it, or None.
      inputs: an example of each, [1, ...].

    Raises:
      CocoTuneError: for a type that is not known, or settings that are not.
    """
    if layer.type not in _MAKERS:
        raise CocoTuneError(f"the type is not known; known are {', '.join(_MAKERS)}")
    if layer.type == "BatchNorm":
        return _batch_norm(layer, scale, inputs)
    return _MAKERS[layer.type](layer, inputs)


class Sum(nn.Module):
    """The sum of its inputs."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return reduce(add, inputs)


class Product(nn.Module):
    """The product of its inputs, element by element."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return reduce(mul, inputs)


class Maximum(nn.Module):
    """The largest of its inputs, element by element."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return reduce(torch.maximum, inputs)


class Concatenation(nn.Module):
    """Its inputs behind each other, along the channels."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, dim=1)


def _convolution(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    given = layer.convolution_param
    module = nn.Conv2d(
        inputs[0].shape[1],
        _positive(given.num_output, "num_output"),
        _pair(given, "kernel", "kernel_size", None),
        _pair(given, "stride", "stride", 1),
        _pair(given, "pad", "pad", 0),
        dilation=_pair_of(list(given.dilation) or [1], "dilation"),
        groups=given.group if given.HasField("group") else 1,
        bias=_flag(given, "bias_term", True),
    )
    _fill(module, given)
    return module


def _inner_product(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    given = layer.inner_product_param
    if given.transpose or _number(given, "axis", 1) != 1:
        raise CocoTuneError("transposed, or along another axis than 1")
    features = math.prod(inputs[0].shape[1:])
    outputs = _positive(given.num_output, "num_output")
    linear = nn.Linear(features, outputs, bias=_flag(given, "bias_term", True))
    _fill(linear, given)
    return linear if inputs[0].dim() == 2 else nn.Sequential(nn.Flatten(), linear)


def _batch_norm(layer: Any, scale: Any, inputs: Sequence[Tensor]) -> nn.Module:
    given = layer.batch_norm_param
    module = nn.BatchNorm2d(
        inputs[0].shape[1],
        eps=_number(given, "eps", 1e-5),
        momentum=1 - _number(given, "moving_average_fraction", 0.999),
        affine=scale is not None,
    )
    if scale is not None and not scale.scale_param.bias_term:
        module.bias.requires_grad_(False)
    return module


def _pooling(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    given = layer.pooling_param
    method = given.DESCRIPTOR.fields_by_name["pool"].enum_type.values_by_number[given.pool].name
    if method not in ("MAX", "AVE"):
        raise CocoTuneError(f"pool is {method}, expected MAX or AVE")
    if given.global_pooling:
        return nn.AdaptiveMaxPool2d(1) if method == "MAX" else nn.AdaptiveAvgPool2d(1)
    kernel, stride, pad = (
        _pair(given, name, field, default)
        for name, field, default in (
            ("kernel", "kernel_size", None),
            ("stride", "stride", 1),
            ("pad", "pad", 0),
        )
    )
    # Caffe rounds the size of the output up. Where that makes no difference it is not said, because
    # compilers do better without.
    round_up = not given.round_mode and any(
        (size + 2 * p - k) % s
        for size, k, s, p in zip(inputs[0].shape[2:], kernel, stride, pad, strict=True)
    )
    kind = nn.MaxPool2d if method == "MAX" else nn.AvgPool2d
    return kind(kernel, stride, pad, ceil_mode=round_up)


def _relu(layer: Any, _: Sequence[Tensor]) -> nn.Module:
    slope = as_written(layer.relu_param.negative_slope)
    return nn.LeakyReLU(slope) if slope else nn.ReLU()


def _elementwise(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    given = layer.eltwise_param
    if any(coefficient != 1 for coefficient in given.coeff):
        raise CocoTuneError(f"coeff is {list(given.coeff)}, expected nothing but 1")
    if any(value.shape != inputs[0].shape for value in inputs):
        raise CocoTuneError("expected inputs of one shape")
    if not given.HasField("operation"):
        return Sum()
    return (Product, Sum, Maximum)[given.operation]()


def _concatenation(layer: Any, _: Sequence[Tensor]) -> nn.Module:
    given = layer.concat_param
    axis = _number(given, "axis", _number(given, "concat_dim", 1))
    if axis != 1:
        raise CocoTuneError(f"axis is {axis:g}, expected 1, the channels")
    return Concatenation()


def _dropout(layer: Any, _: Sequence[Tensor]) -> nn.Module:
    return nn.Dropout(_number(layer.dropout_param, "dropout_ratio", 0.5))


def _response_norm(layer: Any, _: Sequence[Tensor]) -> nn.Module:
    given = layer.lrn_param
    if given.norm_region:
        raise CocoTuneError("norm_region is WITHIN_CHANNEL, expected ACROSS_CHANNELS")
    return nn.LocalResponseNorm(
        int(_number(given, "local_size", 5)),
        _number(given, "alpha", 1),
        _number(given, "beta", 0.75),
        _number(given, "k", 1),
    )


def _flatten(layer: Any, _: Sequence[Tensor]) -> nn.Module:
    if _number(layer.flatten_param, "axis", 1) != 1:
        raise CocoTuneError("expected to flatten from axis 1 on")
    return nn.Flatten()


def _reshape(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    shape = list(layer.reshape_param.shape.dim)
    flat = [1, math.prod(inputs[0].shape[1:])]
    copied = [inputs[0].shape[i] if size == 0 else size for i, size in enumerate(shape)]
    if [size if size != -1 else flat[-1] for size in copied] != flat:
        raise CocoTuneError(f"the new shape is {shape}, expected one that flattens, [0, -1]")
    return nn.Flatten()


_MAKERS: dict[str, Callable[..., nn.Module]] = {
    "Convolution": _convolution,
    "BatchNorm": _batch_norm,
    "ReLU": _relu,
    "Pooling": _pooling,
    "InnerProduct": _inner_product,
    "Eltwise": _elementwise,
    "Concat": _concatenation,
    "Dropout": _dropout,
    "LRN": _response_norm,
    "Flatten": _flatten,
    "Reshape": _reshape,
}


def _number(given: Any, name: str, default: float) -> float:
    return as_written(getattr(given, name)) if given.HasField(name) else default


def _flag(given: Any, name: str, default: bool) -> bool:
    return getattr(given, name) if given.HasField(name) else default


def _positive(value: int, name: str) -> int:
    if value < 1:
        raise CocoTuneError(f"{name} is {value}, expected at least 1")
    return value


def _pair(given: Any, name: str, field: str, default: int | None) -> tuple[int, int]:
    """Height and width of what is written once, twice, or with _h and _w."""
    sides = [getattr(given, f"{name}_{side}") for side in "hw" if given.HasField(f"{name}_{side}")]
    value = getattr(given, field)
    if not sides:
        repeated = not isinstance(value, int)
        sides = list(value) if repeated else [value] * given.HasField(field)
    if not sides and default is not None:
        sides = [default]
    return _pair_of(sides, field)


def _pair_of(sides: list[int], field: str) -> tuple[int, int]:
    if len(sides) not in (1, 2):
        raise CocoTuneError(f"{field} has {len(sides)} numbers, expected one, or height and width")
    return sides[0], sides[-1]


def _fill(module: nn.Conv2d | nn.Linear, given: Any) -> None:
    """Draws weights as a filler says; without one they stay as torch draws them."""
    for name, tensor in (("weight_filler", module.weight), ("bias_filler", module.bias)):
        if tensor is None or not given.HasField(name):
            continue
        filler = getattr(given, name)
        if filler.type in ("", "constant"):
            nn.init.constant_(tensor, as_written(filler.value))
        elif filler.type == "gaussian":
            nn.init.normal_(tensor, filler.mean, _number(filler, "std", 1))
        elif filler.type in ("xavier", "msra") and name == "weight_filler":
            deviation = math.sqrt((1 if filler.type == "xavier" else 2) / tensor[0].numel())
            if filler.type == "xavier":
                bound = math.sqrt(3) * deviation
                nn.init.uniform_(tensor, -bound, bound)
            else:
                nn.init.normal_(tensor, 0, deviation)
        else:
            raise CocoTuneError(
                f"{name} is of type '{filler.type}', expected constant, gaussian, xavier or msra"
            )
