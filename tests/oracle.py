"""How far a compiled result may be from PyTorch eager on the dense weights with their zeros.

Of a single convolution the error is bounded, output by output: a sum of n products in float32, in
any order and with or without fused multiply-adds, is off by at most n·ε·Σ|w·x|, ε = 2⁻²⁴ the unit
roundoff (Higham, Accuracy and Stability of Numerical Algorithms, 3.1). Two such sums, ours and
PyTorch's, differ by twice that. A weight that is zero adds no error, so n counts the others.

Of a network that bound grows with every layer and soon says nothing. There PyTorch measures it: its
own float32 result is as far from its float64 result as a good float32 computation of this network
on this input is. Ours may be four times as far, in the norm over all outputs.
"""

import copy

import numpy as np
import torch
from torch import nn

_UNIT_ROUNDOFF = 2.0**-24


def assert_close_convolution(
    result: torch.Tensor | np.ndarray, layer: nn.Sequential, x: torch.Tensor
) -> None:
    """Checks every output of a layer that has one convolution and maybe padding and a ReLU."""
    with torch.no_grad():
        expected = layer(x).double()
        bound = _error_bound(layer, x)
    error = (torch.as_tensor(result).double() - expected).abs()
    worst = (error - bound).argmax()
    assert (error <= bound).all(), (
        f"{layer}: output {np.unravel_index(int(worst), expected.shape)} is off by "
        f"{error.flatten()[worst]:.3g}, bound {bound.flatten()[worst]:.3g}; "
        f"{int((error > bound).sum())} of {error.numel()} outputs are out of bounds"
    )


def _error_bound(layer: nn.Sequential, x: torch.Tensor) -> torch.Tensor:
    """2·n·ε·Σ|w·x| of every output. Padding with zeros and ReLUs do not add to it."""
    y = x.double().abs()
    for part in layer:
        if isinstance(part, nn.Conv2d):
            absolute = copy.deepcopy(part).double()
            taps = part.weight.ne(0).sum(dim=(1, 2, 3))
            absolute.weight.abs_()
            if part.bias is not None:
                absolute.bias.abs_()
                taps = taps + 1
            return 2 * _UNIT_ROUNDOFF * taps[:, None, None] * absolute(y)
        y = part(y)
    raise AssertionError("the layer has no convolution")


def assert_close_network(
    result: torch.Tensor | np.ndarray, model: nn.Module, x: torch.Tensor
) -> None:
    """Checks the outputs of a network for a batch of different images."""
    model = copy.deepcopy(model).eval()
    with torch.no_grad():
        eager = model(x).double()
        exact = model.double()(x.double())
    # One rounding of each output is the least that can be asked for.
    allowed = 4 * float((eager - exact).norm()) + _UNIT_ROUNDOFF * float(exact.norm())
    error = float((torch.as_tensor(result).double() - exact).norm())
    assert error <= allowed, f"off by {error:.3g} from float64, allowed {allowed:.3g}"
    # A network that forgets its input would pass as well.
    assert exact.std(dim=0).norm() > 0.01 * exact.norm()
