# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`patternc cocotune`: the whole flow, a run that goes on, and errors in one line."""

import pickle
import sys

import pytest

import patternc
from patternc.command_line import main

pytestmark = [pytest.mark.data, pytest.mark.torch]

# A module of the user's, with images of one channel.
NETWORK = """
from patternc.models import SmallResNet


def network():
    return SmallResNet(channels=1, width=4)
"""
PROTOTXT = """
input: "data" input_shape { dim: 1 dim: 1 dim: 8 dim: 8 }
layer { name: "a" module: "block" type: "Convolution" bottom: "data" top: "a"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "b" module: "block" type: "Convolution" bottom: "a" top: "b"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "logits" type: "InnerProduct" bottom: "b" top: "logits"
        inner_product_param { num_output: 10 } }
"""
SOLVER = 'dataset: "digits" batch_size: 64 base_lr: 0.01 max_iter: 2'
SHORT = "schedule: constant\nsteps: 2\nlearning_rate: 0.01\n"
ANY = ["--objective", "min ModelSize", "constraint Accuracy >= 0"]
DRAWN = ["--sample", "2", "--modules", "3", "4"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A working directory with the user's files."""
    (tmp_path / "network.py").write_text(NETWORK)
    (tmp_path / "net.prototxt").write_text(PROTOTXT)
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    (tmp_path / "short.yaml").write_text(SHORT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    sys.modules.pop("network", None)


def cocotune(*options: str, model: str = "network:network", data: str = "digits") -> int:
    short = ["--pretraining-config", "short.yaml", "--fine-tuning-config", "short.yaml"]
    given = ["--model", model, "--data", data, "--dense-steps", "2", *short, *options]
    return main(["cocotune", *given])


def assert_fails(capsys, message: str) -> None:
    """One line on standard error, which has the message."""
    error = capsys.readouterr().err
    lines = [line for line in error.splitlines() if line.startswith("patternc: ")]
    assert len(lines) == 1 and lines[0].startswith("patternc: error: ")
    assert message in lines[0]


@pytest.mark.iree
@pytest.mark.slow
def test_explores_and_compiles(folder, capsys):
    pytest.importorskip("matplotlib")
    pictures = ["--grammar", "grammar.png", "--plot", "curves.png"]
    options = ["--run-directory", "run", "--output", "best.patternc", *pictures]
    assert cocotune(*ANY, *DRAWN, *options) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("2 configurations of 2 modules, ")
    assert "\nconfiguration  " in printed and "its latency, compiled" in printed
    assert patternc.load("best.patternc").report().layers
    assert (folder / "grammar.png").exists() and (folder / "curves.png").exists()
    # All of it, without training anything but the network that is left.
    assert cocotune(*ANY, *DRAWN, *options, "--resume", "--all") == 0
    again = capsys.readouterr().out
    assert "networks explored      2 of 2" in again
    assert (folder / "run" / "log.jsonl").read_text().count('"accuracy"') == 2
    assert cocotune(*ANY, *DRAWN, *options) == 1
    assert_fails(capsys, "run holds a run already")


@pytest.mark.caffe
@pytest.mark.iree
def test_published_inputs(folder, capsys):
    pytest.importorskip("google.protobuf")
    (folder / "subspace.pkl").write_bytes(pickle.dumps([[0.5], [0.7]]))
    (folder / "objective.txt").write_text("max Accuracy\nconstraint MultiplyAdds < 1M\n")
    inputs = ["--prototxt", "net.prototxt", "--solver", "solver.prototxt", "--dense-steps", "2"]
    options = ["--subspace", "subspace.pkl", "--objective", "objective.txt", "--default-networks"]
    assert main(["cocotune", *inputs, *options, "--pruning", "filter"]) == 0
    printed = capsys.readouterr().out
    assert "2 configurations of 1 modules" in printed
    assert "winner                 configuration 0: .5" in printed


def test_an_unreachable_objective_shows_what_was_explored(capsys, folder):
    pytest.importorskip("matplotlib")
    never = ["--objective", "min ModelSize", "constraint Accuracy > 1"]
    assert cocotune(*never, *DRAWN, "--plot", "curves.png") == 1
    found = capsys.readouterr()
    assert "networks explored  2 of 2" in found.out and "winner             none" in found.out
    assert "none of 2 networks meets 'Accuracy > 1'" in found.err
    # Known before anything is explored, and said then.
    lines = [line[9:] for line in found.err.splitlines()]
    missed = next(i for i, line in enumerate(lines) if "misses 'Accuracy > 1' itself" in line)
    training = [i for i, line in enumerate(lines) if line.startswith("training: ")]
    explored = [i for i, line in enumerate(lines) if line.startswith("network ")]
    assert training and len(explored) == 2 and max(training) < missed < min(explored)
    assert "which misses the constraint" in found.out
    assert (folder / "curves.png").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--objective", "min Size", "constraint Accuracy > 1", *DRAWN], "metric is 'Size'"),
        (["--objective", "nowhere.txt", *DRAWN], "nowhere.txt cannot be read"),
        ([*ANY, "--subspace", "nowhere.json"], "nowhere.json cannot be read"),
        ([*ANY, "--sample", "2", "--modules", "33"], "33"),
        ([*ANY, "--sample", "10", "--modules", "3"], "3 different configurations were found"),
        ([*ANY, *DRAWN, "--ratios", "1.5"], "ratios: the pruning ratio is 1.5"),
        ([*ANY, *DRAWN, "--sampler", "sequences"], "sequences is 3, expected 1 to 2"),
        ([*ANY, *DRAWN, "--workers", "-1"], "count of workers is -1, expected at least 1"),
        ([*ANY, *DRAWN, "--plot", "curves.pdf"], "--plot curves.pdf: pictures are PNG"),
        ([*ANY, *DRAWN, "--grammar", "a/b.png"], "--grammar: nothing can be written in"),
        ([*ANY, *DRAWN, "--output", "."], "exists and is not a patternc artefact"),
        ([*ANY, *DRAWN, "--run-directory", "net.prototxt"], "--run-directory cannot be made"),
        ([*ANY, *DRAWN, "--resume"], "--resume needs the --run-directory"),
        ([*ANY, *DRAWN, "--ray-address", "x"], "--ray-address needs --workers"),
        ([*ANY, *DRAWN, "--target", "snapdragon-865"], "did you mean 'snapdragon-855'?"),
        ([*ANY, *DRAWN, "--weights", "nowhere.pth"], "there is no file 'nowhere.pth'"),
    ],
)
def test_options_out_of_range(options, message, capsys, monkeypatch):
    monkeypatch.delattr("patternc.cocotune.fine_tune_")  # before anything is trained
    assert cocotune(*options) == 1
    assert_fails(capsys, message)


