# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""How networks are trained and pruned, the same in all that is compared."""

from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader

from patternc.prune import AdmmSchedule, PruningConfig
from patternc.train import TrainingConfig

_DENSE_LEARNING_RATE = 2e-3
_DISTILLATION = 0.7
_PRUNING_SHARE = 0.6  # of the epochs, in ADMM and in gradual pruning; the rest retrains
_PERIOD = 2
_SCHEDULE = AdmmSchedule(rho_start=0.1)


def train_dense_(model: nn.Module, batches: DataLoader, epochs: int) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=_DENSE_LEARNING_RATE)
    schedule = CosineAnnealingLR(optimizer, epochs)
    model.train()
    for _ in range(epochs):
        for images, labels in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
        schedule.step()
    model.eval()


def configs(epochs: int, seed: int, **pruning: Any) -> tuple[PruningConfig, TrainingConfig]:
    """How a trained network is pruned and trained within a number of epochs.

    Args:
      epochs: of pruning and retraining together.
      seed: of the order of batches.
      pruning: fields of the PruningConfig that are not the defaults.
    """
    on_the_way = max(1, round(_PRUNING_SHARE * epochs))
    config = PruningConfig(
        epochs=on_the_way, period=min(_PERIOD, on_the_way), admm=_SCHEDULE, **pruning
    )
    retrain = epochs - (0 if config.method == "one-shot" else on_the_way)
    return config, TrainingConfig(retrain_epochs=retrain, distillation=_DISTILLATION, seed=seed)
