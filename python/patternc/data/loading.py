# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Batches to train and to evaluate with."""

from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from patternc.data.augmentation import Augmented
from patternc.data.order import EpochBatches
from patternc.errors import DataError


def loaders(
    train: Dataset[Any],
    evaluation: Dataset[Any],
    *,
    batch_size: int,
    seed: int,
    evaluation_batch_size: int = 256,
    workers: int = 0,
) -> tuple[DataLoader[Any], DataLoader[Any]]:
    """DataLoaders of two parts of a data set.

    What the one for training gives depends on the seed, the epoch and the batch alone: not on
    the number of workers, on torch's or numpy's global random state, or on what was loaded before;
    nor does it change that state. It starts with epoch 0, and each iteration is the next epoch;
    `loader.batch_sampler` is an `EpochBatches`, which says where to go on.

    Args:
      train: a data set with a length; with an `augmented` method (see `Augmentable`), its images
        are augmented.
      evaluation: likewise; read in its own order, never augmented.
      batch_size: images of a training batch.
      seed: of order and augmentation, at least 0.
      evaluation_batch_size: images of an evaluation batch.
      workers: processes that load for each loader; 0 loads in this one.

    Returns:
      The loader for training and the one for evaluation, of pairs of images and int64 labels.

    Raises:
      DataError: when a number is out of its range, or `train` has less than two images.
    """
    if workers < 0:
        raise DataError(f"workers is {workers}, expected at least 0, for none but this process")
    if evaluation_batch_size < 1:
        raise DataError(f"evaluation_batch_size is {evaluation_batch_size}, expected at least 1")
    length = len(train)  # pyright: ignore[reportArgumentType] - Dataset itself has no length
    order = EpochBatches(length, batch_size=batch_size, seed=seed)
    # With a generator of their own, loaders draw nothing from torch's global one.
    return (
        DataLoader(
            Augmented(train, seed=seed),
            batch_sampler=order,
            num_workers=workers,
            generator=torch.Generator().manual_seed(seed),
        ),
        DataLoader(
            evaluation,
            batch_size=evaluation_batch_size,
            num_workers=workers,
            generator=torch.Generator().manual_seed(seed),
        ),
    )
