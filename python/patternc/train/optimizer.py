# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The optimizers that a config can name."""

from collections.abc import Iterable
from typing import Literal, get_args

import torch
from torch import nn

OptimizerName = Literal["adam", "adamw", "sgd", "nesterov", "adagrad", "rmsprop", "adadelta"]
OPTIMIZERS: tuple[OptimizerName, ...] = get_args(OptimizerName)


def make_optimizer(
    name: OptimizerName,
    parameters: Iterable[nn.Parameter],
    learning_rate: float,
    *,
    momentum: float,
    weight_decay: float,
) -> torch.optim.Optimizer:
    """A new optimizer of those parameters that need a gradient.

    `momentum` is that of 'sgd' and 'nesterov'; of 'adadelta' the share of its averages that stays.
    """
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    optim, decay = torch.optim, {"weight_decay": weight_decay}
    match name:
        case "sgd":
            return optim.SGD(trained, learning_rate, momentum=momentum, **decay)
        case "nesterov":
            return optim.SGD(trained, learning_rate, momentum=momentum, nesterov=True, **decay)
        case "adagrad":
            return optim.Adagrad(trained, learning_rate, eps=1e-8, **decay)
        case "rmsprop":
            return optim.RMSprop(trained, learning_rate, **decay)
        case "adadelta":
            return optim.Adadelta(trained, learning_rate, rho=momentum, eps=1e-8, **decay)
        case "adamw":
            return optim.AdamW(trained, learning_rate, **decay)
        case _:
            return optim.Adam(trained, learning_rate, **decay)
