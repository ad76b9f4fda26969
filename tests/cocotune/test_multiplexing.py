# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One model that is the full network, teacher and students, or any pruned network."""

import copy
import re

import pytest
import torch
from torch import nn

from patternc.cocotune import FilterPruning, MultiplexingModel, PatternPruning, find_modules
from patternc.cocotune.grammar_inference import sequitur
from patternc.cocotune.tuning_blocks import TuningBlock, TuningBlocks
from patternc.errors import CocoTuneError
from patternc.models import (
    SmallInception,
    SmallMobileNet,
    SmallResNet,
    SmallVGG,
    randomise_batch_norm_,
)
from patternc.models.small import InvertedResidual

IMAGES = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
NETWORKS = [SmallResNet, SmallInception, SmallMobileNet]
# Of one module, of several, with ratio 0 inside, and overlapping.
BLOCKS = (
    TuningBlock(0, (0.3, 0.7)),
    TuningBlock(0, (0.5,)),
    TuningBlock(1, (0.7,)),
    TuningBlock(2, (0.3, 0.0)),
    TuningBlock(3, (0.7,)),
)
RATIOS = (0.3, 0.7, 0.3, 0.0, 0.5, 0.5)
COMPOSITE = (0, 3)


def random_network(kind=SmallResNet):
    torch.manual_seed(0)
    network = kind(channels=1, width=8)
    randomise_batch_norm_(network)
    return network.eval()


def make_model(kind=SmallResNet, pruning=None, blocks=BLOCKS, modules=None):
    network = kind if isinstance(kind, nn.Module) else random_network(kind)
    return network, MultiplexingModel(
        network,
        modules or find_modules(network, IMAGES),
        TuningBlocks(blocks, (), sequitur([])),
        pruning or FilterPruning(),
        IMAGES,
    )


@pytest.fixture(scope="module")
def resnet():
    return make_model()


@pytest.mark.parametrize(
    "pruning", [FilterPruning(), PatternPruning()], ids=["filters", "patterns"]
)
@pytest.mark.parametrize("kind", NETWORKS)
def test_is_every_network(kind, pruning):
    network, model = make_model(kind, pruning)
    state = copy.deepcopy(network.state_dict())
    expected = network(IMAGES)
    assert torch.equal(model(IMAGES), expected)
    zeros = [0.0] * len(model.module_names)
    assert torch.equal(model(IMAGES, configuration=zeros), expected)
    whole = model.network_of(zeros)
    assert torch.equal(whole(IMAGES), expected) and type(whole) is kind
    _move_(model.students)
    seen = [expected]
    ratios = RATIOS[: len(model.module_names)]
    for composite in (None, (3,), COMPOSITE, (2,)):
        pruned = model.network_of(ratios, composite=composite)
        assert type(pruned) is kind and not pruned.training
        found = model(IMAGES, configuration=ratios, composite=composite)
        assert torch.equal(pruned(IMAGES), found)
        assert not any(torch.equal(found, other) for other in seen)
        seen.append(found)
    assert torch.equal(model(IMAGES, configuration=ratios, composite=()), seen[1])
    assert all(torch.equal(network.state_dict()[key], tensor) for key, tensor in state.items())


def _move_(module):
    """Changes all weights, so that blocks are not what pruning alone gives."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1.1)


def test_network_from_blocks_has_their_weights_and_those_of_the_full_one(resnet):
    _, model = resnet
    network = model.network_of(RATIOS, composite=COMPOSITE)
    default = model.network_of(RATIOS)
    covered = set()
    for index in COMPOSITE:
        block = model.tuning_blocks.blocks[index]
        for place, name in enumerate(model.module_names[block.first : block.end]):
            covered.add(name)
            expected = model.students[index][place].state_dict()
            for key, tensor in network.get_submodule(name).state_dict().items():
                assert torch.equal(tensor, expected[key])
                assert tensor.data_ptr() != expected[key].data_ptr()
    assert covered and covered != set(model.module_names)
    for name, tensor in network.state_dict().items():
        if not any(name.startswith(f"{module}.") for module in covered):
            assert torch.equal(tensor, default.state_dict()[name])
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_default_network_is_pruned_from_the_full_one(resnet):
    network, model = resnet
    pruned = model.network_of((0.5, 0, 0, 0, 0, 0))
    expected = FilterPruning().prune(network[3], 0.5, torch.rand(1, 8, 8, 8)).state_dict()
    assert expected["body.0.weight"].shape == (4, 8, 3, 3)
    for name, tensor in pruned[3].state_dict().items():
        assert torch.equal(tensor, expected[name])


@torch.no_grad()
def test_losses_by_hand(resnet):
    """Of each block, whichever are asked for: the mean square of what is missing."""
    network, model = resnet
    values, x = {}, IMAGES
    for number, layer in enumerate(network):
        values[str(number)] = x
        x = layer(x)
    expected = []
    for index, block in enumerate(model.tuning_blocks.blocks):
        names = model.module_names[block.first : block.end]
        y = values[names[0]]
        for student in model.students[index]:
            y = student(y)
        expected.append(float((y - values[str(int(names[-1]) + 1)]).square().mean()))
    losses = [float(model(IMAGES, blocks=[index])) for index in range(len(expected))]
    assert losses == pytest.approx(expected) and min(losses) > 0
    assert model(IMAGES, blocks=range(len(losses))).tolist() == pytest.approx(losses)
    backwards = list(reversed(range(len(losses))))
    assert model(IMAGES, blocks=backwards).tolist() == pytest.approx(losses[::-1])
    assert model(IMAGES, blocks=(1, 1)).tolist() == pytest.approx([losses[1]] * 2)


def test_gradients_reach_the_students_of_the_blocks_only(resnet):
    _, model = resnet
    model.zero_grad()
    model(IMAGES, blocks=(0, 2)).sum().backward()
    for index, students in enumerate(model.students):
        grads = [parameter.grad is not None for parameter in students.parameters()]
        assert all(grads) if index in (0, 2) else not any(grads)
    assert not any(p.requires_grad or p.grad is not None for p in model.full.parameters())
    model.zero_grad()


def test_training_mode_is_that_of_the_batch_norms_of_students(resnet):
    _, model = resnet
    model.train()
    try:
        training = {name for name, module in model.named_modules() if module.training} - {""}
        norms = {n for n, m in model.students.named_modules() if isinstance(m, nn.BatchNorm2d)}
        assert training == {f"students.{name}" for name in norms}
    finally:
        model.eval()
    assert not any(module.training for module in model.modules())


def test_code_can_be_read(resnet):
    _, model = resnet
    code = model.generated(blocks=(0,)).code
    assert "block0_input" in code and "block0_target" in code and "self.full" in code
    assert "pruned" in model.generated(configuration=(0.5, 0, 0, 0, 0, 0)).code


class Between(nn.Module):
    """Layers between modules, a skip around two of them, and operations in place."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(1, 4, 1, 1))
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.first = InvertedResidual(4, 4)
        self.middle = nn.Conv2d(4, 4, 1)
        self.second = InvertedResidual(4, 4)
        self.relu = nn.LeakyReLU(0.5, inplace=True)
        self.third = InvertedResidual(4, 4)

    def forward(self, x):
        x = self.stem(x)
        skip = self.first(x)
        skip *= self.scale
        y = self.relu(self.second(self.middle(skip)))
        y = self.third(y + skip)
        y -= 1
        return (x + y).mean((2, 3))


