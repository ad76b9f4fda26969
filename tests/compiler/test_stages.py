# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What can be looked at and changed: stages, the pipeline object, dumps."""

import shlex
import subprocess

import pytest
import torch
from torch import nn

from convolutions import Convolution, Pruning
from oracle import assert_close_convolution
from patternc import PatterncError, Pipeline, compile, ir
from patternc.compiler import Pass, get_target, target_names
from patternc.errors import ModelError, TargetError
from patternc.passmanager import PassManager
from patternc.settings import Settings

pytestmark = [pytest.mark.iree, pytest.mark.torch]

CASE = Convolution(
    channels=8, filters=8, padding=(1, 1), activation="relu", pruning=Pruning(form="group")
)
POOLED = nn.Sequential(CASE.layer(), nn.MaxPool2d(2))
HOST = get_target("llvm-cpu")
STAGES = (
    "linalg",
    "target",
    "batch-norms",
    "constants",
    "integers",
    "convolutions",
    "rows",
    "pooling",
    "fully-connected",
    "graph",
    "quantized",
    "reordered",
    "packed",
    "planes",
    "scheduled",
    "lowered",
    "shared",
    "widened",
    "isolated",
    "scalarized",
    "truncated",
    "egress",
)


@pytest.fixture(scope="module")
def compiled():
    return compile(POOLED, (CASE.input(),), settings=Settings(keep_stages=True))


@pytest.mark.parametrize(
    ("stage", "there", "gone"),
    [
        ("linalg", "linalg.conv_2d_nchw_fchw", "pattern."),
        ("convolutions", "pattern.conv2d", "linalg.conv"),
        ("pooling", "pattern.pool2d <max>", "linalg.pooling"),
        ("graph", "#pattern.activation<relu>", "linalg.generic"),
        ("reordered", "filter_order = array<i32:", "pattern.packed_conv2d"),
        ("packed", "pattern.packed_conv2d", "pattern.conv2d"),
        ("planes", "#pattern.planes<", "#schedule."),
        ("scheduled", "schedule(#schedule.cpu_", "pattern.conv2d"),
        ("lowered", "stream.executable", "pattern.packed_conv2d"),
        ("shared", "stream.executable", "pattern.packed_conv2d"),
        ("egress", "#flow.parameter.named", "#pattern."),
    ],
)
def test_stage(compiled, stage, there, gone):
    text = compiled.mlir(stage)
    assert there in text
    assert gone not in text


def test_all_stages_are_in_order(compiled):
    assert compiled.stages == STAGES


def test_unknown_stage_names_those_there_are(compiled):
    with pytest.raises(
        ModelError,
        match=r"no stage 'llvm'; there are linalg, target, batch-norms, constants, integers, ",
    ):
        compiled.mlir("llvm")


def test_stages_are_kept_on_request_only():
    module = compile(CASE.layer(), (CASE.input(),))
    assert module.stages == ()
    with pytest.raises(ModelError, match=r"settings=Settings\(keep_stages=True\)"):
        module.mlir("graph")


def test_pipeline_prints_as_pattern_opt_takes_it():
    assert str(Pipeline((Pass("canonicalize"),))) == "builtin.module(canonicalize)"
    pipeline = Pipeline((Pass("a", {"x-y": 3, "z": True}), Pass("b")))
    assert str(pipeline) == "builtin.module(a{x-y=3 z=true},b)"
    assert shlex.split(pipeline.command_line("a file.mlir")) == [
        "pattern-opt",
        "a file.mlir",
        "--pass-pipeline=builtin.module(a{x-y=3 z=true},b)",
    ]


def test_pipelines_are_values():
    pipeline = Pipeline.for_target(HOST)
    before = str(pipeline)
    name = "pattern-compress-weights"
    assert name not in str(pipeline.without(name))
    assert "max-filter-group=2" in str(pipeline.with_options(name, max_filter_group=2))
    names = [p.name for p in pipeline.inserted(Pass("canonicalize"), after=name)]
    assert names.index("canonicalize") == names.index(name) + 1
    assert str(pipeline) == before


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("name", target_names())
def test_pipeline_is_the_named_one(name, precision):
    """What `compile` runs, pass by pass, is what pattern-opt knows by a name."""
    target = get_target(name)
    if precision == "float16" and not target.has_float16:
        with pytest.raises(TargetError, match="float16"):
            Pipeline.for_target(target, precision)
        return
    halves = str(precision == "float16").lower()
    named = f"pattern-linalg-to-iree-pipeline{{target={{{target.attribute}}} float16={halves}}}"
    texts = [
        str(PassManager.parse(text, ir.Context()))
        for text in (f"builtin.module({named})", str(Pipeline.for_target(target, precision)))
    ]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    "edit",
    [
        lambda pipeline: pipeline.without("pattern-fold"),
        lambda pipeline: pipeline.with_options("pattern-fold", x=1),
        lambda pipeline: pipeline.inserted(Pass("canonicalize"), after="pattern-fold"),
    ],
    ids=["without", "with_options", "inserted"],
)
def test_editing_names_the_passes_there_are(edit):
    with pytest.raises(
        TargetError, match=r"no pass 'pattern-fold' in the pipeline; it has pattern-a"
    ):
        edit(Pipeline.for_target(HOST))


