# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Layers of Caffe's prototxt as torch modules, one maker for each type."""

import math
from collections.abc import Callable, Sequence
from functools import partial, reduce
from itertools import accumulate, pairwise
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
    if len(inputs) > 1 and layer.type not in _OF_SEVERAL:
        raise CocoTuneError(f"it has {len(inputs)} bottoms, expected one")
    if len(layer.top) != 1 and layer.type not in _TO_SEVERAL:
        raise CocoTuneError(f"it has {len(layer.top)} tops, expected one")
    return _MAKERS[layer.type](layer, inputs)


class Sum(nn.Module):
    """The sum of its inputs, each times its coefficient if there are any."""

    def __init__(self, coefficients: Sequence[float] = ()):
        super().__init__()
        self.coefficients = tuple(coefficients)

    def forward(self, *inputs: Tensor) -> Tensor:
        if self.coefficients:
            inputs = tuple(map(mul, inputs, self.coefficients))
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
    """Its inputs behind each other, along a dimension."""

    def __init__(self, axis: int):
        super().__init__()
        self.axis = axis

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, dim=self.axis)


class Slices(nn.Module):
    """Parts of its input, of given sizes along a dimension."""

    def __init__(self, axis: int, sizes: Sequence[int]):
        super().__init__()
        self.axis, self.sizes = axis, tuple(sizes)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        starts = accumulate(self.sizes, initial=0)
        parts = zip(starts, self.sizes, strict=False)
        return tuple(x.narrow(self.axis, start, size) for start, size in parts)


class Copies(nn.Module):
    """Its input several times."""

    def __init__(self, count: int):
        super().__init__()
        self.count = count

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return (x,) * self.count


class Crop(nn.Module):
    """The part of its first input that has the size of the second, and begins at an offset.

    Args:
      parts: dimension, offset and size.
    """

    def __init__(self, parts: Sequence[tuple[int, int, int]]):
        super().__init__()
        self.parts = tuple(parts)

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        for axis, offset, size in self.parts:
            x = x.narrow(axis, offset, size)
        return x


class Affine(nn.Module):
    """Its input times a weight, plus a bias, which repeat over the dimensions that they lack.

    Args:
      weight, bias: of the dimensions of the input from the first that they have to the last, of
        size 1 where they repeat; or None.
    """

    def __init__(self, weight: Tensor | None, bias: Tensor | None):
        super().__init__()
        self.weight = None if weight is None else nn.Parameter(weight)
        self.bias = None if bias is None else nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        x = x if self.weight is None else x * self.weight
        return x if self.bias is None else x + self.bias


class Broadcast(nn.Module):
    """Its first input with the second multiplied, or added, which has fewer dimensions.

    Args:
      before, behind: dimensions that the second input lacks.
      operation: what is done with each pair.
    """

    def __init__(self, before: int, behind: int, operation: Callable[[Tensor, Tensor], Tensor]):
        super().__init__()
        self.before, self.behind, self.operation = before, behind, operation

    def forward(self, x: Tensor, factor: Tensor) -> Tensor:
        for _ in range(self.before):
            factor = factor.unsqueeze(0)
        for _ in range(self.behind):
            factor = factor.unsqueeze(-1)
        return self.operation(x, factor)


class Elementwise(nn.Module):
    """A function of each element, of (shift + scale * x)."""

    def __init__(self, function: Callable[[Tensor], Tensor], scale: float = 1, shift: float = 0):
        super().__init__()
        self.function, self.scale, self.shift = function, scale, shift

    def forward(self, x: Tensor) -> Tensor:
        x = x if self.scale == 1 else x * self.scale
        return self.function(x if self.shift == 0 else x + self.shift)


class WithinChannelNorm(nn.Module):
    """Each element over a power of the mean square of its neighbours in its channel."""

    def __init__(self, size: int, alpha: float, beta: float):
        super().__init__()
        self.size, self.alpha, self.beta = size, alpha, beta

    def forward(self, x: Tensor) -> Tensor:
        mean = nn.functional.avg_pool2d(x * x, self.size, 1, (self.size - 1) // 2)
        return x * (1 + self.alpha * mean) ** -self.beta


class Reshape(nn.Module):
    """Each item of a batch in another shape."""

    def __init__(self, shape: Sequence[int]):
        super().__init__()
        self.shape = tuple(shape)

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1).unflatten(1, self.shape)


class Swish(nn.Module):
    """x * sigmoid(beta * x)."""

    def __init__(self, beta: float):
        super().__init__()
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x if self.beta == 1 else self.beta * x)


