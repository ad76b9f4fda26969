# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whether an engine computed what PyTorch computes on the same weights."""

import copy

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.comparison.measurement import Candidate
from benchmarks.engines.mnn import Mnn
from benchmarks.measuring.errors import WrongResultError

# Of the largest absolute value of the output. Float32 in other orders of summation stays below a
# tenth of it; MNN's Winograd algorithm, of large tiles, does not: 2e-4 in VGG-16. What less
# precise arithmetic adds up to in fifty layers of random weights says nothing of accuracy; a layer
# that is left out or misread makes an error of 1.
_TOLERANCES = {"float32": 1e-4, "float16": 2e-2, "bfloat16": 1e-1, "int8": 3e-1}
_TOLERANCE_OF_MNN = 1e-3


def check_layer(
    output: np.ndarray, model: nn.Module, x: Tensor, dtype: torch.dtype = torch.float32
) -> float:
    """Compares an engine's output with PyTorch's, and returns the largest absolute difference.

    Args:
      output: of the engine.
      model: one convolution or linear layer with bias, also with a ReLU behind it.
      x: its input.
      dtype: what the engine computes in.

    Raises:
      WrongResultError: a value differs by more than rounding to `dtype` can explain:
        2 n eps sum |w x|, where n is the number of products in the sum.
    """
    layer = next(m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear))
    magnitudes = copy.deepcopy(layer)
    for parameter in magnitudes.parameters():
        parameter.abs_()
    products = int(magnitudes.weight.ne(0).flatten(1).sum(dim=1).max()) + 1
    bound = 2 * products * torch.finfo(dtype).eps * magnitudes(x.abs())
    difference = (torch.from_numpy(output) - model(x)).abs()
    largest = float(difference.max())
    if not bool((difference <= bound).all()):  # a NaN is in no bound
        raise WrongResultError(f"differs from PyTorch eager by up to {largest:.2e}")
    return largest


def check_network(output: np.ndarray, candidate: Candidate, image: Tensor) -> float:
    """Compares an output with that of PyTorch eager in float32 on the same weights.

    Returns:
      The largest difference, of the largest value.

    Raises:
      WrongResultError: it is more than the engine's arithmetic explains.
    """
    difference = relative_difference(output, candidate, image)
    engine = candidate.engine
    tolerance = _TOLERANCES[engine.precision]
    if isinstance(engine, Mnn):
        tolerance = max(tolerance, _TOLERANCE_OF_MNN)
    if not difference <= tolerance:  # a NaN is in no bound
        raise WrongResultError(
            f"differs from PyTorch eager by {difference:.1e} of the largest value, "
            f"expected at most {tolerance:.0e}"
        )
    return difference


def relative_difference(output: np.ndarray, candidate: Candidate, x: Tensor) -> float:
    """The largest difference from PyTorch eager, of the largest value.

    Raises:
      WrongResultError: the output has another shape.
    """
    with torch.inference_mode():
        expected = candidate.model(x).numpy()
    if output.shape != expected.shape:
        raise WrongResultError(f"has shape {output.shape}, PyTorch's has {expected.shape}")
    return float(np.abs(output - expected).max() / np.abs(expected).max())
