# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Networks in float16, on this machine if it can and on an emulated Arm processor."""

import numpy as np
import pytest
import torch
from torch import nn

from chains import NETWORKS, Chains
from convolutions import EMPTY, PADDED, Convolution, Convolutions, Pruning
from machines import FLOAT16_TARGETS, require_float16, require_machine, run
from networks import random_network
from oracle import (
    FLOAT16_ROUNDOFF,
    assert_close_chain_in_norm,
    assert_close_convolution,
    assert_close_network,
)
from patternc import compile
from patternc.models import SmallMobileNet, SmallResNet, SmallVGG

pytestmark = [pytest.mark.iree, pytest.mark.torch]

PATTERNS = Pruning(patterns=6, kept=0.4, empty_filter=True)

# Whose sums of whole numbers stay below 2048, up to which float16 has all of them.
WHOLE = [
    Convolution(padding=(1, 1), activation="relu", pruning=PATTERNS),
    Convolution(channels=8, filters=16, image=(13, 9), pruning=Pruning(form="group")),
    Convolution(channels=8, filters=16, image=(9, 13), pruning=Pruning(form="group", group_size=8)),
    Convolution(channels=8, filters=16, image=(20, 18), padding=(1, 1), pruning=PATTERNS, batch=2),
    Convolution(channels=6, filters=5, image=(11, 7), dilations=(2, 3), padding=(2, 3), bias=False),
    Convolution(groups=6, channels=1, filters=1, image=(7, 7), padding=(1, 1), activation="relu6"),
    Convolution(groups=3, channels=2, filters=4, kernel=(1, 3), pruning=PATTERNS),
    Convolution(kernel=(1, 1), channels=16, filters=8, pruning=Pruning(form="filter")),
    Convolution(kernel=(7, 7), image=(9, 17), channels=2, padding=(3, 3), activation="relu"),
    Convolution(kernel=(1, 1), image=(1, 1), channels=30, filters=70),
    # Channels stay in registers.
    Convolution(channels=5, filters=100, padding=(1, 1), pruning=Pruning(form="filter")),
    Convolution(channels=4, filters=120, strides=(2, 2), image=(9, 12), pruning=PATTERNS),
    Convolution(pruning=EMPTY, activation="relu6"),
    *PADDED,
]

SMOOTH = [
    Convolution(channels=8, filters=12, image=(13, 9), padding=(1, 1), activation="hard_swish"),
    Convolution(channels=8, filters=12, image=(13, 9), padding=(1, 1), activation="silu"),
    Convolution(channels=16, filters=16, image=(13, 9), pruning=Pruning(form="group")),
    Convolution(channels=5, filters=100, padding=(1, 1), pruning=Pruning(form="filter")),
    Convolution(kernel=(1, 1), image=(1, 1), channels=200, filters=50, activation="silu"),
]


# Of residuals and phases, means, each activation, and each kind of kernel.
CHAINS = ("stride and shortcut", "poolings", "SiLU", "free patterns", "fully connected")


def round_parameters_(model: nn.Module) -> None:
    """Rounds weights and biases to float16."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half())


@pytest.mark.parametrize("target", FLOAT16_TARGETS)
def test_convolutions(target, tmp_path):
    require_float16(target)
    model = Convolutions(WHOLE + SMOOTH)
    inputs = [case.input().half().float() for case in WHOLE + SMOOTH]
    round_parameters_(model)
    with torch.no_grad():
        for i in range(len(WHOLE)):
            inputs[i].round_()
            for parameter in model.layers[i].parameters():
                parameter.round_()
    module = compile(model, tuple(inputs), target=target, precision="float16")
    layers = module.report().layers
    assert [layer.dtype for layer in layers] == ["float16"] * len(inputs)
    forms = {layer.schedule.partition("<")[0] for layer in layers}
    assert forms >= (
        {"#schedule.gpu_output_stationary", "#schedule.gpu_matrix"}
        if target == "vulkan-adreno"
        else {"#schedule.cpu_output_stationary", "#schedule.cpu_input_stationary"}
    )
    results = run(module, *inputs, folder=tmp_path)
    for i, (layer, x, result) in enumerate(zip(model.layers, inputs, results, strict=True)):
        assert_close_convolution(result, layer, x, roundoff=FLOAT16_ROUNDOFF)
        if i < len(WHOLE):
            assert torch.equal(torch.as_tensor(result), layer(x)), layer


@pytest.mark.parametrize("target", FLOAT16_TARGETS)
def test_chains(target, tmp_path):
    require_float16(target)
    networks = [network for network in NETWORKS if network.name in CHAINS]
    model = Chains([network.chain() for network in networks])
    inputs = tuple(network.x().half().float() for network in networks)
    round_parameters_(model)
    module = compile(model, inputs, target=target, precision="float16")
    results = iter(run(module, *inputs, folder=tmp_path))
    for chain, x in zip(model.chains, inputs, strict=True):
        images = [next(results) for _ in (-1, *chain.outputs)]
        assert_close_chain_in_norm(images, chain, x, roundoff=FLOAT16_ROUNDOFF)


@pytest.mark.aarch64
@pytest.mark.parametrize(
    ("network", "form"),
    [(SmallVGG, "filter"), (SmallResNet, "group"), (SmallMobileNet, "group")],
    ids=["SmallVGG", "SmallResNet", "SmallMobileNet"],
)
def test_networks(network, form, tmp_path):
    require_machine("snapdragon-855")
    model = random_network(network, width=8, pruning={"form": form})
    x = torch.randn(2, 3, 16, 16)
    module = compile(model, (x,), target="snapdragon-855", precision="float16")
    (result,) = run(module, x, folder=tmp_path)
    assert np.asarray(result).dtype == np.float32
    assert_close_network(result, model, x, roundoff=FLOAT16_ROUNDOFF)
