# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`patternc prune`: the whole flow, a run that goes on, and errors in one line."""

import logging
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import patternc
from patternc.command_line import main
from patternc.command_line.progress_log import progress_log

pytestmark = [pytest.mark.data, pytest.mark.torch]

# A module of the user's: small, and it can be interrupted in the middle of training.
NETWORK = """
import torch
from torch import nn

interrupt_after = None  # training steps
number = 3


class Network(nn.Sequential):
    def __init__(self, classes=10):
        super().__init__(
            nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.AdaptiveMaxPool2d(1),
            nn.Flatten(), nn.Linear(8, classes),
        )
        self.steps = 0

    def forward(self, x):
        self.steps += self.training
        if self.steps == interrupt_after:
            raise KeyboardInterrupt
        return super().forward(x)


def two_classes():
    return Network(2)


def unmade():
    return {}["size"]


class Unlike(nn.Module):
    def forward(self, x, y):
        return x
"""
DATA = ["--data", "digits"]
SHORT = ["--dense-epochs", "1", "--epochs", "1", "--retrain-epochs", "1"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A working directory with the user's module, which is forgotten afterwards."""
    (tmp_path / "network.py").write_text(NETWORK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    sys.modules.pop("network", None)


def prune(*options: str, model: str = "network:Network", data: list[str] = DATA) -> int:
    return main(["prune", "--model", model, *data, *options])


def assert_fails(capsys, message: str) -> None:
    """One line on standard error, which has the message."""
    error = capsys.readouterr().err
    assert error.startswith("patternc: error: ") and error.count("\n") == 1
    assert message in error


@pytest.mark.iree
def test_trains_prunes_and_compiles(folder, capsys):
    options = ["--connectivity", "2", "--group-size", "2", "--output", "small.patternc"]
    assert prune(*SHORT, *options, "--run-directory", "run") == 0
    printed = capsys.readouterr().out
    assert re.search(r"^2 +8x8x3x3 +8 +32/64 ", printed, re.MULTILINE)
    accuracies = [line.split()[1] for line in printed.splitlines() if line.endswith("%")]
    assert len(accuracies) == 3 and accuracies[1] == accuracies[2]
    assert patternc.load("small.patternc").report().layers[1].kept_kernels == 32
    # What was trained is where to start from.
    weights = ["--weights", "run/pruned.safetensors", "--method", "one-shot"]
    assert prune(*weights, "--retrain-epochs", "0", "--target", "snapdragon-855") == 0
    printed = capsys.readouterr().out
    assert ["dense", accuracies[1]] in [line.split() for line in printed.splitlines()]
    assert "the compiled model was not run: " in printed
    assert (folder / "pruned.patternc" / "module.vmfb").exists()


@pytest.mark.iree
def test_quantises(folder, capsys):
    pytest.importorskip("torchao.quantization.pt2e")
    options = ["--connectivity", "2", "--group-size", "2", "--output", "small.patternc"]
    assert prune(*SHORT, *options, "--quantize", "--calibration-images", "70") == 0
    printed = capsys.readouterr().out
    assert re.search(r"^2 +8x8x3x3 +8 +32/64 ", printed, re.MULTILINE)
    assert re.search(r"^compiled, 8 bits +\d+\.\d+%$", printed, re.MULTILINE)
    program = torch.export.load(folder / "small.pt2")
    assert any("quantize_per_tensor" in str(node.target) for node in program.graph.nodes)
    x = torch.rand(1, 1, 8, 8)
    compiled = patternc.load("small.patternc")(x.numpy())
    torch.testing.assert_close(torch.from_numpy(compiled), program.module()(x), rtol=0, atol=0.2)
    assert prune("--quantize", "--calibration-images", "0") == 1
    assert_fails(capsys, "--calibration-images is 0, expected at least 1")


@pytest.mark.iree
def test_trains_with_fake_quantisation(folder, capsys):
    pytest.importorskip("torchao.quantization.pt2e")
    options = ["--connectivity", "2", "--group-size", "2", "--output", "small.patternc"]
    assert prune(*SHORT, *options, "--quantize", "--quantize-epochs", "1") == 0
    assert re.search(r"^compiled, 8 bits +\d+\.\d+%$", capsys.readouterr().out, re.MULTILINE)
    program = torch.export.load(folder / "small.pt2")
    assert any("quantize_per_tensor" in str(node.target) for node in program.graph.nodes)
    assert prune("--quantize-epochs", "1") == 1
    assert_fails(capsys, "--quantize-epochs needs --quantize")


@pytest.mark.iree
def test_goes_on_after_an_interrupt(folder, capsys, monkeypatch):
    assert prune(*SHORT, "--run-directory", "whole") == 0
    import network  # the module that the command has found

    monkeypatch.setattr(network, "interrupt_after", 30)
    capsys.readouterr()
    assert prune(*SHORT, "--run-directory", "in two") == 130
    error = capsys.readouterr().err
    monkeypatch.setattr(network, "interrupt_after", None)
    name, *arguments = shlex.split(error.partition("go on with: ")[2])
    assert (name, arguments[-1]) == ("patternc", "--resume")
    assert main(arguments) == 0
    one, other = (folder / name / "pruned.safetensors" for name in ("whole", "in two"))
    assert one.read_bytes() == other.read_bytes()
    capsys.readouterr()

    assert prune(*SHORT, "--run-directory", "whole") == 1
    assert_fails(capsys, "whole holds a run already")


def test_an_interrupt_without_a_run_directory(capsys, monkeypatch, folder):
    sys.path.insert(0, str(folder))
    import network

    monkeypatch.setattr(network, "interrupt_after", 1)
    assert prune(*SHORT) == 130
    assert "a run with --run-directory could be resumed" in capsys.readouterr().err


def test_config_from_standard_input_and_options(capsys, monkeypatch, folder):
    seen = []
    monkeypatch.setattr("patternc.prune.fit", lambda *given, **named: seen.append((given, named)))
    standard_input = folder / "config.yaml"
    standard_input.write_text("connectivity: 2\nform: filter\nperiod: 2\n")
    (folder / "training.yaml").write_text("optimizer: sgd\nretrain_epochs: 7\n")
    with standard_input.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        with pytest.raises(AttributeError):  # of None, which the replaced `fit` returns
            prune("--config", "-", "--form", "group", "--epochs", "1",
                  "--training-config", "training.yaml", "--seed", "5")  # fmt: skip
    (((_, pruning, _), named),) = seen
    assert (pruning.connectivity, pruning.form) == (2, "group")
    assert (pruning.epochs, pruning.period) == (1, 1)
    training = named["training"]
    assert (training.optimizer, training.retrain_epochs, training.seed) == ("sgd", 7, 5)
    assert training.dense_epochs == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--form", "groups"], "did you mean 'group'?"),
        (["--connectivity", "0.5"], "expected a finite number of at least 1"),
        (["--config", "none.yaml"], "cannot be read"),
        (["--config", "network.py"], "not valid YAML"),
        (["--weights", "none.pth"], "there is no file 'none.pth'"),
        (["--target", "snapdragon-865"], "did you mean 'snapdragon-855'?"),
        (["--resume"], "--resume needs the --run-directory"),
        (["--variant", "cifar"], "has no variants"),
        (["--batch-size", "0"], "batch_size is 0"),
        (["--workers", "-1"], "workers is -1, expected at least 0"),
        (["--output", "nowhere/x.patternc"], "--output: nothing can be written in"),
        (["--output", "."], "exists and is not a patternc artefact, which alone is replaced"),
        (["--output", "network.py"], "exists and is not a patternc artefact"),
        (["--run-directory", "network.py"], "--run-directory cannot be made: "),
        (["--run-directory", "network.py/run"], "--run-directory cannot be made: "),
        (["--weights", "empty.caffemodel"], "empty.caffemodel': it is empty; copy it anew"),
    ],
)
def test_options_out_of_range(options, message, capsys, folder, monkeypatch):
    # All is found before anything is trained.
    monkeypatch.setattr("patternc.prune.fit", lambda *_, **__: pytest.fail("it trains"))
    (folder / "empty.caffemodel").touch()
    assert prune(*options) == 1
    assert_fails(capsys, message)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("vgg11", "unknown model 'vgg11', expected digits, vgg16"),
        ("nowhere:Network", "module 'nowhere' cannot be imported"),
        (":Network", "module '' cannot be imported"),
        ("network:Nothing", "module 'network' has no function or class 'Nothing'"),
        ("network:number", "module 'network' has no function or class 'number'"),
        ("collections:OrderedDict", "makes a OrderedDict, expected a torch.nn.Module"),
        ("network:two_classes", "makes [1, 2] of an image, expected [1, 10]"),
        ("broken:Network", "cannot be imported: SyntaxError: "),
        ("network:unmade", "cannot be called: KeyError: 'size' ("),
        (
            "network:Unlike",
            "does not take images of shape [1, 8, 8], which the data has: TypeError",
        ),
    ],
)
def test_models_that_cannot_be_used(model, message, capsys, folder):
    (folder / "broken.py").write_text("class")
    assert prune(model=model) == 1
    assert_fails(capsys, message)


