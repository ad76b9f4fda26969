# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Order and augmentation: pure functions of the seed, the epoch and the place in it."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset

from patternc.data import EpochBatches, loaders
from patternc.data.augmentation import flip, shift
from patternc.errors import DataError

pytestmark = pytest.mark.torch


class Numbers(Dataset[tuple[Tensor, int]]):
    """Item i is i, to train on with a random share added."""

    def __init__(self, length: int = 10):
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return torch.tensor(float(index)), index

    def augmented(self, index, random):
        return torch.tensor(index + random.random(), dtype=torch.float64), index


def epoch(loader) -> list[tuple[list[float], list[int]]]:
    return [(images.tolist(), labels.tolist()) for images, labels in loader]


def train_loader(**arguments):
    return loaders(Numbers(), Numbers(), **{"batch_size": 3, "seed": 5, **arguments})[0]


@given(
    length=st.integers(2, 50),
    batch_size=st.integers(1, 60),
    seed=st.integers(0, 2**70),
    number=st.integers(0, 2**40),
    data=st.data(),
)
def test_an_epoch_can_be_entered_anywhere(length, batch_size, seed, number, data):
    order = EpochBatches(length, batch_size=batch_size, seed=seed, epoch=number)
    batches = list(order)
    assert len(batches) == len(order)
    first_batch = data.draw(st.integers(0, len(order)))
    order.set_epoch(number, first_batch=first_batch)
    assert list(order) == batches[first_batch:]
    assert list(order) == list(
        EpochBatches(length, batch_size=batch_size, seed=seed, epoch=number + 1)
    )


@given(length=st.integers(2, 50), batch_size=st.integers(1, 60), number=st.integers(0, 9))
def test_an_epoch_has_every_image_once(length, batch_size, number):
    batches = list(EpochBatches(length, batch_size=batch_size, seed=0, epoch=number))
    assert all(key[0] == number for batch in batches for key in batch)
    indices = [index for batch in batches for _, index in batch]
    alone = length % batch_size == 1 and batch_size > 1
    assert len(set(indices)) == len(indices) == length - alone
    assert set(indices) <= set(range(length))
    assert all(len(batch) == batch_size for batch in batches[:-1])
    assert batch_size == 1 or len(batches[-1]) > 1


def test_order_differs_between_epochs_and_between_seeds():
    def order(**arguments):
        (batch,) = EpochBatches(100, batch_size=100, **arguments)
        return [index for _, index in batch]

    orders = [order(seed=0), order(seed=0, epoch=1), order(seed=1)]
    assert len({tuple(indices) for indices in orders}) == 3
    assert all(indices != sorted(indices) for indices in orders)


@pytest.mark.parametrize("workers", [0, 2])
def test_loaders_go_on_where_a_run_was_stopped(workers):
    """Whatever was loaded before, and in however many processes."""
    uninterrupted = train_loader()
    epochs = [epoch(uninterrupted) for _ in range(3)]
    assert len(epochs[0]) == len(uninterrupted) == 3  # the fourth batch would be one image
    assert epochs[0] != epochs[1]

    resumed = train_loader(workers=workers)
    resumed.batch_sampler.set_epoch(1, first_batch=2)
    assert epoch(resumed) == epochs[1][2:]
    assert epoch(resumed) == epochs[2]


def test_an_iteration_that_is_left_early_counts_as_an_epoch():
    loader = train_loader()
    epochs = [epoch(loader) for _ in range(2)]
    loader.batch_sampler.set_epoch(0)
    next(iter(loader))
    assert epoch(loader) == epochs[1]


