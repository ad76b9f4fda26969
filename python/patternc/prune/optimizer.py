"""The optimizers that a config can name."""

from collections.abc import Iterable
from typing import Literal

import torch
from torch import nn

OptimizerName = Literal["adam", "adamw", "sgd"]
OPTIMIZERS: tuple[OptimizerName, ...] = ("adam", "adamw", "sgd")


def make_optimizer(
    name: OptimizerName,
    parameters: Iterable[nn.Parameter],
    learning_rate: float,
    *,
    momentum: float,
    weight_decay: float,
) -> torch.optim.Optimizer:
    """A new optimizer of those parameters that need a gradient; `momentum` is that of 'sgd'."""
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    if name == "sgd":
        return torch.optim.SGD(trained, learning_rate, momentum=momentum, weight_decay=weight_decay)
    kind = torch.optim.AdamW if name == "adamw" else torch.optim.Adam
    return kind(trained, learning_rate, weight_decay=weight_decay)
