# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operators of PyTorch in terms of others, where torch-mlir lowers them otherwise than PyTorch
computes them, not at all, or to what IREE cannot compile.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch.export import ExportedProgram
from torch_mlir.extras.fx_decomp_util import get_decomposition_table

_aten = torch.ops.aten


def decomposition_table() -> dict[Any, Callable[..., Any]]:
    """What `ExportedProgram.run_decompositions` takes: torch-mlir's table and what is mended."""
    table = dict(get_decomposition_table())
    # Taken apart it divides by zero under an assertion; `restore_batch_norms_` has the other way.
    table.pop(_aten._native_batch_norm_legit_no_training.default)
    # ReLU6 as one clamp: torch-mlir makes two loops with scalar tensors of a hardtanh.
    table[_aten.hardtanh.default] = lambda x, low=-1.0, high=1.0: torch.clamp(x, low, high)
    table[_aten.constant_pad_nd.default] = _crop_then_pad
    table[_aten._pad_circular.default] = _pad_circular
    table[_aten.convolution.default] = _flat_convolution
    for dims, (average, adaptive_average, adaptive_max) in enumerate(
        (
            (_aten.avg_pool1d, _aten.adaptive_avg_pool1d, _aten.adaptive_max_pool1d),
            (_aten.avg_pool2d, _aten._adaptive_avg_pool2d, _aten.adaptive_max_pool2d),
            (_aten.avg_pool3d, _aten._adaptive_avg_pool3d, _aten.adaptive_max_pool3d),
        ),
        start=1,
    ):
        table[average.default] = partial(_average_pool, dims)
        table[adaptive_average.default] = partial(_adaptive_average_pool, dims)
        table[adaptive_max.default] = partial(_adaptive_max_pool, dims)
    table[_aten.max_pool3d_with_indices.default] = _max_pool_3d
    table[_aten.var.correction] = lambda *args, **options: _var_mean(*args, **options)[0]
    table[_aten.var_mean.correction] = _var_mean
    table[_aten.std.correction] = lambda *args, **options: _var_mean(*args, **options)[0].sqrt()
    table[_aten.std_mean.correction] = _std_mean
    table[_aten.native_group_norm.default] = _group_norm
    table[_aten.fmod.Scalar] = _fmod_scalar
    table[_aten.remainder.Scalar] = table[_aten.remainder.Tensor] = _remainder
    table[_aten.gelu.default] = _gelu
    table[_aten.roll.default] = _roll
    table[_aten.rrelu_with_noise_functional.default] = _rrelu_in_evaluation
    table[_aten.dist.default] = lambda x, y, p=2.0: torch.linalg.vector_norm(x - y, p)
    table[_aten._cdist_forward.default] = lambda x, y, p, mode: torch.linalg.vector_norm(
        x.unsqueeze(-2) - y.unsqueeze(-3), p, -1
    )
    return table


def restore_batch_norms_(program: ExportedProgram) -> None:
    """Writes batch norms by the operator that torch-mlir knows, in place."""
    for node in list(program.graph.nodes):
        if node.target is not _aten._native_batch_norm_legit_no_training.default:
            continue
        *tensors, momentum, epsilon = node.args
        with program.graph.inserting_before(node):
            norm = program.graph.call_function(
                _aten.batch_norm.default, (*tensors, False, momentum, epsilon, False)
            )
        norm.meta.update(node.meta, val=node.meta["val"][0])
        # Outside training a batch norm has one result that is not empty, number 0.
        for output in list(node.users):
            output.replace_all_uses_with(norm)
            program.graph_signature.replace_all_uses(output.name, norm.name)
            program.graph.erase_node(output)
        program.graph.erase_node(node)