def test_a_model_for_other_images(capsys):
    assert prune(data=["--data", "digits-as-cifar"], model="digits") == 1
    assert_fails(capsys, "model 'digits' does not take images of shape [3, 32, 32]")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mnist"], "unknown data set 'mnist', expected one of digits"),
        (["cifar10"], "data set 'cifar10' with 0 folders, expected 'cifar10 FOLDER'"),
        (["cifar10", "nowhere"], "'nowhere' is no folder"),
        (["image-folder", "train", "val"], "'train' has 2 classes and 'val' 1"),
    ],
)
def test_data_that_cannot_be_used(words, message, capsys, folder):
    pixel = pytest.importorskip("PIL.Image").new("RGB", (1, 1))
    for name in ("train/cat", "train/dog", "val/cat"):
        (folder / name).mkdir(parents=True)
        pixel.save(folder / name / "0.png")
    assert prune(data=["--data", *words]) == 1
    assert_fails(capsys, message)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("vgg16", "VGG16"), ("resnet50", "ResNet50"), ("mobilenet-v2", "MobileNetV2")],
)
def test_models_by_name(name, kind):
    from patternc.command_line.model_names import make_model

    model = make_model(name, variant="cifar", channels=3, classes=7, seed=0)
    assert type(model).__name__ == kind
    assert model.eval()(torch.zeros(1, 3, 32, 32)).shape == (1, 7)


