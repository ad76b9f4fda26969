# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random changes of training images, each a pure function of seed, epoch and image.

A random state that goes from image to image would make a run that is resumed in the middle, or that
loads with another number of workers, see other images. Here nothing goes from image to image.
"""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from torch import Tensor, nn
from torch.utils.data import Dataset


@runtime_checkable
class Augmentable(Protocol):
    """A data set whose images can be changed at random for training."""

    def augmented(self, index: int, random: np.random.Generator) -> Any:
        """Item `index`, changed by what `random` says and by nothing else."""


class Augmented(Dataset[Any]):
    """A data set as a training run sees it, indexed by (epoch, index).

    An item is `dataset.augmented(index, random)` with a generator that depends on seed, epoch and
    index alone, or `dataset[index]` where the data set is not `Augmentable`.
    """

    def __init__(self, dataset: Dataset[Any], *, seed: int):
        self.dataset = dataset
        self.seed = seed

    def __getitem__(self, key: tuple[int, int]) -> Any:
        epoch, index = key
        if not isinstance(self.dataset, Augmentable):
            return self.dataset[index]
        sequence = np.random.SeedSequence(self.seed, spawn_key=(epoch, index))
        return self.dataset.augmented(index, np.random.default_rng(sequence))


def shift(image: Tensor, random: np.random.Generator, *, padding: int = 4) -> Tensor:
    """Pads with zeros on all sides and cuts the old size out, anywhere: [c, h, w] to [c, h, w]."""
    _, height, width = image.shape
    top, left = random.integers(0, 2 * padding + 1, size=2).tolist()
    padded = nn.functional.pad(image, (padding,) * 4)
    return padded[:, top : top + height, left : left + width]


def flip(image: Tensor, random: np.random.Generator) -> Tensor:
    """The image [c, h, w], or with the same chance what a mirror beside it shows."""
    return image.flip(-1) if random.random() < 0.5 else image
