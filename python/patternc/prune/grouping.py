# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Groups of filters that share their structure.

The forms of connectivity, in the order of what they constrain: 'layer', the kernels of largest
norm in the whole layer stay; 'filter', as many in every filter; 'group', moreover the filters of
a group keep the same input channels with the same pattern for each.
"""

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor

Form = Literal["layer", "filter", "group"]


def filter_groups(weight: Tensor, *, form: Form, group_size: int = 4, groups: int = 1) -> Tensor:
    """Assigns each filter to a group of filters that share their structure.

    Filters are sorted by norm and cut into groups of `group_size`. Filters that have
    exactly the same zeros already stay together, so that pruning a network again, or
    harder, keeps the groups that it has been trained with.

    Args:
      weight: [filters, channels / groups, ...], on any device.
      form: each filter is its own group, unless this is 'group'.
      group_size: filters in a group; the last group may be smaller.
      groups: groups of the convolution (`Conv2d.groups`). A group of filters lies within one,
        because only there the filters read the same channels.

    Returns:
      Group of each filter, int64 [filters], counted from 0 without gaps.
    """
    filters = weight.shape[0]
    if form != "group":
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
