# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The loop that pre-training and fine-tuning share."""

import math
from collections.abc import Callable, Iterable, Iterator

from torch import Tensor, nn

from patternc.cocotune.tuning_config import TuningConfig
from patternc.errors import CocoTuneError
from patternc.train.epoch_batches import Batches, batches_of_epoch
from patternc.train.optimizer import make_optimizer


def training_steps(
    parameters: Iterable[nn.Parameter],
    batches: Batches,
    config: TuningConfig,
    losses_of: Callable[[Tensor, Tensor], Tensor],
) -> Iterator[list[float]]:
    """Trains parameters, a step for each item that is taken.

    What is random begins anew with the seed of the config: the result does not depend on what was
    trained before.

    Args:
      parameters: those that are trained.
      batches: pairs of inputs and targets that can be iterated again for each epoch.
      config: steps and optimizer.
      losses_of: the losses of inputs and targets, one or several; their sum falls.

    Returns:
      The losses of each step, after it is taken.

    Raises:
      CocoTuneError: when a loss is not finite.
      TrainingError: when an epoch has no batch.
    """
    optimizer = make_optimizer(
        config.optimizer,
        parameters,
        config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
    )
    for step, (inputs, targets) in enumerate(_batches_of_steps(batches, config)):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate_of(step)
        optimizer.zero_grad()
        losses = losses_of(inputs, targets)
        values = losses.detach().reshape(-1).tolist()
        if not all(map(math.isfinite, values)):
            raise CocoTuneError(
                f"loss is {', '.join(map(str, values))} in step {step + 1} of {config.steps}; "
                "lower the learning rate or check the data"
            )
        losses.sum().backward()
        optimizer.step()
        yield values


def _batches_of_steps(batches: Batches, config: TuningConfig) -> Iterator[tuple[Tensor, Tensor]]:
    """As many batches as there are steps, epoch by epoch."""
    left, epoch = config.steps, 0
    while left:
        for batch in batches_of_epoch(batches, seed=config.seed, epoch=epoch):
            yield batch
            left -= 1
            if not left:
                return
        epoch += 1
