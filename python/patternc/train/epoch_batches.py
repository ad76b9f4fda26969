# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The batches of an epoch, the same again in a run that is resumed."""

import random
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from patternc.errors import TrainingError
from patternc.train.random_state import set_random_state

Batches = Iterable[tuple[Tensor, Tensor]]


def batches_of_epoch(
    batches: Batches,
    *,
    seed: int,
    epoch: int,
    done: int = 0,
    state: dict[str, Tensor] | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of one epoch without the first `done`.

    All global random numbers (Python's, numpy's, torch's) start anew, from seed and epoch. So a
    DataLoader that shuffles by torch's gives the order of that epoch, whatever went before. A
    sampler that counts epochs itself is told which one it is; if its `set_epoch` takes
    `first_batch`, the batches that are done need not be loaded.

    Args:
      batches: what can be iterated again for each epoch, such as a DataLoader or a list.
      seed: of the run.
      epoch: from 0, over all of the run.
      done: how many of its batches a run that is resumed has had.
      state: `random_state()` when it had had them.

    Raises:
      TrainingError: when there are not as many batches as are done, or none.
    """
    start = int(np.random.SeedSequence(seed, spawn_key=(epoch,)).generate_state(1)[0])
    random.seed(start)
    np.random.seed(start)
    torch.manual_seed(start)
    generator = getattr(batches, "generator", None)
    if isinstance(generator, torch.Generator):
        generator.manual_seed(start)
    skipped = done
    sampler = _epoch_sampler(batches)
    if sampler is not None:
        try:
            sampler.set_epoch(epoch, first_batch=done)
            skipped = 0
        except TypeError:
            sampler.set_epoch(epoch)
    iterator = iter(batches)
    count = done - skipped + sum(1 for _ in islice(iterator, skipped))
    if done and state is not None:
        set_random_state(state)
    for batch in iterator:
        count += 1
        yield check_batch(batch)
    if count < max(done, 1):
        raise TrainingError(
            f"epoch {epoch + 1} has {count} batches, expected at least {max(done, 1)}; give "
            "batches that can be iterated again, and in a run that is resumed the same"
        )


def check_batch(batch: Any) -> tuple[Tensor, Tensor]:
    """Raises TrainingError unless a batch is a pair."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        what = f"{len(batch)} values" if isinstance(batch, tuple | list) else type(batch).__name__
        raise TrainingError(f"a batch is {what}, expected a pair of inputs and targets")
    inputs, targets = batch
    return inputs, targets


def _epoch_sampler(batches: Any) -> Any:
    for name in ("batch_sampler", "sampler"):
        sampler = getattr(batches, name, None)
        if hasattr(sampler, "set_epoch"):
            return sampler
    return None
