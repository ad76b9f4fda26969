# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whatever is given to a public function from outside: its result, or one error of the family."""

import contextlib
import struct
from itertools import pairwise

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import patternc
from patternc import PatterncError, PruningConfig
from patternc.cocotune import (
    FineTuningConfig,
    Objective,
    find_modules,
    read_network,
    read_solver,
    read_subspace,
)
from patternc.compiler import Pass
from patternc.models import load_weights_
from patternc.prune import analyze, prune_data_free_
from patternc.search import search_rates
from patternc.settings import Settings
from patternc.train import TrainingConfig, accuracy
from patternc.train.checkpoint import load_tree, save_tree
from patternc.train.run_directory import RunDirectory

pytestmark = pytest.mark.torch

IMAGE = torch.randn(1, 8, 8, 8)
DEEP = "[" * 100_000


def nested(depth: int) -> nn.Module:
    model = nn.Conv2d(8, 8, 3, padding=1)
    for _ in range(depth):
        model = nn.Sequential(model)
    return model


@pytest.mark.parametrize("depth", [250, 1500])
@pytest.mark.parametrize(
    "call",
    [
        analyze,
        patternc.prune_,
        lambda model: patternc.fit(model, None, [(IMAGE, IMAGE)], progress=False),
        lambda model: prune_data_free_(model, [IMAGE], progress=False),
        lambda model: search_rates(model, (IMAGE,), "weights < 1", progress=False),
        lambda model: find_modules(model, IMAGE),
        pytest.param(lambda model: patternc.compile(model, (IMAGE,)), marks=pytest.mark.iree),
    ],
)
def test_models_that_are_nested_deep(call, depth):
    # Some of them manage a depth of 250.
    expected = pytest.raises if depth > 1000 else contextlib.suppress
    with expected(PatterncError):
        call(nested(depth))


def test_weights_of_a_model_that_is_nested_deep(tmp_path):
    torch.save({}, tmp_path / "w.pth")
    with pytest.raises(PatterncError, match="the model is nested too deep for Python's stack"):
        load_weights_(nested(1500), tmp_path / "w.pth")


@pytest.mark.parametrize("kind", [PruningConfig, TrainingConfig, FineTuningConfig])
@pytest.mark.parametrize(
    "text",
    [
        DEEP,
        "{a: " * 5000,
        "a: &a [*a]",
        "&a {admm: *a}",
        "epochs: 2020-13-45",
        "epochs: " + "9" * 5000,
        "rate: 1" + "0" * 400,
        "learning_rate: 1" + "0" * 400,
        "admm: {rho_start: 1" + "0" * 400 + "}",
        "a\0b",
        "!!python/object/apply:os.system [x]",
        "? [a]\n: b",
        "targets: ['re:" + "(" * 5000 + "']",
        "pattern_sets: {3x3: [[99999999999999999999]]}",
        "- 1",
    ],
)
def test_configs(kind, text):
    with pytest.raises(PatterncError):
        kind.from_yaml(text)


def test_fields_that_no_config_has():
    with pytest.raises(PatterncError, match="unknown field 'target'; did you mean 'targets'"):
        patternc.prune_(nn.Conv2d(8, 8, 3), target="0")


@pytest.mark.parametrize("suffix", ["json", "yaml", "pkl"])
@pytest.mark.parametrize("content", [b"", DEEP.encode(), b"\xff\0", b"[[1" + b"0" * 5000 + b"]]"])
def test_subspaces(suffix, content, tmp_path):
    file = tmp_path / f"subspace.{suffix}"
    file.write_bytes(content)
    with pytest.raises(PatterncError):
        read_subspace(file, modules=("a",))


@pytest.mark.caffe
@pytest.mark.parametrize("read", [read_network, read_solver])
@pytest.mark.parametrize(
    "text",
    [
        "layer {" * 5000,
        "\0",
        'input: "x" input_shape { dim: 1 dim: 999999999999 dim: 999999999999 dim: 9 }'
        'layer { type: "ReLU" bottom: "x" top: "y" }',
        "base_lr: 1 max_iter: 9999 lr_policy: 'exp' gamma: 1e30",
        "base_lr: 1 max_iter: 9999 lr_policy: 'inv' gamma: 1 power: -1e30",
    ],
)
def test_prototxt(read, text):
    pytest.importorskip("google.protobuf")
    with pytest.raises(PatterncError):
        read(text)


@pytest.mark.caffe
def test_names_of_layers_that_an_object_has_already():
    pytest.importorskip("google.protobuf")
    names = ["x", "_steps", "training", "image", "marked", "_modules", "__init__", "how_to_mark"]
    text = 'input: "x" input_shape { dim: 1 dim: 2 dim: 3 dim: 3 }\n'
    for bottom, top in pairwise(names):
        text += f'layer {{ name: "{top}" type: "ReLU" bottom: "{bottom}" top: "{top}" }}\n'
    images = torch.randn(1, 2, 3, 3)
    assert torch.equal(read_network(text)(images), images.relu())


