# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Large windows, which several threads of a GPU share."""

import re

import pytest
import torch
from torch import nn

from patternc import compile
from patternc.settings import Settings
from vulkan import require_vulkan

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.vulkan]


class Pooled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 6, 3, padding=1)
        self.pools = nn.ModuleList(
            [
                nn.AdaptiveAvgPool2d(1),
                nn.MaxPool2d(5, stride=5),
                nn.AvgPool2d(7, stride=4, padding=3),
                nn.MaxPool2d(7, stride=7, padding=3),
                nn.AvgPool2d((3, 17)),
            ]
        )

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x = self.convolution(x)
        return [pool(x) for pool in self.pools]


@pytest.mark.parametrize("target", ["vulkan", "vulkan-ampere"])
def test_shared_windows(target):
    require_vulkan()
    torch.manual_seed(0)
    model, x = Pooled().eval(), torch.randn(2, 3, 19, 17)
    module = compile(model, (x,), target=target, settings=Settings(keep_stages=True))
    shared = re.findall(r"#schedule\.gpu_rows<[^>]*slices = ", module.mlir("scheduled"))
    assert len(shared) == len(model.pools)
    for got, want in zip(module(x), model(x), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-5)


def test_nan_stays_in_a_shared_window():
    require_vulkan()
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.MaxPool2d(8)).eval()
    x = torch.zeros(1, 1, 16, 8)
    x[0, 0, 7, 7] = torch.nan
    (first, second) = compile(model, (x,), target="vulkan")(x).flatten()
    assert first.isnan() and second == model(x).flatten()[1]
