# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The models of programs that analyse what is compiled, and run nothing."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from benchmarks.models.pruned_convolution import make_layer, make_pruned
from benchmarks.models.pruned_networks import NETWORKS
from benchmarks.models.small_layers import make_layers

SMALL_LAYERS, ONE_LAYER = "layers", "layer"
MODELS = (SMALL_LAYERS, ONE_LAYER, *NETWORKS)


def models_of(name: str) -> Iterator[tuple[str, nn.Module, tuple[Tensor, ...]]]:
    """Title, model and images of a name of `MODELS`; of a network, each way to prune it."""
    if name == SMALL_LAYERS:
        yield ("one layer of each kind", *make_layers())
    elif name == ONE_LAYER:
        dense, image = make_layer()
        yield "256 -> 256, 3x3, 56x56, groups of 8", make_pruned(dense, 8), (image,)
    else:
        network = NETWORKS[name]
        dense = network.dense()
        for variant in network.variants:
            title = f"{network.title}, {variant}"
            yield title, network.pruned(dense, variant), (torch.zeros(1, 3, 224, 224),)
