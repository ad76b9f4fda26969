# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whether a network computes what PyTorch does, by what PyTorch itself is off by in its precision.

In float32 the largest difference from float64 says it. In int8 the last bit of float32 decides
now and then which byte a value becomes, and each layer makes more such bytes of it. After few
layers the outputs are still near PyTorch's, which no wrong kernel leaves them. After many they may
be two draws of the same noise, as far from each other as from float64; but how large the noise is,
a mean over the outputs for several inputs, chance hardly moves, and a wrong kernel adds to it.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from benchmarks.engines.engine import Precision

# What PyTorch's own float32 is off by, may a good one be several times; and at the least a few
# roundings of an output.
_TIMES_FLOAT32 = 4
_LEAST_FLOAT32 = 2e-6
# If PyTorch's is off by more, a comparison says nothing.
_LARGEST_FLOAT32 = 1e-3
# The same for int8, of norms, as shares of how much the output varies with the input; and how near
# to PyTorch's outputs is near enough, however large PyTorch's error. Of the first 22 networks the
# errors were 0.99 to 1.01 times PyTorch's, and the farthest was 0.2 from PyTorch.
_TIMES_INT8 = 1.25
_LEAST_INT8 = 1e-3
_NEAR_INT8 = 0.25
_LARGEST_INT8 = 0.5
# Of the values of a network's outputs, how much differs at the least between two inputs.
_LEAST_SPREAD = 0.01


def require_meaning(eager: Sequence[Tensor], exact: Sequence[Tensor]) -> None:
    """Raises ValueError where a network of random weights has nothing to compare with.

    Args:
      eager: its outputs in PyTorch's float32, each for several inputs.
      exact: the same in float64.
    """
    for i, output in enumerate(eager):
        if output.is_floating_point():
            spread = (output[0] - output[1]).norm() / output[0].norm()
            if not spread > _LEAST_SPREAD:
                raise ValueError(f"output {i} does not depend on the input: it varies by {spread}")
    noise = largest_error(eager, exact)
    if not noise <= _LARGEST_FLOAT32:
        raise ValueError(f"PyTorch's own float32 is off by {noise:.1e} from its float64")


def compare(
    results: Sequence[Tensor],
    eager: Sequence[Tensor],
    exact: Sequence[Tensor],
    precision: Precision,
) -> dict[str, Any]:
    """The status of the outputs of a network, each for several inputs, and what tells it.

    Args:
      results: what patternc computes.
      eager: what PyTorch computes of the same program.
      exact: what the float32 network is in float64.
    """
    kinds = [[(tuple(t.shape[1:]), t.dtype) for t in tensors] for tensors in (results, eager)]
    if kinds[0] != kinds[1]:
        wrong = f"outputs are {kinds[0]}, PyTorch's are {kinds[1]}"
        return {"status": "wrong", "message": wrong}
    if precision == "int8":
        facts = _compare_norms(results, eager, exact)
        allowed = _TIMES_INT8 * facts["pytorch_error"] + _LEAST_INT8
        is_near = facts["apart"] * facts["pytorch_error"] <= _NEAR_INT8
        says_something = is_near or facts["pytorch_error"] <= _LARGEST_INT8
    else:
        facts = {
            "error": largest_error(results, exact),
            "pytorch_error": largest_error(eager, exact),
        }
        allowed = _TIMES_FLOAT32 * facts["pytorch_error"] + _LEAST_FLOAT32
        says_something = True
    errors = f"off by {facts['error']:.1e}, PyTorch's {precision} by {facts['pytorch_error']:.1e}"
    if not facts["error"] <= allowed:
        return facts | {"status": "wrong", "message": errors}
    if not says_something:
        return facts | {"status": "not built", "message": f"nothing to compare with: {errors}"}
    return facts | {"status": "right"}


def largest_error(results: Sequence[Tensor], exact: Sequence[Tensor]) -> float:
    """The largest difference, relative to the largest value of its output."""
    errors = []
    for result, expected in zip(results, exact, strict=True):
        largest = expected.double().abs().max()
        errors.append((result.double() - expected.double()).abs().max() / (largest + 1e-30))
    return float(torch.stack(errors).max())  # a NaN wins


def _compare_norms(
    results: Sequence[Tensor], eager: Sequence[Tensor], exact: Sequence[Tensor]
) -> dict[str, Any]:
    """Errors, the share of outputs that are equal, and how far apart, in errors, they are."""
    ours, theirs, exact = (_in_deviations(outputs, exact) for outputs in (results, eager, exact))
    error, pytorch_error = ((outputs - exact).square().mean().sqrt() for outputs in (ours, theirs))
    apart = (ours - theirs).square().mean().sqrt()
    return {
        "error": float(error),
        "pytorch_error": float(pytorch_error),
        "equal": float((ours == theirs).double().mean()),
        "apart": float(apart / (pytorch_error + 1e-30)),
    }


def _in_deviations(outputs: Sequence[Tensor], exact: Sequence[Tensor]) -> Tensor:
    """All of the outputs in one, each relative to how much it varies with the input."""
    scaled = []
    for output, expected in zip(outputs, exact, strict=True):
        expected = expected.double()
        deviation = (expected - expected.mean(0)).square().mean().sqrt()
        scaled.append((output.double() / (deviation + 1e-30)).flatten())
    return torch.cat(scaled)
