# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Order and random numbers of an epoch: the same from any batch on."""

import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, DistributedSampler, Sampler, TensorDataset

from patternc.errors import TrainingError
from patternc.train.epoch_batches import batches_of_epoch
from patternc.train.random_state import random_state

DATA = TensorDataset(torch.arange(20), torch.arange(20))


class Counted(Sampler):
    """As `patternc.data.EpochBatches`: it knows its epoch, and where to begin in it."""

    def set_epoch(self, epoch, *, first_batch=0):
        self.start = epoch, first_batch

    def __iter__(self):
        epoch, first = self.start
        order = np.random.default_rng(epoch).permutation(20).reshape(5, 4)
        return iter(order[first:].tolist())


LOADERS = {
    "shuffled": lambda: DataLoader(DATA, 4, shuffle=True),
    "own generator": lambda: DataLoader(DATA, 4, shuffle=True, generator=torch.Generator()),
    "sampler of epochs": lambda: DataLoader(
        DATA, 4, sampler=DistributedSampler(DATA, num_replicas=1, rank=0)
    ),
    "sampler of epochs and batches": lambda: DataLoader(DATA, batch_sampler=Counted()),
    "list": lambda: [(images, labels) for images, labels in DataLoader(DATA, 4)],
}


def read(loader, **options):
    """Batches, and random numbers drawn after each as by dropout."""
    return [
        (images.tolist(), torch.rand(1).item(), random_state())
        for images, _ in batches_of_epoch(loader, seed=3, **options)
    ]


@pytest.mark.parametrize("loader", LOADERS.values(), ids=LOADERS)
def test_an_epoch_from_the_middle(loader):
    whole = read(loader(), epoch=2)
    assert sorted(image for images, *_ in whole for image in images) == list(range(20))
    other = loader()
    read(other, epoch=0)
    torch.manual_seed(9)
    rest = read(other, epoch=2, done=3, state=whole[2][2])
    assert [batch[:2] for batch in rest] == [batch[:2] for batch in whole[3:]]
    assert read(other, epoch=2, done=5, state=whole[4][2]) == []


@pytest.mark.parametrize("name", [name for name in LOADERS if name != "list"])
def test_epochs_differ(name):
    loader = LOADERS[name]()
    assert read(loader, epoch=0)[0][0] != read(loader, epoch=1)[0][0]


def test_other_random_numbers_start_anew():
    draws = []
    for _ in range(2):
        next(batches_of_epoch([(0, 0)], seed=3, epoch=1))
        draws.append((random.random(), np.random.rand()))
    assert draws[0] == draws[1]


def test_too_few_batches():
    with pytest.raises(TrainingError, match="epoch 2 has 0 batches, expected at least 1; give"):
        read([], epoch=1)
    with pytest.raises(TrainingError, match="epoch 1 has 5 batches, expected at least 6"):
        read(DataLoader(DATA, 4), epoch=0, done=6)
