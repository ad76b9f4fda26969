# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The default loop of fine-tuning, and what both loops are told."""

import copy

import pytest
import torch
from torch import nn

from patternc.cocotune import FineTuningConfig, PretrainingConfig, TuningConfig, fine_tune_
from patternc.errors import CocoTuneError


def make_network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.2), nn.Flatten(), nn.Linear(64, 4)
    )


def make_batches():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(8) % 4
    images = torch.rand(3, 8, 1, 6, 6, generator=generator) * 0.2
    return [(batch + labels[:, None, None, None] / 4, labels) for batch in images]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_loss_falls_and_does_not_depend_on_what_went_before(optimizer):
    config = FineTuningConfig(steps=40, learning_rate=0.02, optimizer=optimizer)
    networks = [make_network(), make_network()]
    losses = []
    for seed, network in enumerate(networks):
        torch.manual_seed(seed)
        losses.append(fine_tune_(network, make_batches(), config))
    assert losses[0] == losses[1] and len(losses[0]) == 40
    assert sum(losses[0][-5:]) < 0.5 * sum(losses[0][:5])
    for name, tensor in networks[0].state_dict().items():
        assert torch.equal(tensor, networks[1].state_dict()[name])
    assert not networks[0].training


def test_learning_rate_falls_along_half_a_cosine():
    rates = [FineTuningConfig(steps=4, learning_rate=1.0).learning_rate_of(s) for s in range(4)]
    assert rates == pytest.approx([1.0, 0.853553, 0.5, 0.146447], rel=1e-5)


def test_constant_learning_rate():
    config = FineTuningConfig(steps=4, learning_rate=0.2, schedule="constant")
    assert [config.learning_rate_of(step) for step in range(4)] == [0.2] * 4


def test_loss_of_ones_own():
    network = make_network()
    before = copy.deepcopy(network)
    config = FineTuningConfig(steps=2)
    losses = fine_tune_(network, make_batches(), config, loss=lambda o, t: 0 * o.sum() + 2.5)
    assert losses == [2.5, 2.5]
    assert torch.equal(network[0].weight, before[0].weight)


def test_loss_that_is_not_finite():
    network = make_network()
    with torch.no_grad():
        network[0].weight.fill_(float("inf"))
    with pytest.raises(CocoTuneError, match="loss is nan in step 1 of 5; lower the learning rate"):
        fine_tune_(network, make_batches(), FineTuningConfig(steps=5))


@pytest.mark.parametrize("kind", [PretrainingConfig, FineTuningConfig])
def test_config_goes_through_yaml(kind):
    config = kind(steps=7, learning_rate=0.2, optimizer="sgd", weight_decay=1e-4, seed=3)
    assert kind.from_yaml(config.to_yaml()) == config
    assert type(kind.from_yaml("steps: 7")) is kind
    assert kind.from_yaml("") == kind()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"version": 2}, "version of the tuning config is 2, this patternc reads 1"),
        ({"steps": 0}, "steps is 0, expected a whole number of at least 1"),
        ({"seed": -1}, "seed is -1, expected a whole number of at least 0"),
        ({"learning_rate": 0}, "learning_rate is 0, expected more than 0"),
        ({"schedule": "linear"}, "schedule is 'linear', expected 'constant', 'cosine', 'step'"),
        ({"optimizer": "adamax"}, "optimizer is 'adamax', expected .*; did you mean 'adam'"),
        ({"momentum": 1.5}, "momentum is 1.5, expected 0 to 1"),
        ({"weight_decay": "much"}, "weight_decay is 'much', expected a finite number"),
    ],
)
def test_wrong_config(fields, message):
    with pytest.raises(CocoTuneError, match=message):
        TuningConfig(**{"steps": 1, "learning_rate": 0.1, **fields})


def test_unknown_key():
    with pytest.raises(
        CocoTuneError, match="tuning config: unknown key 'step'; did you mean 'steps"
    ):
        PretrainingConfig.from_yaml("step: 3")
