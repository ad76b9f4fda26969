# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Data sets to train and to evaluate with, and loaders whose order can be resumed.

Each data set gives its items as for evaluation; with an `augmented` method it says how they are
changed at random for training, which `loaders` takes care of. None downloads anything.
"""

# ruff: noqa: E402 - the check comes first, so that its message is what the user reads
from patternc.dependencies import require

require("torch", needed_for="the data sets of patternc")

from patternc.data.augmentation import Augmentable
from patternc.data.cifar10 import CIFAR10
from patternc.data.digits import Digits
from patternc.data.digits_as_cifar import DigitsAsCifar
from patternc.data.image_folder import ImageFolder
from patternc.data.loading import loaders
from patternc.data.order import EpochBatches

__all__ = [
    "CIFAR10",
    "Augmentable",
    "Digits",
    "DigitsAsCifar",
    "EpochBatches",
    "ImageFolder",
    "loaders",
]
