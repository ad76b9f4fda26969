# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Layers that were pruned, and of which the compiled module knows nothing."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from patternc.runtime import Report

_PRUNED = 2  # times as many weights as are left, from which on a parameter counts as pruned
_DENSE = 1.5  # likewise, up to which a layer counts as dense


def dense_though_pruned(
    parameters: Iterable[tuple[str, np.ndarray]], weights: Mapping[str, np.ndarray], report: Report
) -> Iterator[str]:
    """A sentence for each parameter with the zeros of pruning that is computed as if it had none.

    Args:
      parameters: of the model, by name.
      weights: what the model computes with, by the same names.
      report: the layers as they were compiled.
    """
    layers = {layer.name: layer for layer in report.layers}
    for name, parameter in parameters:
        kept = np.count_nonzero(parameter)
        if parameter.ndim < 2 or not kept or parameter.size < _PRUNED * kept:
            continue
        # A module that is a layer itself has a parameter `weight`, and no name.
        layer = layers.get("conv" if name == "weight" else name.removesuffix(".weight"))
        weight = weights.get(name)
        if layer is None and weight is not None:
            cause = "no pattern kernel takes the operation, and IREE computes it dense"
        elif layer is None or layer.rate > _DENSE:
            continue
        elif weight is not None and np.count_nonzero(weight) > _DENSE * kept:
            cause = (
                "the model makes its weight of it in each call, and fills the zeros (as weight "
                "standardisation does); prune what it makes, stored as a parameter"
            )
        else:
            cause = "its zeros are not those of a pattern set and of whole kernels"
        yield f"'{name}' is pruned {parameter.size / kept:.1f}x, but compiled dense: {cause}"
