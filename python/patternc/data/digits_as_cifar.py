"""Digits in the shape of CIFAR-10, for experiments where CIFAR-10 is not at hand."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from patternc.data.augmentation import shift
from patternc.data.digits import Digits

_SIZE = 32
_TEXTURE = 4  # patches of paper colour in each direction
_OPACITY = (0.4, 1.0)
_NOISE = 0.15  # standard deviation, black is 0 and white 1
_PAPER = 0.6
_PEN = 0.6
_MEAN, _DEVIATION = 0.5, 0.25


class DigitsAsCifar(Dataset[tuple[Tensor, int]]):
    """`Digits` as colour images of 32x32 pixels, drawn on what makes them hard to read.

    Not CIFAR-10, and nobody's benchmark: a stand-in of its shape that a narrow network for CIFAR-10
    learns in minutes, and not to the last image. A digit, enlarged four times, is drawn in a random
    colour and opacity over random patches of colour, with noise.

    Item: an image [3, 32, 32], float32, of mean about 0 and deviation about 1, and its label. The
    drawing of an item is always the same. For training it is drawn anew and then cut to 32x32
    anywhere from itself padded by 4, as is usual for CIFAR-10; but not mirrored, for then it would
    be no digit.

    Attributes:
      labels: int64 of shape [n].
      classes: names of the labels.

    Args:
      train: the 1347 digits to train on, else the 450 to test on.
      seed: of the split, and of how items are drawn when they are not augmented.

    Raises:
      MissingDependencyError: without scikit-learn.
    """

    classes = Digits.classes

    def __init__(self, *, train: bool, seed: int = 0):
        digits = Digits(train=train, seed=seed)
        self.labels = digits.labels
        self._ink = _enlarge(digits.images)
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
    patches = torch.from_numpy(random.random((1, 3, _TEXTURE, _TEXTURE), dtype=np.float32))
    paper = _PAPER * _enlarge(patches)[0]
    pen = 1 - _PEN * torch.from_numpy(random.random((3, 1, 1), dtype=np.float32))
    noise = torch.from_numpy(random.standard_normal((3, _SIZE, _SIZE), dtype=np.float32))
    image = torch.lerp(paper, pen, ink * random.uniform(*_OPACITY)) + _NOISE * noise
    return (image - _MEAN) / _DEVIATION