def test_no_data(capsys):
    assert main(["cocotune", "--model", "network:network", *ANY, *DRAWN]) == 1
    assert_fails(capsys, "no data to train with; give --data")


def test_a_bad_prototxt(capsys, folder):
    pytest.importorskip("google.protobuf")
    (folder / "net.prototxt").write_text(PROTOTXT.replace("kernel_size", "kernel"))
    arguments = ["--prototxt", "net.prototxt", "--data", "digits", *ANY, "--sample", "2"]
    assert main(["cocotune", *arguments]) == 1
    assert_fails(capsys, "net.prototxt, line 4, column")


def test_after_an_interrupt(capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("patternc.cocotune.explore", interrupted)
    assert cocotune(*ANY, *DRAWN, "--run-directory", "run") == 130
    assert "go on with: patternc cocotune --model" in capsys.readouterr().err
    assert cocotune(*ANY, *DRAWN) == 130
    assert "a run with --run-directory could be resumed" in capsys.readouterr().err


def test_what_is_wrong_is_said_before_training(capsys, folder, monkeypatch):
    def trained(*_, **__):
        raise AssertionError

    monkeypatch.setattr("patternc.cocotune.fine_tune_", trained)
    assert cocotune(*ANY, *DRAWN, "--pretraining-config", "nowhere.yaml") == 1
    assert_fails(capsys, "nowhere.yaml cannot be read")
    network = folder / "run" / "network.safetensors"
    network.parent.mkdir()
    network.write_bytes(b"of another run")
    assert cocotune(*ANY, *DRAWN, "--run-directory", "run") == 1
    assert_fails(capsys, "run holds a run already; resume it, or give another folder")
    assert network.read_bytes() == b"of another run"
