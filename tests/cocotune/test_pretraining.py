# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Blocks learn what the full network gives: alone or together, once, and nothing else moves."""

import copy
import errno
import os

import pytest
import torch
from safetensors import torch as safetensors
from torch import nn

from patternc.cocotune import (
    BlockStore,
    FilterPruning,
    FineTuningConfig,
    MultiplexingModel,
    PatternPruning,
    PretrainingConfig,
    find_modules,
    fine_tune_,
    pretrain_,
)
from patternc.cocotune.grammar_inference import sequitur
from patternc.cocotune.tuning_blocks import TuningBlock, TuningBlocks
from patternc.errors import CocoTuneError, TrainingError
from patternc.models import SmallResNet, randomise_batch_norm_
from patternc.train import accuracy

BLOCKS = (
    TuningBlock(0, (0.3,)),
    TuningBlock(0, (0.7,)),
    TuningBlock(1, (0.5, 0.0)),
    TuningBlock(4, (0.7, 0.7)),
)
CONFIG = PretrainingConfig(steps=6)


def make_batches(count=4):
    generator = torch.Generator().manual_seed(0)
    return [
        (torch.rand(8, 1, 8, 8, generator=generator), torch.arange(8) % 4) for _ in range(count)
    ]


def make_network(dropout=0.0):
    torch.manual_seed(0)
    network = SmallResNet(channels=1, width=8, classes=4)
    for block in list(network)[3:9]:
        block.body.insert(3, nn.Dropout(dropout))
    randomise_batch_norm_(network)
    return network


def make_model(network=None, blocks=BLOCKS, pruning=None):
    network = network or make_network()
    images, _ = make_batches()[0]
    modules = find_modules(network, images)
    blocks = TuningBlocks(blocks, (), sequitur([]))
    return MultiplexingModel(network, modules, blocks, pruning or FilterPruning(), images)


def copied(module):
    return copy.deepcopy(module.state_dict())


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


@pytest.mark.parametrize(
    "pruning", [FilterPruning(), PatternPruning()], ids=["filters", "patterns"]
)
def test_only_the_weights_of_the_blocks_move(pruning):
    model = make_model(pruning=pruning)
    full, students = copied(model.full), [copied(student) for student in model.students]
    zeros = [(p == 0) for p in model.students[2].parameters() if p.dim() == 4]
    pretrain_(model, make_batches(), CONFIG, blocks=(2, 0))
    assert same(copied(model.full), full)
    for index, state in enumerate(students):
        moved = copied(model.students[index])
        for name, tensor in moved.items():
            unmoved = index not in (0, 2) or name.endswith("_mask")
            assert torch.equal(tensor, state[name]) == unmoved, (index, name)
    after = [(p == 0) for p in model.students[2].parameters() if p.dim() == 4]
    assert all(torch.equal(a, b) for a, b in zip(after, zeros, strict=True))
    assert not any(module.training for module in model.modules())
    assert all(norm.momentum == 0.1 for norm in _norms(model))


def _norms(model):
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


def test_together_is_as_alone():
    together = make_model(make_network(dropout=0.5))
    result = pretrain_(together, make_batches(), CONFIG)
    assert result.groups == ((0, 2, 3), (1,))
    torch.manual_seed(7)  # what is random outside does not matter, nor does the order
    alone = make_model(make_network(dropout=0.5))
    for index in (3, 1, 0, 2):
        pretrain_(alone, make_batches(), CONFIG, blocks=[index])
    assert same(copied(alone), copied(together))


def test_statistics_are_the_average_of_the_last_steps():
    """Where weights hardly move, of the plain average over the last two batches."""
    config = PretrainingConfig(steps=20, learning_rate=1e-30)
    model = make_model(blocks=(TuningBlock(0, (0.5,)),))
    batches = make_batches(10)
    pretrain_(model, batches, config)
    block, norm = model.students[0][0], model.students[0][0].body[1]
    with torch.no_grad():
        inputs = [nn.Sequential(*list(model.full)[:3])(images) for images, _ in batches[-2:]]
        outputs = [block.body[0](images) for images in inputs]
    mean = sum(o.mean((0, 2, 3)) for o in outputs) / 2
    variance = sum(o.transpose(0, 1).flatten(1).var(1) for o in outputs) / 2
    torch.testing.assert_close(norm.running_mean, mean)
    torch.testing.assert_close(norm.running_var, variance)


