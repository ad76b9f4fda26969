# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Depthwise convolutions on GPUs whose workgroups compute what they read."""

from dataclasses import dataclass

import pytest
import torch

from chains import DENSE, GROUPS, Chain, Chains, Node, conv
from machines import require_machine
from oracle import assert_close_chain
from patternc import Pipeline, compile
from patternc.compiler import LayerSchedule, get_target, write_schedules
from patternc.settings import Settings

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.vulkan]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Two layers, and how they run: fields of the schedules beside what follows from others."""

    nodes: tuple[Node, Node]
    image: tuple[int, int, int, int]
    made: str
    parts: int
    read: str
    threads: int = 64

    def schedules(self) -> tuple[str, str]:
        form, threads = "#schedule.gpu_output_stationary", self.threads
        return (
            f"{form}<threads = {threads}, {self.made}, placement = consumer>",
            f"{form}<threads = {threads}, {self.read}, filters = 1, parts = {self.parts}>",
        )


def depthwise(channels: int, kernel=3, **arguments):
    return conv(channels, channels, kernel, groups=channels, **arguments)


CASES = {
    "the whole image": Case(
        nodes=(Node(layer=conv(8, 16, 1), relu=True), Node(layer=depthwise(16))),
        image=(2, 8, 7, 7),
        made="rows = 1, filters = 4, parts = 2",
        parts=8,
        read="rows = 1",
    ),
    "slices and parts": Case(
        nodes=(Node(layer=conv(16, 32, 1)), Node(layer=depthwise(32), relu=True)),
        image=(1, 16, 7, 7),
        made="rows = 2, filters = 4, slices = 2, parts = 4",
        parts=16,
        read="rows = 4",
        threads=128,
    ),
    "several tiles a thread, in slices": Case(
        nodes=(Node(layer=conv(4, 8, 1)), Node(layer=depthwise(8))),
        image=(1, 4, 18, 21),
        made="rows = 1, filters = 4, slices = 4",
        parts=4,
        read="rows = 2",
    ),
    "bands": Case(
        nodes=(Node(layer=conv(4, 8, 1), relu=True), Node(layer=depthwise(8))),
        image=(1, 4, 14, 14),
        made="rows = 2, filters = 8",
        parts=8,
        read="rows = 1, bands = 4",
    ),
    "a row a band, and what is read of it beyond the image": Case(
        nodes=(Node(layer=conv(4, 8, 1)), Node(layer=depthwise(8, (3, 5), padding=(4, 6)))),
        image=(1, 4, 5, 6),
        made="rows = 1, filters = 2",
        parts=2,
        read="rows = 1, bands = 11",
    ),
    "dilated": Case(
        nodes=(Node(layer=conv(4, 8, 1)), Node(layer=depthwise(8, dilation=2, padding=2))),
        image=(1, 4, 12, 11),
        made="rows = 1, filters = 4",
        parts=4,
        read="rows = 2, bands = 3",
    ),
    "patterns before it": Case(
        nodes=(Node(layer=conv(8, 8)), Node(layer=depthwise(8), adds=0)),
        image=(1, 8, 16, 16),
        made="rows = 2, filters = 4",
        parts=4,
        read="rows = 4, bands = 2",
    ),
}


@pytest.mark.parametrize("target", ["vulkan", "vulkan-llvmpipe"])
def test_any_placement_is_right(target: str, tmp_path):
    require_machine(target)
    cases = CASES.values()
    prunings = (GROUPS, DENSE)
    model = Chains(
        [Chain(case.nodes, pruning=prunings[i % 2], seed=i) for i, case in enumerate(cases)]
    )
    chosen = {
        f"chains.{i}.layers.{j}": schedule
        for i, case in enumerate(cases)
        for j, schedule in enumerate(case.schedules())
    }
    attribute = get_target(target).attribute
    write_schedules(
        tmp_path / "schedules.json",
        [
            LayerSchedule(target=attribute, layer={"name": layer}, schedule=schedule)
            for layer, schedule in chosen.items()
        ],
    )
    pipeline = Pipeline.for_target(get_target(target), schedules=tmp_path / "schedules.json")
    pipeline = pipeline.with_options("pattern-compress-weights", max_filter_group=8)
    inputs = tuple(
        torch.randn(case.image, generator=torch.Generator().manual_seed(i))
        for i, case in enumerate(cases)
    )
    module = compile(model, inputs, target=target, pipeline=pipeline)
    schedules = [layer.schedule for layer in module.report().layers]
    assert sum("placement = consumer" in schedule for schedule in schedules) == len(cases)
    results = iter(module(*inputs))
    for chain, x in zip(model.chains, inputs, strict=True):
        assert_close_chain([next(results) for _ in (-1, *chain.outputs)], chain, x)


def test_small_images_are_placed():
    nodes = [Node(layer=conv(48, 96, 1), relu=True), Node(layer=depthwise(96))]
    model, x = Chain(nodes, pruning=GROUPS), torch.randn(1, 48, 14, 14)
    settings = Settings(keep_stages=True)
    module = compile(model, (x,), target="vulkan-ampere", settings=settings)
    assert module.mlir("scheduled").count("placement = consumer") == 1
    assert_close_chain(module(x), model, x)
