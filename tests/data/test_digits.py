# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The digits of scikit-learn, and what is drawn of them in the shape of CIFAR-10."""

import sys

import numpy as np
import pytest
import torch

pytest.importorskip("sklearn")

from patternc.data import Augmentable, Digits, DigitsAsCifar
from patternc.errors import MissingDependencyError

pytestmark = [pytest.mark.data, pytest.mark.torch]


def test_digits_are_split_into_two_parts_with_all_classes():
    train, test = Digits(train=True), Digits(train=False)
    assert train.images.shape == (1347, 1, 8, 8) and test.images.shape == (450, 1, 8, 8)
    seen = {image.numpy().tobytes() for image in train.images}
    assert not any(image.numpy().tobytes() in seen for image in test.images)
    shares = [part.labels.bincount(minlength=10) / len(part) for part in (train, test)]
    assert (shares[0] - shares[1]).abs().max() < 0.002
    image, label = train[5]
    assert image.dtype == torch.float32 and image.min() == 0 and image.max() == 1
    assert type(label) is int and label == train.labels[5]
    assert len(train.classes) == 10


def test_the_split_follows_from_its_seed():
    first, again, other = (Digits(train=False, seed=seed).images for seed in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize("data_set", [Digits, DigitsAsCifar])
def test_without_scikit_learn_the_message_says_what_to_install(data_set, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'patternc\[data\]'"):
        data_set(train=True)


def test_drawings_have_the_shape_of_cifar10():
    train, test = DigitsAsCifar(train=True), DigitsAsCifar(train=False)
    assert len(train) == 1347 and len(test) == 4 * 450
    images = torch.stack([test[index][0] for index in range(200)])
    assert images.shape == (200, 3, 32, 32) and images.dtype == torch.float32
    assert abs(float(images.mean())) < 0.1 and 0.8 < float(images.std()) < 1.2
    assert test[7][1] == test[450 + 7][1] == Digits(train=False).labels[7]


def test_a_drawing_is_its_own_and_stays_the_same():
    data_set, again = DigitsAsCifar(train=False), DigitsAsCifar(train=False)
    assert torch.equal(data_set[3][0], again[3][0])
    assert not torch.equal(data_set[3][0], data_set[450 + 3][0])
    assert not torch.equal(data_set[3][0], DigitsAsCifar(train=False, seed=1)[3][0])


def test_a_drawing_shows_the_digit():
    """Over many drawings, paper and pen cancel out and the ink is left."""
    data_set = DigitsAsCifar(train=True)
    drawings = [data_set.augmented(0, np.random.default_rng(seed))[0] for seed in range(400)]
    mean = torch.stack(drawings).mean((0, 1))
    # Smoothed, as the shifts by up to four pixels smooth the drawings.
    ink = torch.nn.functional.interpolate(Digits(train=True).images[:1], (32, 32), mode="bilinear")
    ink = torch.nn.functional.avg_pool2d(ink, 9, stride=1, padding=4)[0, 0]
    correlation = np.corrcoef(mean[6:26, 6:26].flatten(), ink[6:26, 6:26].flatten())[0, 1]
    assert correlation > 0.9


def test_augmentation_draws_anew_and_keeps_the_label():
    data_set = DigitsAsCifar(train=True)
    assert isinstance(data_set, Augmentable) and not isinstance(Digits(train=True), Augmentable)
    first, again, other = (data_set.augmented(9, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert torch.equal(first[0], again[0]) and not torch.equal(first[0], other[0])
    assert first[1] == other[1] == data_set[9][1]
    assert first[0].shape == (3, 32, 32)
