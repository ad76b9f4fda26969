# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whether a network computes what PyTorch does, by what PyTorch itself is off by in its precision.

In float32 the largest difference from float64 says it. In int8 the last bits of floats decide now
and then which byte a value becomes, and each layer makes more such bytes of it. How far that goes
PyTorch itself shows, when the last bits of its scales and biases are others. A right kernel is not
much farther from PyTorch than that, and its error is as large as PyTorch's: both are a mean over
the outputs for several inputs, which chance hardly moves. A wrong one is beyond one of them.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

# What PyTorch's own float32 is off by, may a good one be several times; and at the least a few
# roundings of an output.
_TIMES_FLOAT32 = 4
_LEAST_FLOAT32 = 2e-6
# If PyTorch's is off by more, a comparison says nothing.
_LARGEST_FLOAT32 = 1e-3
# Of int8 these are norms, as shares of how much the output varies with the input: the error, the
# distance from PyTorch, and the noise by which PyTorch is apart from itself. Of the first networks
# the errors were 0.99 to 1.02 times PyTorch's, and the distances at most 1.03 times the noise;
# without a row of taps or a filter of 16 in one layer, most are several times as far.
_TIMES_INT8 = 1.25
_LEAST_INT8 = 1e-3
_TIMES_NOISE = 3
_LEAST_APART = 0.1
_LARGEST_NOISE = 0.5
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


def compare_floats(
    results: Sequence[Tensor], eager: Sequence[Tensor], exact: Sequence[Tensor]
) -> dict[str, Any]:
    """The status of the outputs of a network, each for several inputs, and what tells it.

    Args:
      results: what patternc computes.
      eager: what PyTorch computes.
      exact: what it computes in float64.
    """
    if wrong := _differing_kinds(results, eager):
        return wrong
    error, pytorch_error = (largest_error(outputs, exact) for outputs in (results, eager))
    facts: dict[str, Any] = {"error": error, "pytorch_error": pytorch_error, "status": "right"}
    if not error <= _TIMES_FLOAT32 * pytorch_error + _LEAST_FLOAT32:
        wrong = f"off by {error:.1e}, PyTorch's float32 by {pytorch_error:.1e}"
        facts |= {"status": "wrong", "message": wrong}
    return facts


def compare_bytes(
    results: Sequence[Tensor],
    eager: Sequence[Tensor],
    disturbed: Sequence[Tensor],
    exact: Sequence[Tensor],
) -> dict[str, Any]:
    """The same for a quantised network.

    Args:
      results: what patternc computes.
      eager: what PyTorch computes of the same program.
      disturbed: the same, of last bits that are others.
      exact: what the network that was quantised computes in float64.
    """
    if wrong := _differing_kinds(results, eager):
        return wrong
    ours, theirs, disturbed_ones, truth = (
        _in_deviations(outputs, exact) for outputs in (results, eager, disturbed, exact)
    )
    error, pytorch_error = _distance(ours, truth), _distance(theirs, truth)
    apart, noise = _distance(ours, theirs), _distance(disturbed_ones, theirs)
    facts: dict[str, Any] = {
        "error": error,
        "pytorch_error": pytorch_error,
        "apart": apart / (pytorch_error + 1e-30),
        "noise": noise / (pytorch_error + 1e-30),
        "equal": float((ours == theirs).double().mean()),
        "status": "right",
    }
    if not noise <= _LARGEST_NOISE:
        reason = f"last bits move PyTorch's int8 by {noise:.1e} of what its input does"
        return facts | {"status": "not built", "message": reason}
    if not error <= _TIMES_INT8 * pytorch_error + _LEAST_INT8:
        wrong = f"off by {error:.1e}, PyTorch's int8 by {pytorch_error:.1e}"
        return facts | {"status": "wrong", "message": wrong}
    if not apart <= max(_TIMES_NOISE * noise, _LEAST_APART):
        wrong = f"{apart:.1e} from PyTorch's int8, which last bits move by {noise:.1e}"
        return facts | {"status": "wrong", "message": wrong}
    return facts


def _differing_kinds(results: Sequence[Tensor], expected: Sequence[Tensor]) -> dict[str, Any]:
    kinds = [[(tuple(t.shape[1:]), t.dtype) for t in tensors] for tensors in (results, expected)]
    if kinds[0] == kinds[1]:
        return {}
    wrong = f"outputs are {kinds[0]}, PyTorch's are {kinds[1]}"
    return {"status": "wrong", "message": wrong}


def largest_error(results: Sequence[Tensor], exact: Sequence[Tensor]) -> float:
    """The largest difference, relative to the largest value of its output."""
    errors = []
    for result, expected in zip(results, exact, strict=True):
        largest = expected.double().abs().max()
        errors.append((result.double() - expected.double()).abs().max() / (largest + 1e-30))
    return float(torch.stack(errors).max())  # a NaN wins


def _in_deviations(outputs: Sequence[Tensor], exact: Sequence[Tensor]) -> Tensor:
    """All of the outputs in one, each relative to how much it varies with the input."""
    scaled = []
    for output, expected in zip(outputs, exact, strict=True):
        expected = expected.double()
        deviation = (expected - expected.mean(0)).square().mean().sqrt()
        scaled.append((output.double() / (deviation + 1e-30)).flatten())
    return torch.cat(scaled)


def _distance(outputs: Tensor, others: Tensor) -> float:
    return float((outputs - others).square().mean().sqrt())
