# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Digits in the shape of CIFAR-10, for experiments where CIFAR-10 is not at hand."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from patternc.data.augmentation import shift
from patternc.data.digits import Digits

_SIZE = 32
_TEST_DRAWINGS = 4  # of each digit, so that an accuracy is less a matter of chance
# Channels of a colour lie in these, where black is 0 and white 1. The paper is the darker one, on
# average: a network that has to find out which is which does not learn it from so few images.
_PAPER = (0.0, 0.6)
_PEN = (0.4, 1.0)
_PATCHES = 4  # of paper, in each direction
_OPACITY = (0.5, 1.0)  # of the pen
_NOISE = 0.15  # standard deviation
_MEAN, _DEVIATION = 0.4, 0.25  # about those of the images


class DigitsAsCifar(Dataset[tuple[Tensor, int]]):
    """`Digits` as colour images of 32x32 pixels, drawn on what makes them hard to read.

    Not CIFAR-10, and nobody's benchmark: a stand-in of its shape that a narrow network for CIFAR-10
    learns in minutes, and not to the last image. A digit, enlarged four times, is drawn with a pen
    of random colour and opacity on paper of random patches, with noise. The 1347 digits to train on
    are one item each, the 450 to test on four.

    Item: an image [3, 32, 32], float32, of mean about 0 and deviation about 1, and its label. The
    drawing of an item is always the same. For training it is drawn anew and then cut to 32x32
    anywhere from itself padded by 4, as is usual for CIFAR-10; but not mirrored, for then it would
    be no digit.

    Attributes:
      labels: int64 of shape [n].
      classes: names of the labels.

    Args:
      train: the part to train on, else the one to test on.
      seed: of the split, and of how items are drawn when they are not augmented.

    Raises:
      MissingDependencyError: without scikit-learn.
    """

    classes = Digits.classes

    def __init__(self, *, train: bool, seed: int = 0):
        digits = Digits(train=train, seed=seed)
        drawings = 1 if train else _TEST_DRAWINGS
        self.labels = digits.labels.repeat(drawings)
        self._ink = _enlarge(digits.images).repeat(drawings, 1, 1, 1)
        self._seed = seed

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        random = np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(index,)))
        return _draw(self._ink[index], random), int(self.labels[index])

    def augmented(self, index: int, random: np.random.Generator) -> tuple[Tensor, int]:
        return shift(_draw(self._ink[index], random), random), int(self.labels[index])


def _enlarge(images: Tensor) -> Tensor:
    """Images [n, c, h, w] at 32x32."""
    return nn.functional.interpolate(images, size=(_SIZE, _SIZE), mode="bilinear")


def _draw(ink: Tensor, random: np.random.Generator) -> Tensor:
    """An image [3, 32, 32] of ink [1, 32, 32], which is 0 where there is none and at most 1."""
    paper = _enlarge(_colours(_PAPER, (1, 3, _PATCHES, _PATCHES), random))[0]
    pen = _colours(_PEN, (3, 1, 1), random)
    noise = torch.from_numpy(random.standard_normal((3, _SIZE, _SIZE), dtype=np.float32))
    image = torch.lerp(paper, pen, ink * random.uniform(*_OPACITY)) + _NOISE * noise
    return (image - _MEAN) / _DEVIATION


def _colours(
    limits: tuple[float, float], shape: tuple[int, ...], random: np.random.Generator
) -> Tensor:
    return torch.from_numpy(random.uniform(*limits, size=shape).astype(np.float32))