def test_what_lies_between_the_modules_of_a_block():
    torch.manual_seed(0)
    network = Between().eval()
    randomise_batch_norm_(network)
    blocks = (TuningBlock(0, (0.5, 0.5)), TuningBlock(1, (0.5, 0.5)), TuningBlock(0, (0.5,) * 3))
    network, model = make_model(network, blocks=blocks)
    assert torch.equal(model(IMAGES), network(IMAGES))
    first, second, third = network.first, network.second, network.third

    x = network.stem(IMAGES)
    skip = first(x) * network.scale
    halfway = second(network.middle(skip))
    after = nn.functional.leaky_relu(halfway, 0.5)
    last = third(after + skip)

    def run(block):
        """What the block gives: the products that are skipped to, and its last module's output."""
        one, two, three = (*model.students[block], None)[:3]
        if block == 1:
            y = nn.functional.leaky_relu(one(network.middle(skip)), 0.5)
            return [(two(y + skip), last)]
        own = one(x) * network.scale
        y = two(network.middle(own))
        if block == 0:
            return [(own, skip), (y, halfway)]
        return [(three(nn.functional.leaky_relu(y, 0.5) + own), last)]

    expected = [
        float(sum((found - wanted).detach().square().mean() for found, wanted in run(block)))
        for block in range(3)
    ]
    losses = model(IMAGES, blocks=(0, 1, 2))
    assert losses.tolist() == pytest.approx(expected)
    losses.sum().backward()
    assert all(p.grad is not None for p in model.students.parameters())


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"blocks": (0,), "configuration": RATIOS}, "blocks and a configuration are given, expect"),
        ({"blocks": ()}, "blocks are empty, expected at least one index"),
        ({"blocks": (5,)}, "there is no block 5, expected 0 to 4"),
        ({"configuration": RATIOS[:5]}, "configuration has 5 ratios, expected 6, one for each of"),
        (
            {"configuration": (1.0, *RATIOS[1:])},
            "module '3': ResidualBlock: the pruning ratio is 1.0, exp",
        ),
        ({"configuration": RATIOS, "composite": (-1,)}, "there is no block -1, expected 0 to 4"),
        (
            {"configuration": RATIOS, "composite": (1,)},
            "block 1 has the ratios (0.5,), but the conf",
        ),
        ({"configuration": RATIOS, "composite": (0, 2)}, "blocks of the composite overlap at"),
    ],
)
def test_wrong_request(resnet, asked, message):
    _, model = resnet
    with pytest.raises(CocoTuneError, match=re.escape(message)):
        model(IMAGES, **asked)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (TuningBlock(5, (0.3, 0.3)), "block 0 is of modules 5 to 6, but there are 6, counted fro"),
        (TuningBlock(-1, (0.3,)), "block 0 is of modules -1 to -1, but there are 6"),
        (TuningBlock(0, ()), "block 0 is of modules 0 to -1, but there are 6"),
        (
            TuningBlock(2, (1.5,)),
            "module '5': ResidualBlock: the pruning ratio is 1.5, expected the share",
        ),
    ],
)
def test_block_that_does_not_fit(block, message):
    with pytest.raises(CocoTuneError, match=message):
        make_model(blocks=(block,))


def test_modules_out_of_order():
    with pytest.raises(CocoTuneError, match="executed in the order 3, 5; give them in it"):
        make_model(modules=("5", "3"), blocks=())


@pytest.mark.parametrize(
    ("pruning", "message"),
    [
        (FilterPruning(), "module '1': ReLU has no filter that can be removed"),
        (PatternPruning(), "module '1': ReLU: ReLU has no layer to prune"),
    ],
)
def test_module_with_nothing_to_prune(pruning, message):
    with pytest.raises(CocoTuneError, match=message):
        make_model(SmallVGG, pruning, modules=["1"], blocks=(TuningBlock(0, (0.5,)),))
