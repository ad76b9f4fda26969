# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The same convolutions and small networks on every target other than this machine."""

import pytest
import torch

from chains import NETWORKS, Chains
from convolutions import EMPTY, PADDED, Convolution, Convolutions, Pruning
from machines import DESKTOP_GPUS, EVERY_TARGET_BUT_THE_HOST, require_machine, run
from networks import random_network
from oracle import assert_close_chain, assert_close_convolution, assert_close_network
from patternc import compile
from patternc.models import SmallMobileNet, SmallResNet, SmallVGG
from patternc.settings import Settings

pytestmark = [pytest.mark.iree, pytest.mark.torch]

PATTERNS = Pruning(patterns=6, kept=0.4, empty_filter=True)

CASES = [
    Convolution(padding=(1, 1), activation="relu", pruning=PATTERNS),
    Convolution(channels=16, filters=16, image=(13, 9), pruning=Pruning(form="group")),
    Convolution(channels=8, filters=16, image=(9, 13), pruning=Pruning(form="group", group_size=8)),
    Convolution(channels=8, filters=16, image=(20, 18), padding=(1, 1), pruning=PATTERNS, batch=2),
    Convolution(channels=8, filters=12, strides=(2, 1), zero_pad=(1, 0, 2, 1), pruning=PATTERNS),
    Convolution(channels=6, filters=5, image=(11, 7), dilations=(2, 3), padding=(2, 3), bias=False),
    Convolution(groups=6, channels=1, filters=1, image=(7, 7), padding=(1, 1), activation="relu6"),
    Convolution(groups=5, channels=1, filters=2, strides=(3, 2), pruning=Pruning(patterns=4)),
    Convolution(groups=3, channels=2, filters=4, kernel=(1, 3), pruning=PATTERNS),
    Convolution(kernel=(1, 1), channels=16, filters=8, pruning=Pruning(form="filter")),
    Convolution(kernel=(5, 5), image=(5, 5), channels=2, filters=3, pruning=PATTERNS),
    Convolution(kernel=(7, 7), image=(9, 17), channels=2, padding=(3, 3), activation="relu"),
    Convolution(kernel=(1, 1), image=(1, 1), channels=1, filters=1),
    # Channels stay in registers while many filters, which share nothing, read them.
    Convolution(channels=5, filters=100, padding=(1, 1), pruning=Pruning(form="filter")),
    Convolution(channels=4, filters=120, strides=(2, 2), image=(9, 12), pruning=PATTERNS),
    Convolution(pruning=EMPTY, activation="relu6"),
    Convolution(pruning=EMPTY, bias=False),
    Convolution(channels=8, filters=12, image=(13, 9), padding=(1, 1), activation="hard_swish"),
    Convolution(channels=8, filters=12, image=(13, 9), padding=(1, 1), activation="silu"),
    *PADDED,
]


def assert_is_of_pattern_kernels(module) -> None:
    text = module.mlir("egress")
    assert "linalg.conv" not in text and "linalg.depthwise_conv" not in text
    assert text.count('"flow.dispatch"') >= len(module.report().layers) > 0


@pytest.mark.parametrize("target", [*EVERY_TARGET_BUT_THE_HOST, *DESKTOP_GPUS])
def test_convolutions(target, tmp_path):
    require_machine(target)
    model = Convolutions(CASES)
    inputs = tuple(case.input() for case in CASES)
    module = compile(model, inputs, target=target, settings=Settings(keep_stages=True))
    assert_is_of_pattern_kernels(module)
    assert len(module.report().layers) == len(CASES)
    assert {layer.filter_group for layer in module.report().layers} >= {1, 4, 8}
    results = run(module, *inputs, folder=tmp_path)
    for layer, x, result in zip(model.layers, inputs, results, strict=True):
        assert_close_convolution(result, layer, x)


@pytest.mark.parametrize("target", EVERY_TARGET_BUT_THE_HOST)
def test_chains(target, tmp_path):
    require_machine(target)
    # Of targets that share their kernels each runs half of them.
    halves = {"snapdragon-855": 0, "snapdragon-8gen2": 1, "vulkan": 0, "vulkan-adreno": 1}
    networks = NETWORKS[halves[target] :: 2] if target in halves else NETWORKS
    model = Chains([network.chain() for network in networks])
    inputs = tuple(network.x() for network in networks)
    module = compile(model, inputs, target=target, settings=Settings(keep_stages=True))
    assert_is_of_pattern_kernels(module)
    assert "linalg.pooling" not in module.mlir("egress")
    results = iter(run(module, *inputs, folder=tmp_path))
    for chain, x in zip(model.chains, inputs, strict=True):
        assert_close_chain([next(results) for _ in (-1, *chain.outputs)], chain, x)
    assert not list(results)


@pytest.mark.parametrize("target", EVERY_TARGET_BUT_THE_HOST)
@pytest.mark.parametrize(
    ("network", "form"),
    [(SmallVGG, "filter"), (SmallResNet, "group"), (SmallMobileNet, "group")],
    ids=["SmallVGG", "SmallResNet", "SmallMobileNet"],
)
def test_networks(network, form, target, tmp_path):
    require_machine(target)
    model = random_network(network, width=8, pruning={"form": form})
    x = torch.randn(2, 3, 16, 16)
    module = compile(model, (x,), target=target, settings=Settings(keep_stages=True))
    assert_is_of_pattern_kernels(module)
    (result,) = run(module, x, folder=tmp_path)
    assert_close_network(result, model, x)
