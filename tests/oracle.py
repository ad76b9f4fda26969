# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""How far a compiled result may be from PyTorch eager on the dense weights with their zeros.

Of a single convolution the error is bounded, output by output: a sum of n products in float32, in
any order and with or without fused multiply-adds, is off by at most n·ε·Σ|w·x|, ε = 2⁻²⁴ the unit
roundoff (Higham, Accuracy and Stability of Numerical Algorithms, 3.1). Two such sums, ours and
PyTorch's, differ by twice that. A weight that is zero adds no error, so n counts the others.

Of a network that bound grows with every layer and soon says nothing. There PyTorch measures it: its
own float32 result is as far from its float64 result as a good float32 computation of this network
on this input is. Ours may be four times as far, in the norm over all outputs.

An activation passes an error on by its steepest slope at most, and adds its own rounding.

Through a few layers the bound of each output can still be followed, so that a single wrong element
at the edge of an image is found.

In float16, ε = 2⁻¹¹, the first bound holds as it is, but 2·n·ε is no longer small: what it would
miss, whole numbers show, which are exact. And the error of a network, or of a few layers, may be
four times what PyTorch's would be if its roundings were as coarse, 2¹³ times that of its float32.
"""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from chains import Chain

FLOAT32_ROUNDOFF = 2.0**-24
FLOAT16_ROUNDOFF = 2.0**-11
_ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU)


def assert_close_convolution(
    result: torch.Tensor | np.ndarray,
    layer: nn.Sequential,
    x: torch.Tensor,
    *,
    roundoff: float = FLOAT32_ROUNDOFF,
) -> None:
    """Checks every output of a layer: one convolution, maybe padding before and an activation."""
    with torch.no_grad():
        expected = layer(x).double()
        bound = _error_bound(layer, x, roundoff)
        if isinstance(layer[-1], _ACTIVATIONS):
            bound = _bound_behind(layer[-1], layer[:-1](x), bound, roundoff)
    error = (torch.as_tensor(result).double() - expected).abs()
    worst = (error - bound).argmax()
    assert (error <= bound).all(), (
        f"{layer}: output {np.unravel_index(int(worst), expected.shape)} is off by "
        f"{error.flatten()[worst]:.3g}, bound {bound.flatten()[worst]:.3g}; "
        f"{int((error > bound).sum())} of {error.numel()} outputs are out of bounds"
    )


def _error_bound(layer: nn.Sequential, x: torch.Tensor, roundoff: float) -> torch.Tensor:
    """2·n·ε·Σ|w·x| of every output. Padding with zeros does not add to it."""
    y = x.double().abs()
    for part in layer:
        if isinstance(part, nn.Conv2d):
            absolute = copy.deepcopy(part).double()
            taps = part.weight.ne(0).sum(dim=(1, 2, 3))
            absolute.weight.abs_()
            if part.bias is not None:
                absolute.bias.abs_()
                taps = taps + 1
            return 2 * roundoff * taps[:, None, None] * absolute(y)
        y = part(y)
    raise AssertionError("the layer has no convolution")


def assert_close_chain(
    results: Sequence[torch.Tensor | np.ndarray], chain: Chain, x: torch.Tensor
) -> None:
    """Checks every output of every image that a chain returns."""
    chain = copy.deepcopy(chain).double()
    images, bounds = [x.double()], [torch.zeros_like(x, dtype=torch.float64)]
    with torch.no_grad():
        for node, layer in zip(chain.nodes, chain.layers, strict=True):
            y = layer(images[node.reads])
            bound = _bound_behind(layer, images[node.reads], bounds[node.reads])
            if node.adds is not None:
                y = y + images[node.adds]
                bound = bound + bounds[node.adds] + 2 * FLOAT32_ROUNDOFF * y.abs()
            images.append(nn.functional.relu(y) if node.relu else y)
            bounds.append(bound)
    for result, i in zip(results, (-1, *chain.outputs), strict=True):
        error = (torch.as_tensor(result).double() - images[i]).abs()
        # A bound that says nothing would be met by anything.
        assert bounds[i].max() < 1e-3 * x.abs().max()
        worst = (error - bounds[i]).argmax()
        assert (error <= bounds[i]).all(), (
            f"image {i} of {[str(node) for node in chain.nodes]}: output "
            f"{np.unravel_index(int(worst), error.shape)} is off by "
            f"{error.flatten()[worst]:.3g}, bound {bounds[i].flatten()[worst]:.3g}; "
            f"{int((error > bounds[i]).sum())} of {error.numel()} outputs are out of bounds"
        )


def _bound_behind(
    layer: nn.Module, x: torch.Tensor, bound: torch.Tensor, roundoff: float = FLOAT32_ROUNDOFF
) -> torch.Tensor:
    """What the error of `x` becomes, and what the layer adds."""
    if isinstance(layer, nn.Conv2d):
        absolute = copy.deepcopy(layer)
        absolute.weight.abs_()
        passed_on = nn.functional.conv2d(
            bound, absolute.weight, None, layer.stride, layer.padding, layer.dilation, layer.groups
        )
        return passed_on + _error_bound(nn.Sequential(layer), x, roundoff)
    if isinstance(layer, nn.AvgPool2d | nn.AdaptiveAvgPool2d):
        size = layer.kernel_size if isinstance(layer, nn.AvgPool2d) else x.shape[2:]
        height, width = (size, size) if isinstance(size, int) else size
        return layer(bound) + 2 * roundoff * (height * width + 1) * layer(x.abs())
    if isinstance(layer, nn.MaxPool2d):
        return layer(bound)
    if isinstance(layer, nn.ReLU | nn.ReLU6):
        return bound
    if isinstance(layer, nn.Hardswish):
        return 1.5 * bound + 8 * roundoff * layer(x).abs()
    if isinstance(layer, nn.SiLU):
        # Vulkan's exponential may be off by 3 + 2·|x| units in the last place.
        return 1.1 * bound + 2 * roundoff * (8 + 2 * x.abs()) * layer(x).abs()
    if isinstance(layer, nn.Sigmoid):
        return bound / 4 + 16 * roundoff
    raise AssertionError(f"no error bound for {layer}")


def assert_close_network(
    result: torch.Tensor | np.ndarray,
    model: nn.Module,
    x: torch.Tensor,
    *,
    roundoff: float = FLOAT32_ROUNDOFF,
) -> None:
    """Checks the outputs of a network for a batch of different images."""
    model = copy.deepcopy(model).eval()
    with torch.no_grad():
        eager = model(x).double()
        exact = model.double()(x.double())
    _assert_close_in_norm(result, eager, exact, roundoff)
    # A network that forgets its input would pass as well.
    assert exact.std(dim=0).norm() > 0.01 * exact.norm()


def assert_close_chain_in_norm(
    results: Sequence[torch.Tensor | np.ndarray], chain: Chain, x: torch.Tensor, *, roundoff: float
) -> None:
    """Checks each image that a chain returns as a whole."""
    with torch.no_grad():
        eager = [image.double() for image in chain(x)]
        exact = copy.deepcopy(chain).double()(x.double())
    for result, *expected in zip(results, eager, exact, strict=True):
        _assert_close_in_norm(result, *expected, roundoff)


def _assert_close_in_norm(
    result: torch.Tensor | np.ndarray, eager: torch.Tensor, exact: torch.Tensor, roundoff: float
) -> None:
    """Checks a result against PyTorch's in float64, whose float32 says how far off it may be."""
    # One rounding of each output is the least that can be asked for.
    coarser = roundoff / FLOAT32_ROUNDOFF
    allowed = 4 * coarser * float((eager - exact).norm()) + roundoff * float(exact.norm())
    error = float((torch.as_tensor(result).double() - exact).norm())
    assert error <= allowed, f"off by {error:.3g} from float64, allowed {allowed:.3g}"