@pytest.mark.parametrize("text", ["", "\0", "9" * 5000, "1e999", "nan"])
def test_objectives(text, tmp_path):
    with pytest.raises(PatterncError):
        Objective.parse(f"min ModelSize\nconstraint Accuracy > {text}")
    with pytest.raises(PatterncError):
        Objective.from_file(tmp_path / f"a\0{text}")


@pytest.mark.parametrize(
    "tree",
    [
        None,
        DEEP,
        "5 5",
        '{"__tensor__": [1]}',
        '{"__tensor__": "none"}',
        '{"__items__": 5}',
        '{"__items__": [[[1], 2]]}',
        '{"other": 5}',
    ],
)
def test_checkpoints(tree, tmp_path):
    file = tmp_path / "c.safetensors"
    save_file({"a": torch.zeros(1)}, file, metadata=None if tree is None else {"tree": tree})
    with pytest.raises(PatterncError, match="damaged"):
        load_tree(file)


@pytest.mark.parametrize("content", [b"", struct.pack("<Q", 2**63) + b"{", b"text"])
def test_files_that_are_no_checkpoint(content, tmp_path):
    (tmp_path / "c.safetensors").write_bytes(content)
    with pytest.raises(PatterncError):
        load_tree(tmp_path / "c.safetensors")


@pytest.mark.parametrize("text", ["", "- 1", "abc", "pruning: 5", DEEP])
def test_run_directories(text, tmp_path):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(PatterncError, match=r"damaged|not valid YAML|differs in pruning"):
        RunDirectory(tmp_path, {"pruning": {"a": 1}}, resume=True)


@pytest.mark.parametrize("log", ["null\n{}\n", f"{DEEP}\n{{}}\n", "\n{}\n"])
def test_logs_of_runs(log, tmp_path):
    (tmp_path / "config.yaml").write_text("{}")
    (tmp_path / "log.jsonl").write_text(log)
    with pytest.raises(PatterncError, match="damaged in line 1"):
        RunDirectory(tmp_path, {}, resume=True)


@pytest.mark.parametrize("value", [None, "x", [1], 10**30])
@pytest.mark.parametrize("key", ["phase", "epoch", "model", "optimizer", "random_state"])
def test_runs_whose_last_checkpoint_is_of_something_else(key, value, tmp_path):
    def run(resume: bool):
        model = nn.Sequential(nn.Conv2d(8, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        patternc.fit(
            model,
            PruningConfig(method="one-shot"),
            [(IMAGE, torch.zeros(1).long())],
            training=TrainingConfig(retrain_epochs=1),
            run_directory=tmp_path,
            resume=resume,
            progress=False,
        )

    run(resume=False)
    *_, last = sorted(tmp_path.glob("checkpoint-*"))
    save_tree(last, {**load_tree(last), key: value})
    (tmp_path / "checkpoint-old.safetensors").touch()  # is none
    with pytest.raises(PatterncError, match=r"the last checkpoint of .* is damaged"):
        run(resume=True)


@pytest.mark.parametrize(
    "call",
    [
        lambda: patternc.fit("model", None, []),
        lambda: patternc.fit(nn.Conv2d(8, 8, 3), None, [5], progress=False),
        lambda: patternc.fit(nn.Conv2d(8, 8, 3), None, [(IMAGE,)], progress=False),
        lambda: patternc.fit(nn.Conv2d(8, 8, 3), None, [], device="none", progress=False),
        lambda: patternc.fit(nn.Conv2d(8, 8, 3), None, [], run_directory="a\0b", progress=False),
        lambda: accuracy(nn.Conv2d(8, 8, 3), [(IMAGE,)]),
        lambda: find_modules(None, IMAGE),
        lambda: find_modules(nn.Conv2d(8, 8, 3), None),
        lambda: prune_data_free_(nn.Conv2d(8, 8, 3), [torch.zeros(1, 3, 3, 3)], progress=False),
    ],
)
def test_arguments_of_another_kind(call):
    with pytest.raises(PatterncError):
        call()


@pytest.mark.iree
@pytest.mark.parametrize(
    "settings", [{"dump_dir": "a\0b"}, {"dump_dir": "/proc/x"}, {"reproducer_dir": "/proc/x"}]
)
def test_folders_that_cannot_be_made(settings):
    with pytest.raises(PatterncError):
        patternc.compile(nn.ReLU(), (IMAGE,), settings=Settings(**settings))


@pytest.mark.iree
@pytest.mark.parametrize("text", ["\ud800{", "{\0}", "module {", "-" * 5000 + "{"])
def test_texts(text):
    with pytest.raises(PatterncError):
        patternc.compile(text)


@pytest.mark.iree
@pytest.mark.parametrize("given", [Pass("none"), Pass("pattern-raise-convolutions", {"max-": "}"})])
def test_passes(given):
    with pytest.raises(PatterncError):
        patternc.compile(nn.ReLU(), (IMAGE,), pipeline=patternc.Pipeline((given,)))
