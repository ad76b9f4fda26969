# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The inputs that int8 engines are calibrated with, the same for all of them."""

import torch
from torch import Tensor

_NUMBER = 8


def calibration_inputs(image: Tensor) -> list[Tensor]:
    """Inputs of the image's kind: random, of its shape, mean and deviation; none of them is it."""
    generator = torch.Generator().manual_seed(1)
    deviation, mean = torch.std_mean(image)
    shape = image.shape
    return [mean + deviation * torch.randn(shape, generator=generator) for _ in range(_NUMBER)]
