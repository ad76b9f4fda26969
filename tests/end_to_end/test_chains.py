# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Small networks whose images stay in planes from layer to layer, compiled for this machine."""

import re
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from chains import NETWORKS, PRUNINGS, Chain, Chains, Network, Node
from oracle import assert_close_chain
from patternc import Pipeline, compile
from patternc.compiler import get_target
from patternc.settings import Settings

pytestmark = [pytest.mark.iree, pytest.mark.torch]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_network(network: Network):
    chain, x = network.chain(), network.x()
    module = compile(chain, (x,))
    assert_close_chain(module(x), chain, x)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_nothing_is_copied_but_at_edges_and_for_strides(network: Network):
    settings = Settings(keep_stages=True)
    text = compile(network.chain(), (network.x(),), target="vmvx", settings=settings).mlir("planes")
    found = {op: len(re.findall(rf"= pattern\.{op} ", text)) for op in ("pack", "unpack")}
    assert found == {"pack": network.packs, "unpack": network.unpacks}


@pytest.mark.parametrize(
    ("name", "placed"),
    [
        ("phases", 1),
        ("hard-swish", 1),
        ("SiLU", 2),
        ("depthwise behind depthwise", 1),
        ("depthwise behind a sum", 0),
        ("mixed readers", 0),
    ],
)
def test_what_depthwise_convolutions_read_is_computed_with_them(name: str, placed: int):
    network = next(network for network in NETWORKS if network.name == name)
    settings = Settings(keep_stages=True)
    text = compile(network.chain(), (network.x(),), settings=settings).mlir("scheduled")
    assert text.count("placement = consumer") == placed


_OTHER_SCHEDULES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"place_in_consumers": False}),
    ({}, {"cache_bytes": 2048}),
    ({}, {"cache_bytes": 1 << 30}),
    ({"cores": 1}, {}),
    ({"features": ("broadcast_load",), "vector_bits": 256, "registers": 16}, {}),
    ({"features": ("broadcast_load", "lane_multiply"), "vector_bits": 128}, {}),
    ({"features": (), "vector_bits": 128, "registers": 16}, {}),
]


@pytest.mark.parametrize("number", range(len(_OTHER_SCHEDULES)))
def test_other_schedules(number: int):
    processor, options = _OTHER_SCHEDULES[number]
    pipeline = Pipeline.for_target(replace(get_target("llvm-cpu"), **processor))
    pipeline = pipeline.with_options("pattern-schedule-convolutions", **options)
    # Each has half of the networks, and the next one has the others.
    networks = NETWORKS[number % 2 :: 2]
    model = Chains([network.chain() for network in networks])
    inputs = tuple(network.x() for network in networks)
    results = iter(compile(model, inputs, pipeline=pipeline)(*inputs))
    for chain, x in zip(model.chains, inputs, strict=True):
        assert_close_chain([next(results) for _ in (-1, *chain.outputs)], chain, x)


def test_window_as_large_as_the_image_that_begins_in_the_padding():
    chain, x = Chain([Node(layer=nn.AvgPool2d(4, 4, padding=1))]), torch.randn(1, 2, 4, 4)
    assert_close_chain(compile(chain, (x,))(x), chain, x)


def test_image_whose_phases_have_one_position():
    nodes = [Node(layer=nn.Conv2d(8, 16, 1)), Node(layer=nn.Conv2d(16, 8, 3, 2, padding=1))]
    chain, x = Chain(nodes), torch.randn(1, 8, 2, 2)
    assert_close_chain(compile(chain, (x,))(x), chain, x)


KERNELS = [(1, 1), (3, 3), (3, 3), (2, 2), (5, 5), (1, 3), (3, 1), (2, 3)]


def _size(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


@st.composite
def layers(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[nn.Module, tuple[int, ...]]:
    """A layer that takes an image of some channels, and what it makes."""
    channels, *image = shape
    kinds = ["conv", "conv", "conv", "depthwise", "max", "average", "global", "activation"]
    kind = draw(st.sampled_from(kinds))
    if kind == "activation":
        return draw(st.sampled_from([nn.Hardswish(), nn.SiLU()])), shape
    if kind == "global":
        return nn.AdaptiveAvgPool2d(1), (channels, 1, 1)
    kernel = draw(st.sampled_from(KERNELS))
    is_convolution = kind in ("conv", "depthwise")
    padding = draw(
        st.sampled_from([(0, 0), *[(kernel[0] // 2, kernel[1] // 2)] * 2])
        if not is_convolution
        else st.sampled_from([(0, 0), (1, 2), *[(kernel[0] // 2, kernel[1] // 2)] * 3])
    )
    strides = draw(st.sampled_from([(1, 1), (1, 1), (1, 1), (2, 2), (2, 1), (1, 3)]))
    dilations = draw(st.sampled_from([(1, 1), (1, 1), (2, 2)])) if is_convolution else (1, 1)
    made = tuple(map(_size, image, kernel, strides, padding, dilations))
    if min(made) < 1:  # does not fit
        return nn.MaxPool2d(1), shape
    if not is_convolution:
        pool = nn.MaxPool2d if kind == "max" else nn.AvgPool2d
        return pool(kernel, strides, padding), (channels, *made)
    groups = channels if kind == "depthwise" else 1
    # The channels that there are, so that the image can be added to one before it.
    filters = draw(st.sampled_from([channels, channels, 4, 8, 16, 3]))
    if filters % groups != 0:
        filters = channels
    layer = nn.Conv2d(
        channels,
        filters,
        kernel,
        strides,
        padding,
        dilations,
        groups,
        bias=draw(st.booleans()),
    )
    return layer, (filters, *made)


@st.composite
def chains(draw: st.DrawFn) -> tuple[Chain, torch.Tensor]:
    batch = draw(st.integers(1, 2))
    shapes = [(draw(st.sampled_from([1, 3, 4, 8])), *draw(st.tuples(*[st.integers(1, 20)] * 2)))]
    nodes: list[Node] = []
    read: set[int] = set()
    for _ in range(draw(st.integers(2, 6))):
        last = len(shapes) - 1
        reads = draw(st.sampled_from([last, last, last, max(last - 1, 0)]))
        layer, shape = draw(layers(shapes[reads]))
        same = [i for i, other in enumerate(shapes) if other == shape]
        adds = draw(st.sampled_from([None, *same]))
        nodes.append(Node(layer=layer, reads=reads, adds=adds, relu=draw(st.booleans())))
        shapes.append(shape)
        read |= {reads} if adds is None else {reads, adds}
    made = range(1, len(nodes))
    shown = draw(st.sampled_from([0, 0, *made]))
    outputs = [i for i in made if i not in read or i == shown]
    seed = draw(st.integers(0, 1000))
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, *shapes[0], generator=generator)
    pruning = draw(st.sampled_from(PRUNINGS))
    return Chain(nodes, outputs=outputs, pruning=pruning, seed=seed), x


# Several chains are one module, because a compilation costs much more than what is in it, and
# because they then have one layout in common.
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(chains(), min_size=4, max_size=4))
def test_random_chains(cases):
    model = Chains([chain for chain, _ in cases])
    inputs = tuple(x for _, x in cases)
    results = list(compile(model, inputs)(*inputs))
    for chain, x in cases:
        assert_close_chain([results.pop(0) for _ in (-1, *chain.outputs)], chain, x)
    assert not results
