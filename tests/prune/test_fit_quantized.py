# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`fit(quantize=True)`: the pruned model in 8 bits, trained with fake quantisation."""

import sys

import pytest
import torch
from torch import nn

pytest.importorskip("torchao.quantization.pt2e")
pytest.importorskip("torch_mlir")

import patternc
from patternc import QuantizationConfig, quantize
from patternc.data import Digits, loaders
from patternc.errors import MissingDependencyError, QuantizationError, TrainingError
from patternc.frontends import import_torch
from patternc.prune import PruningConfig, fit
from patternc.train import TrainingConfig, accuracy
from stopping import Stopped, stop_at

CONFIG = PruningConfig(method="one-shot", connectivity=2, skip_first=False)
TRAINING = TrainingConfig(
    retrain_epochs=1, quantize_epochs=2, quantize_learning_rate=1e-2, checkpoint_steps=2
)
EPOCH = 3  # steps


def make_model(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.3)),
        *(nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()),
        *(nn.MaxPool2d(3), nn.Flatten(), nn.Linear(32, 10)),
    )


def make_batches():
    images = torch.randn(24, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    return [*zip(images.split(8), (torch.arange(24) % 4).split(8), strict=True)]


def run(folder=None, seed=0, model=None, quantize=True, **options):
    model = model or make_model(seed)
    result = fit(
        model, CONFIG, make_batches(), training=TRAINING, quantize=quantize, device="cpu",
        evaluate=lambda model: accuracy(model, make_batches()), run_directory=folder, **options,
    )  # fmt: skip
    return model, result


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, *run(folder)


def assert_same(result, other):
    assert other.records == result.records
    assert other.report() == result.report()
    x = make_batches()[0][0][:1]
    one, two = (each.program.module()(x) for each in (result, other))
    torch.testing.assert_close(two, one, rtol=0, atol=0)


def test_is_a_phase_of_its_own(uninterrupted):
    _, model, result = uninterrupted
    assert [record["phase"] for record in result.records] == ["retrain", "quantize", "quantize"]
    assert result.quantized_metric == result.records[-1]["metric"]
    assert result.report().splitlines()[-1].startswith("quantised")
    # The model is the pruned one, as it is without.
    pruned, plain = run(quantize=False)
    for name, tensor in pruned.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor)
    assert plain.metric == result.metric
    assert plain.program is plain.quantized_metric is None


def test_masks_survive(uninterrupted):
    _, _, result = uninterrupted
    assert not any("mask" in name for name in result.program.state_dict)
    weights = {w.shape: w for w in result.program.state_dict.values() if w.dtype is torch.int8}
    assert len(result.pruning.masks) == 2
    for mask in result.pruning.masks.values():
        weight = weights[mask.shape]
        assert not weight[~mask].any()
        assert weight[mask].count_nonzero() > 0.9 * mask.sum()


@pytest.mark.parametrize("step", [EPOCH, EPOCH + 1, EPOCH + 2, 2 * EPOCH, 3 * EPOCH - 1])
def test_interrupted_and_resumed_equals_uninterrupted(uninterrupted, tmp_path, step):
    _, _, result = uninterrupted
    with pytest.raises(Stopped):
        run(tmp_path, loss=stop_at(step))
    _, resumed = run(tmp_path, seed=9, resume=True)  # other weights, which do not matter
    assert_same(result, resumed)


def test_a_finished_run_gives_its_program_again(uninterrupted):
    folder, _, result = uninterrupted
    assert_same(result, run(folder, seed=1, resume=True)[1])
    with pytest.raises(TrainingError, match=r"differs in quantization"):
        run(folder, quantize=False, resume=True)


@pytest.mark.iree
def test_compiled_equals_eager_within_a_step(uninterrupted):
    _, _, result = uninterrupted
    module, eager = patternc.compile(result.program), result.program.module()
    *_, step = (
        node.args[1]
        for node in result.program.graph.nodes
        if ".quantize_per_tensor" in str(node.target)
    )
    for image in make_batches()[0][0].split(1):
        found = torch.from_numpy(module(image.numpy()).copy())
        assert (found - eager(image)).abs().max() <= 1.01 * step


@pytest.mark.data
def test_digits_are_known_as_well_as_after_calibration():
    batches, tests = loaders(Digits(train=True), Digits(train=False), batch_size=64, seed=0)
    model = make_model()
    training = TrainingConfig(
        dense_epochs=4, dense_learning_rate=1e-2, retrain_epochs=2, quantize_epochs=2
    )
    result = fit(model, CONFIG, batches, training=training, quantize=True, device="cpu",
                 evaluate=lambda model: accuracy(model, tests))  # fmt: skip
    calibration = torch.cat([images for images, _ in batches])[:64]
    program = quantize(model, [calibration], example_args=(calibration[:1],)).module()
    right = [
        int(program(image).argmax()) == label
        for images, labels in tests
        for image, label in zip(images.split(1), labels, strict=True)
    ]
    assert result.metric > 0.6
    assert result.quantized_metric >= sum(right) / len(right) - 0.03


def test_layers_stay_in_float():
    _, result = run(quantize=QuantizationConfig(ignore=("4",)))
    assert import_torch(result.program).blobs["4.weight"].dtype.name == "float32"


@pytest.mark.parametrize(
    ("model", "quantize", "message"),
    [
        (None, QuantizationConfig(ignore=("e",)), "ignore: 'e' matches no layer"),
        (None, "int8", "config is a str, expected a QuantizationConfig"),
        (nn.Sequential(nn.Flatten(), nn.ReLU()), True, "no layer that can be quantised"),
    ],
)
def test_what_cannot_be_quantised_is_not_trained(model, quantize, message):
    with pytest.raises(QuantizationError, match=message):
        run(model=model, quantize=quantize, loss=lambda *_: pytest.fail("it trains"))


def test_without_torchao(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchao.quantization.pt2e", None)
    monkeypatch.delitem(sys.modules, "patternc.quantization")
    with pytest.raises(MissingDependencyError, match=r"pip install 'patternc\[quantize\]'"):
        run(loss=lambda *_: pytest.fail("it trains"))
