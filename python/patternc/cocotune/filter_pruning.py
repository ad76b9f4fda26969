# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Variants of a module with filters physically removed."""

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase  # batch and instance norms, nowhere public

from patternc.cocotune.channels import Convolution, FilterGroup, find_channels
from patternc.cocotune.subspace import check_ratio
from patternc.errors import CocoTuneError


@dataclass(frozen=True)
class FilterPruning:
    """Removes the filters of least l1 norm ([Wootz], PLDI 2019; Li et al., arXiv 1608.08710).

    The pruning ratio is the share of the filters that is removed from each convolution of a module,
    with their batch norms and with what later layers have for their channels; one filter at least
    is left. What the module gives keeps its channels: the last convolutions on each path to its
    output stay whole. Filters whose outputs are added or multiplied inside the module are removed
    together, by the sum of their norms.
    """

    def can_prune(self, module: nn.Module, example_input: Tensor) -> bool:
        """Whether the module has filters that can be removed.

        Args:
          module: in eval mode, of one tensor to one tensor.
          example_input: of the shape that it reads.
        """
        try:
            return bool(find_channels(module, example_input).groups)
        except CocoTuneError:
            return False

    @torch.no_grad()
    def prune(self, module: nn.Module, ratio: float, example_input: Tensor) -> nn.Module:
        """A copy of the module with filters removed.

        Args:
          module: in eval mode, of one tensor to one tensor; it is not changed.
          ratio: share of the filters to remove, from 0 to less than 1.
          example_input: of the shape that it reads.

        Raises:
          CocoTuneError: for a ratio out of range, when torch.fx cannot trace the module, or nothing
            in it can be removed.
        """
        check_ratio(ratio, type(module).__name__)
        pruned = copy.deepcopy(module)
        if ratio == 0:
            return pruned
        channels = find_channels(module, example_input)
        if not channels.groups:
            raise CocoTuneError(
                f"{type(module).__name__} has no filter that can be removed without changing what "
                "it gives; expected a convolution whose output another one of the module reads"
            )
        removed = set[int]()
        for group in channels.groups:
            norms = sum(
                _norms(module, name, channels.layers[name].outputs, group)
                for name in group.producers
            )
            assert isinstance(norms, Tensor)
            count = len(group.channels)
            left = max(1, math.floor(count * (1 - ratio) + 0.5))
            order = norms.argsort(descending=True, stable=True)[left:]
            removed |= {group.channels[place] for place in order.tolist()}
        for name, layer in channels.layers.items():
            _narrow_(
                pruned.get_submodule(name),
                [place for place, channel in enumerate(layer.inputs) if channel not in removed],
                [place for place, channel in enumerate(layer.outputs) if channel not in removed],
            )
        return pruned


def _norms(module: nn.Module, name: str, outputs: tuple[int, ...], group: FilterGroup) -> Tensor:
    """Sum of the absolute weights that a layer has for each channel of a group."""
    weight = module.get_submodule(name).weight
    assert isinstance(weight, Tensor)
    norms = dict.fromkeys(group.channels, 0.0)
    for channel, norm in zip(
        outputs, weight.double().abs().flatten(1).sum(1).tolist(), strict=True
    ):
        if channel in norms:
            norms[channel] += norm
    return torch.tensor(list(norms.values()), dtype=torch.float64)


def _narrow_(layer: nn.Module, inputs: list[int], outputs: list[int]) -> None:
    """Lets a layer keep some of the channels that it reads and gives."""
    if isinstance(layer, Convolution):
        if layer.groups > 1:  # depthwise
            layer.groups = len(inputs)
            _select_(layer, "weight", outputs)
        else:
            _select_(layer, "weight", outputs, inputs)
        layer.in_channels, layer.out_channels = len(inputs), len(outputs)
        _select_(layer, "bias", outputs)
    elif isinstance(layer, nn.Linear):
        _select_(layer, "weight", outputs, inputs)
        _select_(layer, "bias", outputs)
        layer.in_features, layer.out_features = len(inputs), len(outputs)
    else:
        assert isinstance(layer, _NormBase)
        layer.num_features = len(outputs)
        for name in ("weight", "bias", "running_mean", "running_var"):
            _select_(layer, name, outputs)


def _select_(
    layer: nn.Module, name: str, rows: list[int], columns: list[int] | None = None
) -> None:
    """Takes some rows, and columns, of a parameter or buffer, if the layer has it."""
    tensor = getattr(layer, name)
    if tensor is None:
        return
    selected = tensor[rows] if columns is None else tensor[rows][:, columns]
    if isinstance(tensor, nn.Parameter):
        selected = nn.Parameter(selected, requires_grad=tensor.requires_grad)
    setattr(layer, name, selected)
