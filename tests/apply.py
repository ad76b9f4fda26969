# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A model of one function."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn


class Apply(nn.Module):
    def __init__(self, function: Callable[..., Any]):
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor, *more: torch.Tensor) -> Any:
        return self.function(x, *more)