@pytest.mark.data
def test_blocks_of_digits():
    """Losses fall, and networks are right more often before they are trained themselves."""
    from patternc.data import Digits, loaders

    train, test = loaders(Digits(train=True), Digits(train=False), batch_size=64, seed=0)
    train, test = list(train), list(test)
    torch.manual_seed(0)
    network = SmallResNet(channels=1, width=8)
    fine_tune_(network, train, FineTuningConfig(steps=100, learning_rate=5e-3))
    modules = find_modules(network, train[0][0])
    blocks = TuningBlocks(
        tuple(TuningBlock(first, (0.7, 0.7)) for first in (0, 2, 4)), (), sequitur([])
    )
    model = MultiplexingModel(network, modules, blocks, FilterPruning(), train[0][0])
    result = pretrain_(model, train, PretrainingConfig(steps=60, learning_rate=5e-3))
    assert all(block.last_loss < 0.6 * block.first_loss for block in result.blocks)
    ratios = (0.7,) * 6
    default, assembled = model.network_of(ratios), model.network_of(ratios, composite=(0, 1, 2))
    assert accuracy(network, test) > 0.9
    assert accuracy(assembled, test) > accuracy(default, test) + 0.2


def test_loss_that_is_not_finite():
    model = make_model()
    with torch.no_grad():
        model.students[2][0].body[0].weight.fill_(float("nan"))
    with pytest.raises(CocoTuneError, match=r"loss is \d.*, nan, .* in step 1 of 6; lower the lea"):
        pretrain_(model, make_batches(), CONFIG)
    assert not any(module.training for module in model.modules())
    assert all(norm.momentum == 0.1 for norm in _norms(model))


def test_no_batches():
    with pytest.raises(TrainingError, match="epoch 1 has 0 batches"):
        pretrain_(make_model(), [], CONFIG)


def test_report():
    report = pretrain_(make_model(), make_batches(), CONFIG).report()
    assert "4(0.5) 5(0)" in report
    assert "4 of 4 blocks trained in 2 groups" in report


def test_blocks_are_reused(tmp_path):
    store = BlockStore(tmp_path / "blocks")
    first = make_model()
    trained = pretrain_(first, make_batches(), CONFIG, store=store)
    assert not any(block.reused for block in trained.blocks)
    assert len(list(store.path.iterdir())) == 4

    # Of another subspace, in which one block is new.
    blocks = (TuningBlock(2, (0.3,)), *BLOCKS[2:])
    second = make_model(blocks=blocks)
    again = pretrain_(second, make_batches(), CONFIG, store=store)
    assert [block.reused for block in again.blocks] == [False, True, True]
    assert again.groups == ((0,),)
    assert again.blocks[1].last_loss is None
    assert same(copied(second.students[1]), copied(first.students[2]))
    assert "from the store" in again.report() and "1 of 3 blocks trained in 1 gr" in again.report()
    assert all(p.requires_grad for p in second.students.parameters())


def other_weights():
    network = make_network()
    with torch.no_grad():
        network[-1].bias.add_(1e-6)
    return network


def other_layers():
    network = make_network()
    network[2] = nn.ReLU6()
    return network


@pytest.mark.parametrize(
    ("change", "batches", "config"),
    [
        ({"network": other_weights()}, make_batches(), CONFIG),
        ({"network": other_layers()}, make_batches(), CONFIG),
        ({"pruning": PatternPruning()}, make_batches(), CONFIG),
        ({}, make_batches(), PretrainingConfig(steps=7)),
        ({}, make_batches()[1:], CONFIG),
    ],
    ids=["weights", "layers", "pruning", "config", "data"],
)
def test_nothing_is_reused_that_would_be_another(tmp_path, change, batches, config):
    store = BlockStore(tmp_path)
    pretrain_(make_model(), make_batches(), CONFIG, store=store, blocks=[0])
    result = pretrain_(make_model(**change), batches, config, store=store, blocks=[0])
    assert not result.blocks[0].reused


def test_damaged_file(tmp_path):
    store = BlockStore(tmp_path)
    pretrain_(make_model(), make_batches(), CONFIG, store=store, blocks=[0])
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(
        TrainingError, match=r"damaged or no checkpoint.*; delete it to train the bl"
    ):
        pretrain_(make_model(), make_batches(), CONFIG, store=store, blocks=[0])


def test_full_disk(tmp_path, monkeypatch):
    """What was trained before is found again."""
    store = BlockStore(tmp_path)
    calls = iter([False, False, False, True])
    save_file = safetensors.save_file

    def save(*args, **kwargs):
        if next(calls):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save_file(*args, **kwargs)

    monkeypatch.setattr("patternc.train.checkpoint.save_file", save)
    with pytest.raises(TrainingError, match=r"cannot be written: .*No space left"):
        pretrain_(make_model(), make_batches(), CONFIG, store=store)
    monkeypatch.undo()
    result = pretrain_(make_model(), make_batches(), CONFIG, store=store)
    assert [block.reused for block in result.blocks] == [True, False, True, True]


def test_store_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="cannot be made"):
        BlockStore(tmp_path / "file")
