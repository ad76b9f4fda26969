# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The networks whose pruning is measured, and their data."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from patternc.data import Digits, DigitsAsCifar
from patternc.models import VGG16, DigitsNet


@dataclass(frozen=True)
class Case:
    """A network and a data set.

    Attributes:
      model: makes the network of a seed.
      image: shape of an input, [channels, height, width].
    """

    title: str
    model: Callable[[int], nn.Module]
    dataset: type[Digits] | type[DigitsAsCifar]
    batch_size: int
    image: tuple[int, int, int]


def _digits_net(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return DigitsNet()


CASES = {
    "digits": Case("DigitsNet on Digits", _digits_net, Digits, 64, (1, 8, 8)),
    "vgg16": Case(
        "VGG16(variant='cifar', width=16) on DigitsAsCifar",
        lambda seed: VGG16(variant="cifar", classes=10, width=16, seed=seed),
        DigitsAsCifar,
        32,
        (3, 32, 32),
    ),
}
