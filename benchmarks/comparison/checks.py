# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whether an engine computed what PyTorch computes on the same weights."""

import copy

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.comparison.measurement import Candidate
from benchmarks.measuring.errors import WrongResultError

# Of the largest absolute value of the output. Float32 in other orders of summation stays below a
# tenth of it; MNN's Winograd algorithm, of large tiles, does not: 2e-4 in VGG-16.
_TOLERANCE = 1e-4
_TOLERANCES = {"MNN": 1e-3}
# Of less precise arithmetic the largest difference says little, because int8 cuts off what lies
# beyond the calibration; these are shares of the norm. In fifty layers of random weights they add
# up, which says nothing of accuracy; a layer that is left out or misread makes an error of about 1.
_TOLERANCES_OF_NORM = {"float16": 1e-2, "bfloat16": 1e-1, "int8": 2e-1}


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
      As `relative_error`.

    Raises:
      WrongResultError: they differ by more than the engine's arithmetic explains.
    """
    expected = _expected(output, candidate, image)
    error = _norm_of_difference(output, expected)
    engine = candidate.engine
    if engine.precision == "float32":
        difference = float(np.abs(output - expected).max() / np.abs(expected).max())
        tolerance, whole = _TOLERANCES.get(engine.name, _TOLERANCE), "largest value"
    else:
        difference, tolerance, whole = error, _TOLERANCES_OF_NORM[engine.precision], "norm"
    if not difference <= tolerance:  # a NaN is in no bound
        raise WrongResultError(
            f"differs from PyTorch eager by {difference:.1e} of the {whole}, "
            f"expected at most {tolerance:.0e}"
        )
    return error


def relative_error(output: np.ndarray, candidate: Candidate, x: Tensor) -> float:
    """The norm of the difference from PyTorch eager in float32, as a share of the norm.

    Raises:
      WrongResultError: the output has another shape.
    """
    expected = _expected(output, candidate, x)
    return _norm_of_difference(output, expected)


def _expected(output: np.ndarray, candidate: Candidate, x: Tensor) -> np.ndarray:
    with torch.inference_mode():
        expected = candidate.model(x).numpy()
    if output.shape != expected.shape:
        raise WrongResultError(f"has shape {output.shape}, PyTorch's has {expected.shape}")
    return expected


def _norm_of_difference(output: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(output - expected) / np.linalg.norm(expected))
