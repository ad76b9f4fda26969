# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The networks that are compared, and how patternc prunes them."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

import patternc
from patternc.models import VGG16, MobileNetV2, ResNet50, randomise_batch_norm_

# Arguments of `prune_`; of nine positions a pattern keeps four, and one kernel in 3.6 stays.
_GROUPS_OF_8 = {"form": "group", "group_size": 8, "connectivity": 3.6}
_GROUPS_OF_1 = {"form": "filter", "connectivity": 3.6}
_PATTERNS_ONLY = {"form": "group", "group_size": 8, "connectivity": 1.0}


@dataclass(frozen=True)
class Network:
    """A network, for one image of 3x224x224 in float32.

    Attributes:
      title: its name.
      make: builds it.
      stem: its first convolution, which stays dense.
      calls_per_turn: timed calls in a turn; more of them for a quicker network.
      variants: how patternc prunes it, arguments of `prune_` by name.
    """

    title: str
    make: Callable[[], nn.Module]
    stem: str
    calls_per_turn: int
    variants: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {"groups of 8": _GROUPS_OF_8, "groups of 1": _GROUPS_OF_1}
    )

    def dense(self) -> nn.Module:
        """With random weights and batch norms, the same in every run; in eval mode."""
        model = self.make().eval().requires_grad_(False)
        randomise_batch_norm_(model)
        generator = torch.Generator().manual_seed(0)
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
                layer.bias.normal_(std=0.1, generator=generator)
        _keep_the_image_(model)
        return model

    def pruned(self, dense: nn.Module, variant: str) -> nn.Module:
        """A pruned copy of the network.

        3x3 convolutions take patterns and connectivity, 1x1 connectivity, depthwise ones patterns;
        stem and classifier stay dense.
        """
        model = copy.deepcopy(dense)
        patternc.prune_(model, ignore=self.stem, **self.variants[variant])
        _keep_the_image_(model)
        return model


NETWORKS = {
    "vgg16": Network(
        "VGG-16 convolutions",
        lambda: VGG16().features,
        stem="0",
        calls_per_turn=2,
        variants={
            "groups of 8": _GROUPS_OF_8,
            "groups of 1": _GROUPS_OF_1,
            "patterns only": _PATTERNS_ONLY,
        },
    ),
    "resnet50": Network("ResNet-50", ResNet50, stem="conv1", calls_per_turn=3),
    "mobilenet_v2": Network("MobileNet-V2", MobileNetV2, stem="features.0.0", calls_per_turn=10),
}


def _keep_the_image_(model: nn.Module) -> None:
    """Scales the weights to the variance of He et al. (ICCV 2015), counted over those not zero.

    Otherwise the image fades from layer to layer, all the more where much is pruned, the output is
    made of biases, and no check of it would find a convolution that is wrong.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            energy = layer.weight.square().sum() / layer.weight.shape[0]
            layer.weight *= (2 / energy).sqrt()
