# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A module without filters computes what the whole one computes when their outputs are zero."""

import copy
import math
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from patternc.cocotune import FilterPruning
from patternc.errors import CocoTuneError
from patternc.models import randomise_batch_norm_
from patternc.models.resnet50 import Bottleneck
from patternc.models.small import InceptionModule, InvertedResidual, ResidualBlock


class Gated(nn.Module):
    """A gate for each channel, as in squeeze-and-excitation, by functions."""

    def __init__(self, channels, filters):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, 3, padding=1)
        self.squeeze = nn.Conv2d(filters, 6, 1)
        self.excite = nn.Conv2d(6, filters, 1)
        self.last = nn.Conv2d(filters, 5, 1)

    def forward(self, x):
        x = functional.silu(self.conv(x))
        gate = functional.relu(self.squeeze(x.mean((2, 3), keepdim=True)))
        return self.last(x * torch.sigmoid(self.excite(gate)))


class Summed(nn.Module):
    """A concatenation, to which another convolution is added, inside the module."""

    def __init__(self, channels, filters):
        super().__init__()
        self.left = nn.Conv2d(channels, filters, 3, padding=1)
        self.right = nn.Conv2d(channels, filters + 2, 1)
        self.both = nn.Conv2d(channels, 2 * filters + 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(2 * filters + 2)
        self.last = nn.Conv2d(2 * filters + 2, 3, 3, groups=1)

    def forward(self, x):
        y = torch.cat((self.left(x), self.right(x)), 1)
        y += self.both(x)
        return self.last(functional.max_pool2d(functional.relu(self.norm(y)), 2, stride=1))


class Separable(nn.Module):
    """A depthwise convolution that gives two channels for each, before linear layers."""

    def __init__(self, channels, filters):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, 3, padding=1)
        self.depthwise = nn.Conv2d(filters, 2 * filters, 3, groups=filters)
        self.hidden = nn.Linear(2 * filters * 4, 6)
        self.last = nn.Linear(6, 4)

    def forward(self, x):
        x = functional.hardswish(self.depthwise(self.conv(x)))
        x = torch.flatten(functional.adaptive_avg_pool2d(x, 2), 1)
        return self.last(functional.relu(self.hidden(x)))


class Twice(nn.Module):
    """One convolution that reads what it has given."""

    def __init__(self, channels, filters):
        super().__init__()
        self.first = nn.Conv2d(channels, filters, 1)
        self.again = nn.Conv2d(filters, filters, 3, padding=1)
        self.last = nn.Conv2d(filters, 3, 1)

    def forward(self, x):
        return self.last(self.again(self.again(self.first(x))))


@dataclass
class Group:
    """Convolutions with the filters that are removed as one, by their place in each of them, and
    all the layers whose outputs are then zero."""

    producers: dict[str, range]
    zeroed: dict[str, list[list[int]]]

    @classmethod
    def of(cls, filters, producers, zeroed=""):
        names = [*producers.split(), *zeroed.split()]
        return cls(
            dict.fromkeys(producers.split(), range(filters)),
            {name: [[f] for f in range(filters)] for name in names},
        )


def summed_groups(filters):
    for name, count, start in (("left", filters, 0), ("right", filters + 2, filters)):
        whole, rows = range(count), range(start, start + count)
        zeroed = {key: [[row] for row in rows] for key in ("both", "norm")}
        zeroed[name] = [[row] for row in whole]
        yield Group({name: whole, "both": rows}, zeroed)


# From channels and filters to a module and what can be removed of it.
CASES = {
    "residual": lambda c, f: (ResidualBlock(c, f), [Group.of(f, "body.0", "body.1")]),
    "strided residual": lambda c, f: (
        ResidualBlock(c, c, stride=2),
        [Group.of(c, "body.0", "body.1")],
    ),
    "plain residual": lambda c, f: (ResidualBlock(c, c), [Group.of(c, "body.0", "body.1")]),
    "bottleneck": lambda c, f: (
        Bottleneck(c, f, stride=2),
        [Group.of(f, "conv1", "bn1"), Group.of(f, "conv2", "bn2")],
    ),
    "inception": lambda c, f: (
        InceptionModule(c, 4 * f),
        [
            Group.of(2 * f, "branch3x3.0", "branch3x3.1"),
            Group.of(2 * f, "branch_double.0", "branch_double.1"),
            Group.of(2 * f, "branch_double.3", "branch_double.4"),
        ],
    ),
    "inverted residual": lambda c, f: (
        InvertedResidual(c, c),
        [Group.of(4 * c, "body.0", "body.1 body.3 body.4")],
    ),
    "strided inverted residual": lambda c, f: (
        InvertedResidual(c, f, stride=2),
        [Group.of(4 * c, "body.0", "body.1 body.3 body.4")],
    ),
    "gated": lambda c, f: (Gated(c, f), [Group.of(f, "conv excite"), Group.of(6, "squeeze")]),
    "summed": lambda c, f: (Summed(c, f), list(summed_groups(f))),
    "separable": lambda c, f: (
        Separable(c, f),
        [
            Group(
                {"conv": range(f)},
                {
                    "conv": [[row] for row in range(f)],
                    "depthwise": [[2 * row, 2 * row + 1] for row in range(f)],
                },
            ),
            Group.of(6, "hidden"),
        ],
    ),
    "twice": lambda c, f: (Twice(c, f), [Group.of(f, "first again")]),
}


