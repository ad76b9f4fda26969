# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The order in which a training run sees a data set, from any point on."""

import math
from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

from patternc.errors import DataError


class EpochBatches(Sampler[list[tuple[int, int]]]):
    """Batches of (epoch, index), in an order that depends on seed and epoch alone.

    Each iteration is one epoch, and the next iteration the next epoch. So a run that is resumed
    needs to know two numbers, its epoch and how many batches of it are done:

        train.batch_sampler.set_epoch(epoch, first_batch=done)

    A last batch of a single image is left out, because batch norm cannot train with it.

    Args:
      length: images of the data set.
      batch_size: images of a batch; the last one of an epoch may be smaller.
      seed: of the order, at least 0.
      epoch: the first iteration's, from 0.
      first_batch: batches of that epoch which are left out, because they are done.

    Raises:
      DataError: for a number that is out of its range, or less than two images.
    """

    def __init__(
        self, length: int, *, batch_size: int, seed: int, epoch: int = 0, first_batch: int = 0
    ):
        for name, value, least in (
            ("batch_size", batch_size, 1),
            ("seed", seed, 0),
            ("length of the data set", length, 2),
        ):
            if value < least:
                raise DataError(f"{name} is {value}, expected at least {least}")
        self._length = length
        self._batch_size = batch_size
        self._seed = seed
        self.set_epoch(epoch, first_batch=first_batch)

    def set_epoch(self, epoch: int, *, first_batch: int = 0) -> None:
        """Says which epoch the next iteration is, and which of its batches is the first.

        `first_batch` may be the number of batches, the end of an epoch: that iteration is empty.
        """
        if epoch < 0:
            raise DataError(f"epoch is {epoch}, expected at least 0")
        if not 0 <= first_batch <= len(self):
            raise DataError(f"first_batch is {first_batch}, but an epoch has {len(self)} batches")
        self._epoch = epoch
        self._first_batch = first_batch

    def __len__(self) -> int:
        """Batches of a whole epoch."""
        if self._batch_size > 1 and self._length % self._batch_size == 1:
            return self._length // self._batch_size
        return math.ceil(self._length / self._batch_size)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        # A DataLoader with workers makes two iterators and reads the second. Being a generator,
        # this counts the one that is read.
        epoch, first_batch = self._epoch, self._first_batch
        self.set_epoch(epoch + 1)
        sequence = np.random.SeedSequence(self._seed, spawn_key=(epoch,))
        order = np.random.default_rng(sequence).permutation(self._length).tolist()
        for batch in range(first_batch, len(self)):
            start = batch * self._batch_size
            yield [(epoch, index) for index in order[start : start + self._batch_size]]