def _convolution(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    given = layer.convolution_param
    if _axis(given, "axis", 1, inputs[0]) != 1 or inputs[0].dim() != 4:
        raise CocoTuneError("expected an image, and axis 1 for its channels")
    kind = nn.ConvTranspose2d if layer.type == "Deconvolution" else nn.Conv2d
    module = kind(
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
    kind = nn.BatchNorm2d if inputs[0].dim() == 4 else nn.BatchNorm1d
    module = kind(
        inputs[0].shape[1],
        eps=_number(given, "eps", 1e-5),
        momentum=1 - _number(given, "moving_average_fraction", 0.999),
        affine=scale is not None,
    )
    if scale is not None:
        factors = scale.scale_param
        for name, tensor, default in (
            ("filler", module.weight, 1.0),
            ("bias_filler", module.bias, 0.0),
        ):
            filler = getattr(factors, name) if factors.HasField(name) else None
            _fill_one(tensor, name, filler, default)
        if not factors.bias_term:
            nn.init.zeros_(module.bias).requires_grad_(False)
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
    if min(stride) < 1 or min(kernel) < 1:
        raise CocoTuneError(f"kernel_size is {kernel} and stride {stride}, expected at least 1")
    # Caffe rounds the size of the output up. Where that makes no difference it is not said, because
    # compilers do better without.
    floor = given.round_mode or not _flag(given, "ceil_mode", True)
    round_up = not floor and any(
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
    coefficients = [as_written(coefficient) for coefficient in given.coeff]
    product, total, _ = range(3)
    operation = given.operation if given.HasField("operation") else total
    if coefficients and (operation != total or len(coefficients) != len(inputs)):
        raise CocoTuneError(
            f"coeff is {coefficients}, expected one for each of {len(inputs)} bottoms, of SUM"
        )
    if any(value.shape != inputs[0].shape for value in inputs):
        raise CocoTuneError("expected inputs of one shape")
    if operation == total:
        return Sum(() if set(coefficients) <= {1.0} else coefficients)
    return Product() if operation == product else Maximum()


def _concatenation(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    given = layer.concat_param
    name = "concat_dim" if given.HasField("concat_dim") else "axis"
    return Concatenation(_axis(given, name, 1, inputs[0]))


def _slice(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    given, count = layer.slice_param, len(layer.top)
    axis = _axis(given, "slice_dim" if given.HasField("slice_dim") else "axis", 1, inputs[0])
    size, points = inputs[0].shape[axis], list(given.slice_point)
    if not points and size % count == 0:
        points = [size // count * part for part in range(1, count)]
    sizes = [end - start for start, end in pairwise([0, *points, size])]
    if len(sizes) != count or min(sizes) < 1:
        raise CocoTuneError(
            f"slice_point is {points}, expected {count - 1} rising numbers below {size}, for "
            f"{count} tops"
        )
    # One part is the whole, and no tuple.
    return nn.Identity() if count == 1 else Slices(axis, sizes)


def _split(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    count = len(layer.top)
    return nn.Identity() if count == 1 else Copies(count)


def _crop(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    if len(inputs) != 2:
        raise CocoTuneError(f"it has {len(inputs)} bottoms, expected two")
    given, (image, like) = layer.crop_param, inputs
    first = _axis(given, "axis", 2, image)
    axes = range(first, image.dim())
    offsets = list(given.offset) or [0]
    if len(offsets) == 1:
        offsets *= len(axes)
    if len(offsets) != len(axes) or like.dim() != image.dim():
        raise CocoTuneError(f"offset has {len(offsets)} numbers, expected 1 or {len(axes)}")
    return Crop([(a, o, like.shape[a]) for a, o in zip(axes, offsets, strict=True)])


def _dropout(layer: Any, _: Sequence[Tensor]) -> nn.Module:
    return nn.Dropout(_number(layer.dropout_param, "dropout_ratio", 0.5))


def _response_norm(layer: Any, _: Sequence[Tensor]) -> nn.Module:
    given = layer.lrn_param
    size, alpha, beta = (
        int(_number(given, "local_size", 5)),
        _number(given, "alpha", 1),
        _number(given, "beta", 0.75),
    )
    if size % 2 == 0:
        raise CocoTuneError(f"local_size is {size}, expected an odd number")
    if given.norm_region:
        return WithinChannelNorm(size, alpha, beta)
    return nn.LocalResponseNorm(size, alpha, beta, _number(given, "k", 1))


def _flatten(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    first = _axis(layer.flatten_param, "axis", 1, inputs[0])
    last = _axis(layer.flatten_param, "end_axis", -1, inputs[0])
    return nn.Flatten() if (first, last) == (1, inputs[0].dim() - 1) else nn.Flatten(first, last)


def _reshape(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    given, old = layer.reshape_param, list(inputs[0].shape)
    sizes = list(given.shape.dim)
    first = int(_number(given, "axis", 0))
    first += (len(old) + 1) * (first < 0)
    count = int(_number(given, "num_axes", -1))
    end = len(old) if count == -1 else first + count
    copied = [old[first + i] if s == 0 and first + i < end else s for i, s in enumerate(sizes)]
    shape = [*old[:first], *copied, *old[end:]]
    rest = math.prod(size for size in shape if size != -1)
    if rest > 0 and shape.count(-1) == 1 and math.prod(old) % rest == 0:
        shape[shape.index(-1)] = math.prod(old) // rest
    # The example is one image; a batch has more, and they are to stay apart.
    if min(shape, default=0) < 1 or shape[0] != 1 or math.prod(shape) != math.prod(old):
        raise CocoTuneError(
            f"the new shape is {sizes}, expected one of as many elements that keeps the first "
            "axis, the images"
        )
    return nn.Flatten() if len(shape) == 2 else Reshape(shape[1:])


def _softmax(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    return nn.Softmax(_axis(layer.softmax_param, "axis", 1, inputs[0]))


def _prelu(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    given = layer.prelu_param
    module = nn.PReLU(1 if given.channel_shared else inputs[0].shape[1])
    _fill_one(module.weight, "filler", given.filler if given.HasField("filler") else None, 0.25)
    return module


def _scale(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    return _affine(layer.scale_param, inputs, mul, 1.0)


def _bias(layer: Any, inputs: Sequence[Tensor]) -> nn.Module:
    return _affine(layer.bias_param, inputs, add, 0.0)


def _affine(given: Any, inputs: Sequence[Tensor], operation: Any, default: float) -> nn.Module:
    """A Scale or Bias layer, whose factors or terms it learns, or reads from a second bottom."""
    axis, rank = int(_number(given, "axis", 1)), inputs[0].dim()
    axis += rank * (axis < 0)
    if len(inputs) == 2:
        wanted = list(inputs[1].shape)
        found = list(inputs[0].shape[axis : axis + len(wanted)])
        if wanted != found:
            raise CocoTuneError(f"the second bottom is {wanted}, expected {found} from axis {axis}")
        if getattr(given, "bias_term", False):
            raise CocoTuneError("bias_term with two bottoms is not known; put a Bias layer behind")
        return Broadcast(axis, rank - axis - len(wanted), operation)
    count = int(_number(given, "num_axes", 1))
    end = rank if count == -1 else axis + count
    if not 1 <= axis <= end <= rank:
        raise CocoTuneError(f"axes {axis} to {end}, expected some of 1 to {rank}")
    shape = [*inputs[0].shape[axis:end], *[1] * (rank - end)]
    weight = torch.empty(shape)
    _fill_one(weight, "filler", given.filler if given.HasField("filler") else None, default)
    if operation is add:
        return Affine(None, weight)
    if not given.bias_term:
        return Affine(weight, None)
    bias = torch.empty(shape)
    filler = given.bias_filler if given.HasField("bias_filler") else None
    _fill_one(bias, "bias_filler", filler, 0.0)
    return Affine(weight, bias)


def _exp(layer: Any, _: Sequence[Tensor]) -> nn.Module:
    given = layer.exp_param
    factor = _log_of_base(given)
    scale, shift = _number(given, "scale", 1), _number(given, "shift", 0)
    return Elementwise(torch.exp, factor * scale, factor * shift)


def _log(layer: Any, _: Sequence[Tensor]) -> nn.Module:
    given = layer.log_param
    factor = 1 / _log_of_base(given)
    scale, shift = _number(given, "scale", 1), _number(given, "shift", 0)
    return Elementwise(partial(_log_times, factor=factor), scale, shift)


def _log_of_base(given: Any) -> float:
    base = _number(given, "base", -1)  # which stands for e
    if base != -1 and (base <= 0 or base == 1):
        raise CocoTuneError(f"base is {base}, expected -1 for e, or a positive number but 1")
    return 1.0 if base == -1 else math.log(base)


def _power(layer: Any, _: Sequence[Tensor]) -> nn.Module:
    given = layer.power_param
    power = _number(given, "power", 1)
    scale, shift = _number(given, "scale", 1), _number(given, "shift", 0)
    return Elementwise(_identity if power == 1 else partial(_raise_to, power=power), scale, shift)


def _identity(x: Tensor) -> Tensor:
    return x


def _log_times(x: Tensor, *, factor: float) -> Tensor:
    return torch.log(x) if factor == 1 else torch.log(x) * factor


def _raise_to(x: Tensor, *, power: float) -> Tensor:
    return x**power


def _clip(layer: Any, _: Sequence[Tensor]) -> nn.Module:
    given = layer.clip_param
    if not (given.HasField("min") and given.HasField("max")):
        raise CocoTuneError("expected min and max")
    return nn.Hardtanh(as_written(given.min), as_written(given.max))


_MAKERS: dict[str, Callable[..., nn.Module]] = {
    "Convolution": _convolution,
    "DepthwiseConvolution": _convolution,
    "Deconvolution": _convolution,
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
    "Slice": _slice,
    "Split": _split,
    "Crop": _crop,
    "Scale": _scale,
    "Bias": _bias,
    "PReLU": _prelu,
    "ELU": lambda layer, _: nn.ELU(_number(layer.elu_param, "alpha", 1)),
    "Sigmoid": lambda *_: nn.Sigmoid(),
    "TanH": lambda *_: nn.Tanh(),
    "ReLU6": lambda *_: nn.ReLU6(),
    "Swish": lambda layer, _: Swish(_number(layer.swish_param, "beta", 1)),
    "Clip": _clip,
    "AbsVal": lambda *_: Elementwise(torch.abs),
    "BNLL": lambda *_: nn.Softplus(),
    "Exp": _exp,
    "Log": _log,
    "Power": _power,
    "Softmax": _softmax,
}
_OF_SEVERAL = ("Eltwise", "Concat", "Crop", "Scale", "Bias")
_TO_SEVERAL = ("Slice", "Split")


def _number(given: Any, name: str, default: float) -> float:
    return as_written(getattr(given, name)) if given.HasField(name) else default


def _flag(given: Any, name: str, default: bool) -> bool:
    return getattr(given, name) if given.HasField(name) else default


def _axis(given: Any, name: str, default: int, value: Tensor) -> int:
    """A dimension, from the end if it is negative; but never the first, the images of a batch."""
    written = int(_number(given, name, default))
    axis = written + value.dim() * (written < 0)
    if not 1 <= axis < value.dim():
        raise CocoTuneError(f"{name} is {written}, expected 1 to {value.dim() - 1}")
    return axis


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


def _fill(module: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, given: Any) -> None:
    """Draws weights as a filler says; without one they stay as torch draws them."""
    for name, tensor in (("weight_filler", module.weight), ("bias_filler", module.bias)):
        if tensor is not None and given.HasField(name):
            _fill_one(tensor, name, getattr(given, name), 0.0)


def _fill_one(tensor: Tensor, name: str, filler: Any, default: float) -> None:
    """Draws one tensor; without a filler all of it is the default."""
    kind = "constant" if filler is None else filler.type or "constant"
    if filler is None:
        nn.init.constant_(tensor, default)
    elif kind == "constant":
        nn.init.constant_(tensor, as_written(filler.value))
    elif kind == "uniform":
        nn.init.uniform_(tensor, _number(filler, "min", 0), _number(filler, "max", 1))
    elif kind == "gaussian":
        nn.init.normal_(tensor, filler.mean, _number(filler, "std", 1))
    elif kind in ("xavier", "msra") and tensor.dim() > 1:
        fan_in, fan_out = tensor[0].numel(), tensor.numel() // tensor.shape[1]
        fan = (fan_in, fan_out, (fan_in + fan_out) / 2)[filler.variance_norm]
        if kind == "xavier":
            nn.init.uniform_(tensor, -math.sqrt(3 / fan), math.sqrt(3 / fan))
        else:
            nn.init.normal_(tensor, 0, math.sqrt(2 / fan))
    elif kind == "bilinear" and tensor.dim() == 4 and tensor.shape[2] == tensor.shape[3]:
        factor = math.ceil(tensor.shape[2] / 2)
        centre = (2 * factor - 1 - factor % 2) / (2 * factor)
        line = 1 - (torch.arange(tensor.shape[2]) / factor - centre).abs()
        with torch.no_grad():
            tensor.copy_((line[:, None] * line).expand_as(tensor))
    else:
        raise CocoTuneError(
            f"{name} is of type '{kind}', expected constant, uniform, gaussian, or of weights "
            "xavier, msra, or bilinear (of square kernels)"
        )