def test_images_are_augmented_to_train_and_not_to_evaluate():
    train, evaluation = loaders(Numbers(), Numbers(), batch_size=5, seed=0, evaluation_batch_size=4)
    shares = [
        [
            image - label
            for images, labels in epoch(train)
            for image, label in zip(images, labels, strict=True)
        ]
        for _ in range(2)
    ]
    assert len(set(shares[0] + shares[1])) == 20
    assert epoch(evaluation) == [
        ([0.0, 1.0, 2.0, 3.0], [0, 1, 2, 3]),
        ([4.0, 5.0, 6.0, 7.0], [4, 5, 6, 7]),
        ([8.0, 9.0], [8, 9]),
    ]


def test_augmentation_does_not_follow_from_the_order():
    """The same image in the same epoch, in batches of another size."""
    three, five = (
        {
            label: image
            for batch in epoch(train_loader(batch_size=size))
            for image, label in zip(*batch, strict=True)
        }
        for size in (3, 5)
    )
    assert all(five[label] == image for label, image in three.items())


def test_any_data_set_can_be_loaded():
    data_set = TensorDataset(torch.arange(6), torch.arange(6) * 2)
    train, _ = loaders(data_set, data_set, batch_size=4, seed=0)
    batches = epoch(train)
    assert sorted(x for images, _ in batches for x in images) == list(range(6))
    assert all(y == 2 * x for batch in batches for x, y in zip(*batch, strict=True))


def test_global_random_states_neither_count_nor_change():
    torch.manual_seed(0)
    np.random.seed(0)
    expected = epoch(train_loader())
    torch.manual_seed(1)
    np.random.seed(1)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    train, evaluation = loaders(Numbers(), Numbers(), batch_size=3, seed=5)
    assert epoch(train) == expected
    epoch(evaluation)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0, expected at least 1"),
        ({"seed": -1}, "seed is -1, expected at least 0"),
        ({"epoch": -1}, "epoch is -1, expected at least 0"),
        ({"first_batch": 5}, "first_batch is 5, but an epoch has 4 batches"),
        ({"first_batch": -1}, "first_batch is -1, but an epoch has 4 batches"),
        ({"length": 1}, "length of the data set is 1, expected at least 2"),
    ],
)
def test_numbers_out_of_range(arguments, message):
    with pytest.raises(DataError, match=message):
        EpochBatches(**{"length": 8, "batch_size": 2, "seed": 0, **arguments})


@given(seed=st.integers(0, 2**32), padding=st.integers(0, 5))
def test_shift_moves_the_image_over_black(seed, padding):
    image = torch.arange(1, 25, dtype=torch.uint8).reshape(1, 4, 6)
    shifted = shift(image, np.random.default_rng(seed), padding=padding)
    assert shifted.shape == image.shape and shifted.dtype == image.dtype
    canvas = torch.zeros(1, 4 + 2 * padding, 6 + 2 * padding, dtype=torch.uint8)
    canvas[:, padding : padding + 4, padding : padding + 6] = image
    windows = [
        canvas[:, y : y + 4, x : x + 6]
        for y in range(2 * padding + 1)
        for x in range(2 * padding + 1)
    ]
    assert any(torch.equal(shifted, window) for window in windows)


def test_shift_and_flip_take_every_choice():
    image = torch.arange(1, 10).reshape(1, 3, 3)
    random = np.random.default_rng(0)
    shifted = {tuple(shift(image, random, padding=1).flatten().tolist()) for _ in range(200)}
    assert len(shifted) == 9
    flipped = [flip(image, random) for _ in range(200)]
    mirrored = sum(torch.equal(result, image.flip(2)) for result in flipped)
    assert sum(torch.equal(result, image) for result in flipped) == 200 - mirrored
    assert 70 < mirrored < 130


def test_without_torch_the_message_says_what_to_install():
    program = "import sys; sys.modules['torch'] = None; import patternc.data"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "needs the package 'torch'" in result.stderr
    assert "pip install 'patternc[torch]'" in result.stderr


def test_other_data_sets_need_neither_scikit_learn_nor_pillow():
    program = "import sys; sys.modules |= {'sklearn': None, 'PIL': None}; import patternc.data"
    subprocess.run([sys.executable, "-c", program], check=True)
