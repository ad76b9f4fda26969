# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Patterns and cut kernels in a module, and masks that any training loop keeps."""

import pytest
import torch
from torch import nn

from patternc.cocotune import PatternPruning, fine_tune_, masks_kept
from patternc.cocotune.tuning_config import FineTuningConfig
from patternc.errors import CocoTuneError
from patternc.models.small import ResidualBlock
from patternc.prune import PruningConfig, prune_

INPUT = torch.rand(2, 8, 6, 6, generator=torch.Generator().manual_seed(0))


def make_block():
    torch.manual_seed(0)
    return ResidualBlock(8, 16, stride=2).eval()


def zeros(module):
    return {
        name: p == 0 for name, p in module.named_parameters() if p.dim() == 4 and (p == 0).any()
    }


@pytest.mark.parametrize("ratio", [0.3, 0.5, 0.75])
def test_is_pruned_as_by_prune(ratio):
    block, expected = make_block(), make_block()
    config = PruningConfig(form="filter", pattern_sets={"3x3": "four"})
    pruned = PatternPruning(config).prune(block, ratio, INPUT)
    report = prune_(expected, config, connectivity=1 / (1 - ratio))
    for name, parameter in expected.named_parameters():
        assert torch.equal(pruned.get_parameter(name), parameter)
    for name, mask in report.masks.items():
        assert torch.equal(pruned.get_submodule(name).weight_mask, mask)
    assert not zeros(block)


def test_rate_zero_is_a_copy():
    block = make_block()
    copied = PatternPruning().prune(block, 0.0, INPUT)
    assert torch.equal(copied(INPUT), block(INPUT)) and not zeros(copied)
    assert copied.state_dict().keys() == block.state_dict().keys()


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.AdamW])
def test_masks_are_kept_in_any_loop(optimizer):
    pruned = PatternPruning().prune(make_block(), 0.5, INPUT)
    removed = zeros(pruned)

    def step():
        made.zero_grad()
        pruned(INPUT).square().mean().backward()
        made.step()

    made = optimizer(pruned.parameters(), lr=0.01)
    with masks_kept(pruned):
        for _ in range(2):
            step()
            for name, mask in removed.items():
                weight = pruned.get_parameter(name)
                assert not weight[mask].any() and weight[~mask].all()
    step()
    assert any(pruned.get_parameter(name)[mask].any() for name, mask in removed.items())


def test_masks_are_kept_in_fine_tuning():
    network = nn.Sequential(make_block(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network[0] = PatternPruning().prune(network[0], 0.5, INPUT)
    removed = zeros(network)
    fine_tune_(network, [(INPUT, torch.tensor([3, 5]))], FineTuningConfig(steps=3))
    after = zeros(network)
    assert after.keys() == removed.keys()
    assert all(torch.equal(after[name], mask) for name, mask in removed.items())


@pytest.mark.parametrize(
    ("pruning", "module", "ratio", "message"),
    [
        (None, nn.ReLU(), 0.5, "ReLU: ReLU has no layer to prune, expected a convolution"),
        (
            None,
            make_block(),
            -0.5,
            "ResidualBlock: the pruning ratio is -0.5, expected the share that is",
        ),
        (PruningConfig(targets=("nothing",)), make_block(), 0.5, "targets: 'nothing' matches no"),
    ],
)
def test_what_cannot_be_pruned(pruning, module, ratio, message):
    with pytest.raises(CocoTuneError, match=message):
        PatternPruning(pruning or PruningConfig()).prune(module, ratio, INPUT)


def test_other_structures():
    with pytest.raises(
        CocoTuneError, match="structure is 'filter', expected 'pattern'; FilterPrun"
    ):
        PatternPruning(PruningConfig(structure="filter"))
