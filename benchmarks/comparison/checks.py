# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whether an engine computed what PyTorch computes on the same weights."""

import copy

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.comparison import tolerances
from benchmarks.comparison.measurement import Candidate
from benchmarks.measuring.errors import WrongResultError


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
    return tolerances.check_output(
        output,
        _expected(candidate, image),
        engine=candidate.engine.name,
        precision=candidate.engine.precision,
    )


def relative_error(output: np.ndarray, candidate: Candidate, x: Tensor) -> float:
    """The norm of the difference from PyTorch eager in float32, as a share of the norm.

    Raises:
      WrongResultError: the output has another shape.
    """
    return tolerances.relative_error(output, _expected(candidate, x))


def _expected(candidate: Candidate, image: Tensor) -> np.ndarray:
    with torch.inference_mode():
        return candidate.model(image).numpy()