def test_help_and_usage_need_no_torch():
    program = (
        "import sys; from patternc.command_line import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: assert 'torch' not in sys.modules"
    )
    path = {"PYTHONPATH": str(Path(patternc.__file__).parents[1])}
    for arguments, code in (
        (["prune", "--help"], 0),
        (["prune"], 2),
        (["cocotune", "--help"], 0),
        (["--version"], 0),
    ):
        command = [sys.executable, "-c", program, *arguments]
        process = subprocess.run(command, capture_output=True, text=True, check=False, env=path)
        assert process.returncode == code, process.stderr


def test_progress_is_logged_where_there_is_no_terminal(folder, capsys, monkeypatch):
    from patternc.errors import CompilerError

    def failing(*_, **__):
        raise CompilerError("no room")

    monkeypatch.setattr("patternc.compiler.compile", failing)
    assert prune(*SHORT, "--run-directory", "run") == 1
    lines = capsys.readouterr().err.splitlines()
    epochs = [line for line in lines if re.search(r"^\d\d:\d\d:\d\d .*: epoch ", line)]
    for number, (line, phase) in enumerate(zip(epochs, ("dense", "admm", "retrain"), strict=True)):
        assert re.search(rf"{phase}: epoch {number + 1} of 3, loss \d\.\d+, metric \d\.", line)
    assert lines[-1] == "patternc: error: no room"
    log = (folder / "run" / "progress.log").read_text()
    assert [line.rpartition(" INFO ")[2] for line in log.splitlines() if "epoch" in line] == [
        line[9:] for line in epochs
    ]
    assert not logging.getLogger("patternc").handlers


def test_on_a_terminal_a_bar_is_enough(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress_log(None):
        logging.getLogger("patternc.prune").info("epoch")
        logging.getLogger("patternc.prune").warning("careful")
    assert capsys.readouterr().err[9:] == "careful\n"


@pytest.mark.parametrize("name", ["compile", "run", "targets", "prun"])
def test_an_unknown_command_says_what_there_is(name, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([name, "model.pt2"])
    error = capsys.readouterr().err
    assert f"there is no command '{name}', but prune and cocotune" in error
    assert "patternc.compile(model, example_args, target=...)" in error


def test_whoever_reads_the_output_may_go():
    command = [sys.executable, "-m", "patternc", "prune", "--model", "digits", "--data", "digits"]
    short = [*SHORT, "--method", "one-shot", "--output", "x.patternc"]
    process = subprocess.Popen(
        [*command, *short], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    assert "Traceback" not in process.stderr.read() and process.wait() == 1
