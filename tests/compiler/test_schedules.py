# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Schedules that are enumerated, written to a file and taken from it."""

import random

import pytest

from convolutions import Convolution, Convolutions, Pruning
from machines import require_machine, run
from oracle import assert_close_convolution
from patternc import Pipeline, compile, ir, passmanager
from patternc.compiler import LayerSchedule, enumerate_schedules, get_target, write_schedules
from patternc.errors import TargetError
from patternc.frontends import import_model

pytestmark = [pytest.mark.iree, pytest.mark.torch]

# Patterns in groups, filters that share nothing, a stride, a depthwise layer, one without patterns,
# a matrix.
CASES = [
    Convolution(
        channels=8, filters=16, image=(9, 9), padding=(1, 1), pruning=Pruning(form="group")
    ),
    Convolution(channels=4, filters=48, image=(9, 9), padding=(1, 1)),
    Convolution(channels=6, filters=8, image=(9, 9), strides=(2, 2), pruning=Pruning(form="group")),
    Convolution(channels=8, filters=8, groups=8, image=(7, 7), padding=(1, 1)),
    Convolution(channels=8, filters=8, kernel=(1, 1), image=(7, 7), pruning=Pruning(form="group")),
    Convolution(channels=32, filters=32, kernel=(1, 1), image=(1, 1), batch=5),
]
MODEL = Convolutions(CASES)
INPUTS = tuple(case.input() for case in CASES)


def enumerated(target: str) -> dict[str, list[str]]:
    imported = import_model(MODEL, INPUTS)
    module = ir.Module.parse(imported.text, ir.Context(), resources=imported.blobs)
    for step in Pipeline.for_target(get_target(target)):
        manager = passmanager.PassManager.parse(f"builtin.module({step})", module.context)
        manager.run(module)
        if step.name == "pattern-layout-activations":
            return enumerate_schedules(module)
    raise AssertionError("no layout in the pipeline")


@pytest.mark.parametrize("target", ["llvm-cpu", "x86-64-v3", "snapdragon-855", "vulkan", "vmvx"])
def test_the_chosen_schedule_is_one_of_those_enumerated(target: str):
    layers = compile(MODEL, INPUTS, target=target).report().layers
    found = enumerated(target)
    for layer in layers:
        assert found[layer.name][0] == layer.schedule
        assert len(set(found[layer.name])) == len(found[layer.name]) > 1


@pytest.mark.parametrize(
    ("target", "seed"),
    [*(("llvm-cpu", seed) for seed in range(3)), ("x86-64-v3", 0), ("vmvx", 0)]
    + [("vulkan", seed) for seed in range(3)],
)
def test_any_schedule_is_right(target: str, seed: int, tmp_path):
    require_machine(target)
    rng = random.Random(seed)
    chosen = {layer: rng.choice(found) for layer, found in enumerated(target).items()}
    write_schedules(
        tmp_path / "schedules.json",
        [
            LayerSchedule(
                target=get_target(target).attribute, layer={"name": layer}, schedule=schedule
            )
            for layer, schedule in chosen.items()
        ],
    )
    pipeline = Pipeline.for_target(get_target(target), schedules=tmp_path / "schedules.json")
    module = compile(MODEL, INPUTS, target=target, pipeline=pipeline)
    assert {layer.name: layer.schedule for layer in module.report().layers} == chosen
    results = run(module, *INPUTS, folder=tmp_path)
    for layer, x, result in zip(MODEL.layers, INPUTS, results, strict=True):
        assert_close_convolution(result, layer, x)


def test_groups_and_schedules_of_a_report_are_taken_by_shape(tmp_path):
    target = get_target("vmvx")
    pipeline = Pipeline.for_target(target).with_options(
        "pattern-compress-weights", max_filter_group=2
    )
    before = compile(MODEL, INPUTS, target=target, pipeline=pipeline).report().layers
    path = tmp_path / "schedules.json"
    write_schedules(path, [LayerSchedule.of(layer, target) for layer in before])
    pipeline = Pipeline.for_target(target, schedules=path)
    assert [step.stage for step in pipeline if step.options.get("file")] == ["groups", "applied"]
    after = compile(MODEL, INPUTS, target=target, pipeline=pipeline).report().layers
    assert [(layer.filter_group, layer.schedule) for layer in after] == [
        (layer.filter_group, layer.schedule) for layer in before
    ]


def test_file_that_is_not_there(tmp_path):
    with pytest.raises(TargetError, match=r"no file of schedules '.*none.json'$"):
        Pipeline.for_target(get_target("vmvx"), schedules=tmp_path / "none.json")
