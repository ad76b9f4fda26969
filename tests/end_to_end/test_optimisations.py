# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Every optimisation can be switched off, and the result stays what it is."""

from collections.abc import Callable

import pytest

from chains import NETWORKS, Chains
from convolutions import Convolution, Convolutions, Pruning
from machines import EVERY_TARGET_BUT_THE_HOST, require_machine, run
from oracle import assert_close_chain, assert_close_convolution
from patternc import Pipeline, compile
from patternc.compiler import get_target

pytestmark = [pytest.mark.iree, pytest.mark.torch]

GROUP = Pruning(form="group")
CASES = [
    Convolution(channels=16, filters=16, image=(13, 9), pruning=GROUP, activation="relu"),
    Convolution(
        channels=8, filters=24, padding=(1, 1), pruning=Pruning(form="group", group_size=8)
    ),
    Convolution(channels=8, filters=8, image=(20, 18), strides=(2, 1), pruning=GROUP, batch=2),
    Convolution(channels=4, filters=12, image=(7, 7), padding=(1, 1), bias=False),
    Convolution(kernel=(5, 5), image=(9, 9), channels=2, filters=8),
]

SCHEDULE = "pattern-schedule-convolutions"
OFF: dict[str, Callable[[Pipeline], Pipeline]] = {
    "epilogues": lambda p: p.without("pattern-fuse-epilogues"),
    "reordering": lambda p: p.without("pattern-reorder-filters"),
    "groups": lambda p: p.with_options("pattern-compress-weights", max_filter_group=1),
    "sharing": lambda p: p.without("pattern-eliminate-redundant-loads"),
    "filters": lambda p: p.with_options(SCHEDULE, filters=1),
    "vectors": lambda p: p.with_options(SCHEDULE, max_vectors=1),
    "tiles": lambda p: p.with_options(SCHEDULE, cache_bytes=1 << 40),
    "prefetch": lambda p: p.with_options(SCHEDULE, prefetch=False),
    "stationary": lambda p: p.with_options(SCHEDULE, input_stationary=False),
}


def without(*names: str, target: str = "llvm-cpu") -> Pipeline:
    pipeline = Pipeline.for_target(get_target(target))
    for name in names:
        pipeline = OFF[name](pipeline)
    return pipeline


@pytest.mark.parametrize("name", OFF)
def test_one(name: str):
    model = Convolutions(CASES)
    inputs = tuple(case.input() for case in CASES)
    results = compile(model, inputs, pipeline=without(name))(*inputs)
    for layer, x, result in zip(model.layers, inputs, results, strict=True):
        assert_close_convolution(result, layer, x)


@pytest.mark.parametrize("target", EVERY_TARGET_BUT_THE_HOST)
@pytest.mark.parametrize("names", [("filters", "sharing"), tuple(OFF)], ids=["LRE", "all"])
def test_several(names: tuple[str, ...], target: str, tmp_path):
    require_machine(target)
    model = Convolutions(CASES)
    inputs = tuple(case.input() for case in CASES)
    module = compile(model, inputs, target=target, pipeline=without(*names, target=target))
    results = run(module, *inputs, folder=tmp_path)
    for layer, x, result in zip(model.layers, inputs, results, strict=True):
        assert_close_convolution(result, layer, x)


def test_all_in_networks():
    model = Chains([network.chain() for network in NETWORKS])
    inputs = tuple(network.x() for network in NETWORKS)
    results = iter(compile(model, inputs, pipeline=without(*OFF))(*inputs))
    for chain, x in zip(model.chains, inputs, strict=True):
        assert_close_chain([next(results) for _ in (-1, *chain.outputs)], chain, x)


def test_some_filters_of_a_group_at_once():
    model = Convolutions(CASES)
    inputs = tuple(case.input() for case in CASES)
    pipeline = Pipeline.for_target(get_target("llvm-cpu")).with_options(SCHEDULE, filters=2)
    module = compile(model, inputs, pipeline=pipeline)
    assert [layer.filter_group for layer in module.report().layers] == [4, 8, 4, 6, 8]
    assert all("filters = 2," in layer.schedule for layer in module.report().layers)
    for layer, x, result in zip(model.layers, inputs, module(*inputs), strict=True):
        assert_close_convolution(result, layer, x)