def _crop_then_pad(x: torch.Tensor, padding: list[int], value: float = 0) -> Any:
    """Padding of which some is negative, as slices and a padding of which none is.

    torch-mlir takes padding that leaves the shape as it is for no padding, even if it shifts.
    """
    if min(padding, default=0) >= 0:
        return NotImplemented  # leaves the operator whole
    for i in range(len(padding) // 2):
        dim = x.dim() - 1 - i
        before, after = padding[2 * i : 2 * i + 2]
        x = x.narrow(dim, max(0, -before), x.shape[dim] + min(0, before) + min(0, after))
    return _aten.constant_pad_nd.default(x, [max(0, p) for p in padding], value)


def _pad_circular(x: torch.Tensor, padding: list[int]) -> torch.Tensor:
    """The image and what goes around it as one concatenation for each dimension.

    PyTorch writes slices into an empty tensor, which IREE cannot compile for Vulkan.
    """
    for i in range(len(padding) // 2):
        dim = x.dim() - 1 - i
        before, after = padding[2 * i : 2 * i + 2]
        x = x.narrow(dim, max(0, -before), x.shape[dim] + min(0, before) + min(0, after))
        parts = [x.narrow(dim, x.shape[dim] - before, before)] if before > 0 else []
        parts += [x, x.narrow(dim, 0, after)] if after > 0 else [x]
        x = torch.cat(parts, dim)
    return x


def _flat_convolution(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    transposed: bool,
    output_padding: list[int],
    groups: int,
) -> Any:
    """A 3-D convolution whose output is one image deep, as a 2-D one.

    The images that it reads become channels. IREE cannot compile the 3-D one.
    """
    if transposed or x.dim() != 5 or len(stride) != 3:
        return NotImplemented
    reach = [d * (k - 1) + 1 for k, d in zip(weight.shape[2:], dilation, strict=True)]
    cropped, padding_left = _crop_to_windows(x, reach, stride, padding, 0.0)
    if cropped is not x:
        return _aten.convolution.default(
            cropped, weight, bias, stride, padding_left, dilation, False, output_padding, groups
        )
    depth, taps = x.shape[2], weight.shape[2]
    reach = dilation[0] * (taps - 1) + 1
    if (depth + 2 * padding[0] - reach) // stride[0] != 0:
        return NotImplemented
    # The taps that are inside of the image.
    first = -(-padding[0] // dilation[0])
    last = min(taps - 1, (depth - 1 + padding[0]) // dilation[0])
    if first > last:
        return NotImplemented
    start, count = first * dilation[0] - padding[0], last - first + 1
    images = _aten.slice.Tensor(x, 2, start, start + (count - 1) * dilation[0] + 1, dilation[0])
    kernels = weight.narrow(2, first, count)
    y = _aten.convolution.default(
        images.flatten(1, 2),
        kernels.flatten(1, 2),
        bias,
        stride[1:],
        padding[1:],
        dilation[1:],
        False,
        [0, 0],
        groups,
    )
    return y.unsqueeze(2)


def _average_pool(
    dims: int,
    x: torch.Tensor,
    kernel_size: list[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """Means of which some are of fewer positions than a window has.

    They are means of whole windows, times a constant at each position. torch-mlir would count
    the positions when the module runs, or divide by the size of the window.
    """
    sizes, kernel = x.shape[-dims:], _each(kernel_size, dims)
    stride, padding = _each(stride or kernel, dims), _each(padding, dims)
    padded, scales = [], []
    for size, k, s, p in zip(sizes, kernel, stride, padding, strict=True):
        count = -(-(size + 2 * p - k) // s) + 1 if ceil_mode else (size + 2 * p - k) // s + 1
        if ceil_mode and (count - 1) * s >= size + p:
            count -= 1  # a window may not begin behind the image and its first padding
        starts = [i * s - p for i in range(count)]
        ends = [min(start + k, size + p) for start in starts]
        if not count_include_pad:
            ends = [min(end, size) for end in ends]
            starts = [max(start, 0) for start in starts]
        scales.append([k / (end - start) for start, end in zip(starts, ends, strict=True)])
        padded = [p, max(0, (count - 1) * s + k - size - p), *padded]
    whole = all(scale == 1 for row in scales for scale in row)
    pool = (_aten.avg_pool1d, _aten.avg_pool2d, _aten.avg_pool3d)[dims - 1].default
    if divisor_override is not None or (whole and count_include_pad):
        if dims == 2 or not (whole and count_include_pad):
            return NotImplemented
        cropped, left = _crop_to_windows(x, kernel, stride, padding, 0.0)
        if cropped is x:
            return NotImplemented
        divisor = () if divisor_override is None else (divisor_override,)
        return pool(cropped, kernel, stride, left, False, True, *divisor)
    if whole:
        return pool(x, kernel, stride, padding, ceil_mode, True)
    y = pool(_aten.constant_pad_nd.default(x, padded), kernel, stride)
    for i, row in enumerate(scales):
        if any(scale != 1 for scale in row):
            # In runs, because a decomposition cannot hold a constant tensor.
            runs = [
                torch.full((len(list(run)),), scale, dtype=x.dtype, device=x.device)
                for scale, run in itertools.groupby(row)
            ]
            y = y * torch.cat(runs).view(-1, *[1] * (dims - 1 - i))
    return y


def _max_pool_3d(
    x: torch.Tensor,
    kernel_size: list[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    ceil_mode: bool = False,
) -> Any:
    kernel = _each(kernel_size, 3)
    stride, padding = _each(stride or kernel, 3), _each(padding, 3)
    dilation = _each(dilation, 3)
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    # What is padded would have indices of its own.
    if ceil_mode or any(padding):
        return NotImplemented
    cropped, _ = _crop_to_windows(x, reach, stride, padding, -math.inf)
    if cropped is x:
        return NotImplemented
    y, index = _aten.max_pool3d_with_indices.default(cropped, kernel, stride, [0], dilation)
    (_, height, width), (_, rows, columns) = cropped.shape[-3:], x.shape[-3:]
    image, rest = index // (height * width), index % (height * width)
    return y, (image * rows + rest // width) * columns + rest % width


def _crop_to_windows(
    x: torch.Tensor,
    reach: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    fill: float,
) -> tuple[torch.Tensor, list[int]]:
    """What windows read of an image along the dimensions in which there is one window only.

    IREE drops such a dimension, and then takes all of the image for the window.

    Args:
      x: an image; its last dimensions are those of the others.
      reach: positions from the first to the last that a window reads.
      stride: from window to window.
      padding: on either side.
      fill: the value of what is padded.

    Returns:
      The image, `x` itself if nothing is to be done, and the padding that is left.
    """
    left = list(padding)
    for i, (r, s, p) in enumerate(zip(reach, stride, padding, strict=True)):
        dim = x.dim() - len(reach) + i
        size = x.shape[dim]
        if not r < size + 2 * p < r + s:
            continue
        if p:
            others = [0, 0] * (len(reach) - 1 - i)
            x = _aten.constant_pad_nd.default(x, [*others, p, max(0, r - size - p)], fill)
        x, left[i] = x.narrow(dim, 0, r), 0
    return x, left


def _adaptive_average_pool(dims: int, x: torch.Tensor, output_size: list[int]) -> torch.Tensor:
    """Means over windows that may differ in size, one dimension after the other.

    PyTorch gathers the positions of each window.
    """
    sizes, outputs = x.shape[-dims:], _each(output_size, dims)
    if all(n == 1 for n in outputs):
        return x.mean(list(range(-dims, 0)), keepdim=True)
    if dims == 2 and all(size % n == 0 for size, n in zip(sizes, outputs, strict=True)):
        return _aten.avg_pool2d.default(
            x, kernel := [size // n for size, n in zip(sizes, outputs, strict=True)], kernel
        )
    for i, n in enumerate(outputs):
        x = _pool_windows(x, x.dim() - dims + i, n, _aten.avg_pool2d.default)
    return x


def _adaptive_max_pool(
    dims: int, x: torch.Tensor, output_size: list[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Maxima over windows that may differ in size, and where in the image they are.

    torch-mlir takes all windows for equal, behind an assertion that they are.
    """
    sizes, outputs = x.shape[-dims:], _each(output_size, dims)
    places: list[torch.Tensor] = []  # of each dimension from `axis` on
    # From the last one on: of equal numbers the first is taken, in the order of the memory.
    for i in reversed(range(dims)):
        axis = x.dim() - dims + i
        place = _pool_windows(x, axis, outputs[i], _place_of_maximum)
        x = _pool_windows(x, axis, outputs[i], _maximum)
        places = [place, *(torch.gather(other, axis, place) for other in places)]
    index = places[0]
    for size, place in zip(sizes[1:], places[1:], strict=True):
        index = index * size + place
    return x, index


def _pool_windows(
    x: torch.Tensor, axis: int, outputs: int, pool: Callable[..., torch.Tensor]
) -> torch.Tensor:
    """Pools the windows that an adaptive pooling has along one axis.

    Every so many windows their size repeats; those of one size are one pooling.

    Args:
      x: of any shape.
      axis: of `x`, not negative.
      outputs: how many windows there are.
      pool: of an image, a kernel and strides; images have the axis as height.
    """
    size = x.shape[axis]
    times = math.gcd(size, outputs)
    step = size // times
    pieces = []
    for i in range(outputs // times):
        start, end = i * size // outputs, -(-(i + 1) * size // outputs)
        part = x.narrow(axis, start, (times - 1) * step + end - start)
        image = part.reshape(1, math.prod(x.shape[:axis]), part.shape[axis], -1)
        piece = pool(image, [end - start, 1], [step, 1])
        piece = piece + start if piece.dtype == torch.int64 else piece
        pieces.append(piece.reshape(*x.shape[:axis], times, *x.shape[axis + 1 :]))
    if len(pieces) == 1:
        return pieces[0]
    return torch.stack(pieces, axis + 1).flatten(axis, axis + 1)


def _maximum(image: torch.Tensor, kernel: list[int], stride: list[int]) -> torch.Tensor:
    return _aten.max_pool2d_with_indices.default(image, kernel, stride)[0]


def _place_of_maximum(image: torch.Tensor, kernel: list[int], stride: list[int]) -> torch.Tensor:
    """The rows of an image in which the maxima are."""
    indices = _aten.max_pool2d_with_indices.default(image, kernel, stride)[1]
    return torch.div(indices, image.shape[3], rounding_mode="floor")


def _var_mean(
    x: torch.Tensor,
    dim: list[int] | None = None,
    *,
    correction: float | None = None,
    keepdim: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Variance and mean in the type of `x`, from differences to the mean.

    torch-mlir computes them in float64, which GPUs do not have.
    """
    dims = list(range(x.dim())) if not dim else [d % x.dim() for d in dim]
    count = math.prod(x.shape[d] for d in dims)
    degrees = max(0, count - (1 if correction is None else correction))
    mean = x.mean(dims, keepdim=True)
    difference = x - mean
    variance = (difference * difference).sum(dims, keepdim=keepdim)
    variance = variance / degrees if degrees else variance * math.nan
    return variance, mean if keepdim else mean.squeeze(dims)


def _std_mean(*args: Any, **options: Any) -> tuple[torch.Tensor, torch.Tensor]:
    variance, mean = _var_mean(*args, **options)
    return variance.sqrt(), mean


def _group_norm(
    x: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    n: int,
    channels: int,
    positions: int,
    groups: int,
    epsilon: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """PyTorch's own decomposition gathers what it scales with."""
    grouped = x.reshape(n, groups, channels // groups * positions)
    variance, mean = _var_mean(grouped, [2], correction=0, keepdim=True)
    scale = (variance + epsilon).rsqrt()
    y = ((grouped - mean) * scale).reshape(x.shape)
    shape = (1, channels, *[1] * (x.dim() - 2))
    y = y if weight is None else y * weight.reshape(shape)
    y = y if bias is None else y + bias.reshape(shape)
    return y, mean.reshape(n, groups), scale.reshape(n, groups)


def _fmod_scalar(x: torch.Tensor, divisor: float) -> torch.Tensor:
    dtype = torch.result_type(x, divisor)
    return _aten.fmod.Tensor(x.to(dtype), torch.full((), divisor, dtype=dtype, device=x.device))


def _remainder(x: torch.Tensor, divisor: Any) -> Any:
    """Of integers by a quotient: IREE has no remainder of 64 bits on GPUs."""
    if torch.result_type(x, divisor) not in (torch.int32, torch.int64):
        return NotImplemented
    return x - torch.div(x, divisor, rounding_mode="floor") * divisor


def _gelu(x: torch.Tensor, *, approximate: str = "none") -> Any:
    """In the approximation by tanh torch-mlir takes 0.79772 for the root of 2/pi."""
    if approximate != "tanh":
        return NotImplemented
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)
    return 0.5 * x * (1 + torch.tanh(inner))


def _roll(x: torch.Tensor, shifts: list[int], dims: Sequence[int] = ()) -> torch.Tensor:
    """torch-mlir takes shifts beyond the size of the dimension as they are."""
    if not dims:
        return _roll(x.flatten(), shifts, [0]).reshape(x.shape)
    for shift, dim in zip(shifts, dims, strict=True):
        size = x.shape[dim]
        if shift := shift % size:
            parts = [x.narrow(dim, size - shift, shift), x.narrow(dim, 0, size - shift)]
            x = torch.cat(parts, dim)
    return x


def _rrelu_in_evaluation(
    x: torch.Tensor,
    noise: torch.Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    generator: Any = None,
) -> Any:
    """Its slopes are random while it trains; else all are the one in the middle."""
    if training:
        return NotImplemented
    return torch.where(x > 0, x, x * ((lower + upper) / 2)), noise


def _each(numbers: Sequence[int], dims: int) -> list[int]:
    """One number for each dimension, of which operators also take one for all."""
    return list(numbers) * dims if len(numbers) == 1 else list(numbers)