def kept(count, ratio):
    return max(1, math.floor(count * (1 - ratio) + 0.5))


def zeroed(module, groups, ratio):
    """The whole module with the outputs of the filters of least norm zero."""
    module = copy.deepcopy(module)
    for group in groups:
        norms = sum(
            module.get_submodule(name).weight.double().abs().flatten(1).sum(1)[list(places)]
            for name, places in group.producers.items()
        )
        for place in norms.argsort(descending=True)[kept(len(norms), ratio) :].tolist():
            for name, rows in group.zeroed.items():
                for parameter in module.get_submodule(name).parameters():
                    parameter[rows[place]] = 0
    return module


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@torch.no_grad()
@given(
    channels=st.integers(2, 5),
    filters=st.integers(2, 6),
    ratio=st.sampled_from([0.01, 0.3, 0.5, 0.7, 0.99]),
    seed=st.integers(0, 99),
)
@hypothesis_settings(max_examples=8, deadline=None)
def test_equals_the_whole_module_with_zeros(case, channels, filters, ratio, seed):
    torch.manual_seed(seed)
    module, groups = case(channels, filters)
    randomise_batch_norm_(module, seed)
    module.eval()
    before = copy.deepcopy(module.state_dict())
    x = torch.randn(2, channels, 6, 7)
    pruned = FilterPruning().prune(module, ratio, x)
    assert all(torch.equal(module.state_dict()[name], tensor) for name, tensor in before.items())
    torch.testing.assert_close(pruned(x), zeroed(module, groups, ratio)(x), rtol=1e-4, atol=1e-5)
    left = {
        name: sum(kept(len(g.producers[name]), ratio) for g in groups if name in g.producers)
        for group in groups
        for name in group.producers
    }
    for name, layer in pruned.named_modules():
        whole = module.get_submodule(name)
        if isinstance(layer, nn.Conv2d | nn.Linear) and getattr(whole, "groups", 1) == 1:
            assert len(layer.weight) == left.get(name, len(whole.weight))
            sizes = (
                (layer.out_channels, layer.in_channels)
                if isinstance(layer, nn.Conv2d)
                else (layer.out_features, layer.in_features)
            )
            assert layer.weight.shape[:2] == sizes


def test_nothing_is_left_to_remove_of_a_single_filter():
    module, x = ResidualBlock(3, 1).eval(), torch.rand(1, 3, 4, 4)
    with pytest.raises(CocoTuneError, match="ResidualBlock has no filter that can be removed"):
        FilterPruning().prune(module, 0.5, x)


def test_rate_zero_is_a_copy():
    module = ResidualBlock(3, 4).eval()
    copied = FilterPruning().prune(module, 0.0, torch.rand(1, 3, 4, 4))
    assert copied is not module
    for name, tensor in module.state_dict().items():
        assert torch.equal(copied.state_dict()[name], tensor)
        assert copied.state_dict()[name].data_ptr() != tensor.data_ptr()


class Opaque(nn.Module):
    """Operations of which nothing is known, on all that might be removed."""

    def __init__(self):
        super().__init__()
        self.grouped = nn.Conv2d(4, 8, 3, groups=2)
        self.reshaped = nn.Conv2d(8, 8, 1)
        self.scaled = nn.Conv2d(8, 8, 1)
        self.scale = nn.Parameter(torch.rand(1, 8, 1, 1))
        self.normed = nn.Conv2d(8, 8, 1)
        self.norm = nn.GroupNorm(2, 8)
        self.split = nn.Conv2d(8, 8, 1)
        self.mixed = nn.Conv2d(4, 8, 1)
        self.linear = nn.Linear(4, 3)

    def forward(self, x):
        x = self.reshaped(self.grouped(x))
        x = x.view(x.size(0), 8, -1).view(x.shape)
        x = self.scale * self.scaled(x)
        x = self.norm(self.normed(x))
        first, second = self.split(x).chunk(2, 1)
        x = self.mixed(first + second).transpose(1, 2)
        return self.linear(x.flatten(2)[..., :4])


def test_what_is_read_by_unknown_operations_stays():
    module, x = Opaque().eval(), torch.rand(2, 4, 6, 6)
    assert module(x).shape == (2, 4, 3)
    assert not FilterPruning().can_prune(module, x)
    with pytest.raises(CocoTuneError, match="Opaque has no filter that can be removed"):
        FilterPruning().prune(module, 0.5, x)


class Untraceable(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return self.conv(x) if x.sum() > 0 else x


def test_untraceable_module():
    module, x = Untraceable().eval(), torch.rand(1, 3, 4, 4)
    assert not FilterPruning().can_prune(module, x)
    with pytest.raises(CocoTuneError, match="cannot trace Untraceable, so that its filters"):
        FilterPruning().prune(module, 0.5, x)
