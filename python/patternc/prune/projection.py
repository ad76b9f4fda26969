"""Euclidean projections of a weight tensor onto patterns and connectivity.

Each function finds the nearest weights of a structure, which are the weights themselves
with the positions of least energy (sum of squares) set to zero, and tells which
positions those are. Three keyword arguments are common to them:

  form: 'filter', every filter keeps the same number of kernels, or 'group', moreover the
    filters of a group keep the same input channels and the same pattern for each.
  group_size: filters in a group of the form 'group'; the last group may be smaller.
  groups: groups of the convolution (`Conv2d.groups`). A group of filters lies within one,
    because only there the filters read the same channels.

Weights are [filters, channels / groups, height, width], floating point, on any device.
Sums are taken in float64. All of them raise PruningError for an unknown form, a group
size that is not positive, weights that are not four-dimensional or not finite.
"""

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from patternc.errors import PruningError
from patternc.prune.pattern_sets import PatternSet, all_positions

Form = Literal["filter", "group"]


def kept_kernels(channels: int, rate: float) -> int:
    """How many of the kernels of a filter are left at a connectivity rate: at least one.

    Raises:
      PruningError: when the rate is below 1 or not finite.
    """
    if not (math.isfinite(rate) and rate >= 1):
        raise PruningError(f"connectivity rate is {rate}, expected a finite number of at least 1")
    return max(1, math.floor(channels / rate + 0.5))


def filter_groups(weight: Tensor, *, form: Form, group_size: int = 4, groups: int = 1) -> Tensor:
    """Assigns each filter to a group of filters that share their structure.

    Filters are sorted by norm and cut into groups of `group_size`. Filters that have
    exactly the same zeros already stay together, so that pruning a network again, or
    harder, keeps the groups that it has been trained with.

    Returns:
      Group of each filter, int64 [filters], counted from 0 without gaps. For the form
      'filter' each filter is its own group.
    """
    _check(weight, form, group_size)
    filters = weight.shape[0]
    if form == "filter":
        return torch.arange(filters, device=weight.device)

    flat = weight.detach().flatten(1).double()
    per_convolution = filters // groups
    convolution = torch.arange(filters, device=weight.device) // per_convolution
    support = torch.cat([convolution[:, None], flat.ne(0)], dim=1)
    # A family is the filters with the same zeros; a dense layer is one family.
    _, family, size = support.unique(dim=0, return_inverse=True, return_counts=True)
    norm = flat.norm(dim=1)
    family_norm = norm.new_zeros(len(size)).scatter_reduce_(0, family, norm, "amax")
    # Families that do not fill their groups go last, so that they break no other family.
    incomplete = size[family] % group_size != 0
    keys = (-norm, family, -family_norm[family], incomplete, convolution)  # the last sorts first
    order = torch.from_numpy(np.lexsort([key.cpu().numpy() for key in keys]))

    place = torch.arange(filters)
    groups_per_convolution = math.ceil(per_convolution / group_size)
    group = torch.empty_like(place)
    group[order] = (
        place // per_convolution * groups_per_convolution + place % per_convolution // group_size
    )
    return group.to(weight.device)


def project_pattern(
    weight: Tensor,
    pattern_set: PatternSet,
    *,
    form: Form = "filter",
    group_size: int = 4,
    groups: int = 1,
) -> tuple[Tensor, Tensor]:
    """Gives each kernel the pattern of the set that keeps the largest sum of squares.

    Z step of the extended ADMM of [PatDNN] (ASPLOS 2020). In the form 'group' the filters
    of a group share the pattern of each channel; in 'filter' every kernel has its own.

    Returns:
      The projected weights, and the pattern ids, int64 [filters, channels], from 1.

    Raises:
      PruningError: also when the pattern set is for another kernel.
    """
    group = filter_groups(weight, form=form, group_size=group_size, groups=groups)
    choice, _ = _select(weight, pattern_set, weight.shape[1], group)
    return _masked(weight, _pattern_mask(weight, pattern_set, choice)), choice + 1


def project_connectivity(
    weight: Tensor,
    rate: float,
    *,
    form: Form = "filter",
    group_size: int = 4,
    groups: int = 1,
) -> Tensor:
    """Keeps the kernels of largest norm, `kept_kernels(channels, rate)` of every filter.

    Y step of the extended ADMM of [PatDNN] (ASPLOS 2020), with balanced filters.

    Returns:
      Mask of the kernels to keep, bool [filters, channels].

    Raises:
      PruningError: also when the rate is below 1.
    """
    kept = kept_kernels(weight.shape[1], rate)
    group = filter_groups(weight, form=form, group_size=group_size, groups=groups)
    _, keep = _select(weight, all_positions(_kernel(weight)), kept, group)
    return keep


def project(
    weight: Tensor,
    pattern_set: PatternSet,
    rate: float,
    *,
    form: Form = "filter",
    group_size: int = 4,
    groups: int = 1,
) -> Tensor:
    """Patterns and connectivity together.

    The nearest weights that have both: kernels compete with what their pattern keeps.

    Returns:
      Mask of the weights to keep, bool, of the shape of `weight`.

    Raises:
      PruningError: also when the pattern set is for another kernel or the rate is below 1.
    """
    kept = kept_kernels(weight.shape[1], rate)
    group = filter_groups(weight, form=form, group_size=group_size, groups=groups)
    choice, keep = _select(weight, pattern_set, kept, group)
    return _pattern_mask(weight, pattern_set, choice) & keep[:, :, None, None]


def _select(
    weight: Tensor, pattern_set: PatternSet, kept: int, group: Tensor
) -> tuple[Tensor, Tensor]:
    """Best pattern (from 0) and whether to keep it, both [filters, channels]."""
    if _kernel(weight) != pattern_set.kernel:
        raise PruningError(
            f"weight has {_name(_kernel(weight))} kernels, "
            f"but the pattern set is for {_name(pattern_set.kernel)} kernels"
        )
    energy = weight.detach().double().square().flatten(2)
    scores = energy @ pattern_set.masks().to(energy).T
    group_scores = scores.new_zeros(int(group.max()) + 1, *scores.shape[1:])
    best, choice = group_scores.index_add_(0, group, scores).max(dim=2)
    strongest = best.argsort(dim=1, descending=True, stable=True)[:, :kept]
    keep = torch.zeros_like(best, dtype=torch.bool).scatter_(1, strongest, True)
    return choice[group], keep[group]


def _pattern_mask(weight: Tensor, pattern_set: PatternSet, choice: Tensor) -> Tensor:
    return pattern_set.masks().to(weight.device)[choice].reshape(weight.shape)


def _masked(weight: Tensor, mask: Tensor) -> Tensor:
    # Not a product with the mask, which would leave negative zeros.
    return weight.detach().masked_fill(~mask, 0)


def _kernel(weight: Tensor) -> tuple[int, int]:
    return weight.shape[2], weight.shape[3]


def _name(kernel: tuple[int, int]) -> str:
    return f"{kernel[0]}x{kernel[1]}"


def _check(weight: Tensor, form: Form, group_size: int) -> None:
    if form not in ("filter", "group"):
        raise PruningError(f"form is {form!r}, expected 'filter' or 'group'")
    if group_size < 1:
        raise PruningError(f"group size is {group_size}, expected at least 1")
    if weight.dim() != 4 or not weight.is_floating_point():
        raise PruningError(
            f"weight is {weight.dtype} of shape {list(weight.shape)}, expected floating point "
            "[filters, channels, height, width]"
        )
    if not weight.isfinite().all():
        raise PruningError("weight holds NaN or infinite values")
