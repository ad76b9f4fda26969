# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The dense model of a case, and its input; the one module of what measures that needs PyTorch."""

import torch
from torch import Tensor, nn

from benchmarks.models.pruned_convolution import make_layer
from benchmarks.models.pruned_networks import NETWORKS

LAYER = "layer"
MODELS = (LAYER, *NETWORKS)


def make_dense(name: str) -> tuple[str, nn.Module, Tensor]:
    """Title, model and input of a name of `MODELS`."""
    if name == LAYER:
        return "256 -> 256, 3x3, 56x56", *make_layer()
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    return NETWORKS[name].title, NETWORKS[name].dense(), image