def test_edited_pipeline_is_what_runs():
    layer, x = CASE.layer(), CASE.input()
    pipeline = (
        Pipeline.for_target(HOST)
        .without("pattern-reorder-filters")
        .with_options("pattern-compress-weights", max_filter_group=1)
        .inserted(Pass("canonicalize", stage="folded"), after="pattern-raise-convolutions")
    )
    module = compile(layer, (x,), pipeline=pipeline, settings=Settings(keep_stages=True))
    expected = ("convolutions", "folded", "rows", "pooling", "fully-connected")
    first = module.stages.index("convolutions")
    assert module.stages[first:][: len(expected)] == expected
    assert module.report().layers[0].filter_group == 1
    assert_close_convolution(module(x), layer, x)


def test_pass_that_does_not_exist():
    pipeline = Pipeline.for_target(HOST).inserted(
        Pass("pattern-fold"), after="pattern-reorder-filters"
    )
    with pytest.raises(PatterncError, match="pattern-fold"):
        compile(CASE.layer(), (CASE.input(),), pipeline=pipeline)


@pytest.mark.parametrize("target", target_names())
def test_pattern_opt_gives_the_same_text(target, tmp_path, pattern_opt):
    """From the dump of the first stage to the last, on the printed command line."""
    pipeline = Pipeline.for_target(get_target(target))
    module = compile(
        CASE.layer(),
        (CASE.input(),),
        target=target,
        settings=Settings(keep_stages=True, dump_dir=tmp_path),
    )
    command = shlex.split(pipeline.command_line(str(tmp_path / "00-linalg.mlir")))
    elide = [
        "--mlir-elide-resource-strings-if-larger=16",
        "--mlir-elide-elementsattrs-if-larger=16",
    ]
    run = subprocess.run(
        [pattern_opt, *command[1:], *elide], capture_output=True, text=True, check=True
    )
    text = run.stdout.split("\n{-#")[0].rstrip()
    assert text == module.mlir("egress").split("\n{-#")[0].rstrip()


def test_dump_has_every_stage_and_the_kernels(tmp_path):
    compile(CASE.layer(), (CASE.input(),), settings=Settings(dump_dir=tmp_path / "new" / "folder"))
    dumped = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert dumped == {f"{i:02}-{stage}.mlir" for i, stage in enumerate(STAGES)} | {"kernels"}
    assert list((tmp_path / "new" / "folder" / "kernels").glob("*.s"))


def test_print_ir_and_timing_go_to_stderr(capfd):
    compile(
        CASE.layer(),
        (CASE.input(),),
        target="vmvx",
        progress=False,
        settings=Settings(print_ir=True, timing=True),
    )
    output = capfd.readouterr()
    assert output.out == ""
    assert "IR Dump After" in output.err
    assert "Execution time report" in output.err


def test_progress_is_shown_when_asked_for(capfd):
    compile(CASE.layer(), (CASE.input(),), target="vmvx", progress=True)
    assert "IREE for vmvx" in capfd.readouterr().err
    compile(CASE.layer(), (CASE.input(),), target="vmvx")
    assert capfd.readouterr().err == ""


def test_threads():
    layer, x = CASE.layer(), CASE.input()
    module = compile(layer, (x,), threads=1)
    assert module.threads == 1
    assert_close_convolution(module(x), layer, x)


def test_compiling_twice_gives_the_same_module():
    first, second = (compile(CASE.layer(), (CASE.input(),), target="vmvx") for _ in range(2))
    assert first.vmfb == second.vmfb
    assert list(first.parameters) == list(second.parameters)
    x = CASE.input()
    assert torch.equal(first(x), second(x))
