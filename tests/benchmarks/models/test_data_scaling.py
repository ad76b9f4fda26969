# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Weights scaled by `models/data_scaling.py` let the input through, and stay pruned."""

import pytest
import torch
from benchmarks.models.data_scaling import scale_to_data_
from torch import nn

import patternc
from patternc.models import SmallMobileNet

pytestmark = pytest.mark.torch


def _spread(model: nn.Module) -> float:
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        first, second = model.eval()(images)
    return float((first - second).norm() / first.norm())


def test_the_image_shows_at_the_output():
    torch.manual_seed(0)
    model = nn.Sequential(*[nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU()) for _ in range(12)])
    assert _spread(model) < 1e-3
    scale_to_data_(model, torch.randn(4, 3, 32, 32))
    assert _spread(model) > 0.3


def test_zeros_stay():
    torch.manual_seed(0)
    model = SmallMobileNet()
    report = patternc.prune_(model)
    scale_to_data_(model, torch.randn(4, 3, 32, 32))
    assert _spread(model) > 0.3
    for name, mask in report.masks.items():
        assert torch.equal(model.get_parameter(f"{name}.weight").ne(0), mask)


def test_a_branch_that_is_born_closed_is_opened():
    """Norms whose scale is 0 hide what is before them."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    nn.init.zeros_(model[1].weight)
    assert _spread(model) != _spread(model)  # 0 of 0
    scale_to_data_(model, torch.randn(4, 3, 32, 32))
    assert _spread(model) > 0.3
