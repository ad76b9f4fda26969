# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The handwritten digits that scikit-learn ships, a real data set that needs no download."""

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from patternc.dependencies import require

_LARGEST = 16  # value of a black pixel
_TEST_SHARE = 0.25


class Digits(Dataset[tuple[Tensor, int]]):
    """1797 grey digits of 8x8 pixels in ten classes: 1347 to train on, 450 to test on.

    Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI machine
    learning repository, 1998; the part that scikit-learn has.

    Item: an image [1, 8, 8], float32 in 0 (paper) to 1 (ink), and its label.

    Attributes:
      images: all of them, float32 of shape [n, 1, 8, 8].
      labels: theirs, int64 of shape [n].
      classes: names of the labels.

    Args:
      train: the part to train on, else the one to test on.
      seed: of the split; each class is split alike.

    Raises:
      MissingDependencyError: without scikit-learn.
    """

    classes = tuple("0123456789")

    def __init__(self, *, train: bool, seed: int = 0):
        needed_for = "the data set of digits"
        datasets = require("sklearn.datasets", needed_for=needed_for)
        selection = require("sklearn.model_selection", needed_for=needed_for)
        images, labels = datasets.load_digits(return_X_y=True)
        images = images.astype(np.float32).reshape(-1, 1, 8, 8) / _LARGEST
        train_images, test_images, train_labels, test_labels = selection.train_test_split(
            images, labels, test_size=_TEST_SHARE, random_state=seed, stratify=labels
        )
        self.images = torch.from_numpy(train_images if train else test_images)
        self.labels = torch.from_numpy(train_labels if train else test_labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.images[index], int(self.labels[index])
