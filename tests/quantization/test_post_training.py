# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Quantisation of trained models, and what it leaves as it is."""

import numpy as np
import pytest
import torch
from torch import nn

pytest.importorskip("torchao.quantization.pt2e")
pytest.importorskip("torch_mlir")

import patternc
from networks import random_network
from patternc import QuantizationConfig, prune_, quantize
from patternc.errors import ModelError, PatterncError, QuantizationError
from patternc.frontends import import_torch
from patternc.models import SmallMobileNet, SmallResNet

MINIMAL = QuantizationConfig(observer="min-max")


def small_network(**pruning):
    torch.manual_seed(0)
    model = nn.Sequential(
        *(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 16, 1), nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Linear(16, 5),
    )
    model[1].running_var.uniform_(0.5, 2)
    if pruning:
        prune_(model, **pruning)
    return model.eval()


def images(count=4, batch=1, size=16):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(batch, 3, size, size, generator=generator) for _ in range(count)]


def step_of_output(program):
    scales = [n.args[1] for n in program.graph.nodes if ".quantize_per_tensor" in str(n.target)]
    return scales[-1]


@pytest.mark.iree
@pytest.mark.parametrize("network", [SmallResNet, SmallMobileNet])
def test_compiled_equals_eager_within_a_step(network):
    model = random_network(network, pruning={"connectivity": 2.0}, width=8)
    program = quantize(model, images(size=32), config=MINIMAL)
    x = images(size=32)[0]
    expected = program.module()(x)
    found = torch.from_numpy(patternc.compile(program)(x.numpy()).copy())
    assert (found - expected).abs().max() <= 1.01 * step_of_output(program)
    # It is the network, still.
    error = (expected - model(x)).square().mean() / model(x).var()
    assert error < 0.1


def test_the_model_is_left_as_it_is():
    model = small_network().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    quantize(model, images(), config=MINIMAL)
    assert model.training
    assert model.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    program = torch.export.export(model.eval(), (images()[0],))
    quantize(program, images(), config=MINIMAL)
    assert torch.equal(program.state_dict["0.weight"], before["0.weight"])
    assert not any("quantize" in str(node.target) for node in program.graph.nodes)


def test_masks_survive():
    model = small_network(connectivity=2.0, skip_first=False)
    blobs = import_torch(quantize(model, images(), config=MINIMAL)).blobs
    for name in ("0.weight", "4.weight", "8.weight"):
        weight = model.get_parameter(name).detach().numpy()
        assert np.all(blobs[name][weight == 0] == 0)
    kept = model[0].weight.detach().flatten(2).any(2).numpy()
    assert kept.mean() < 0.7
    np.testing.assert_array_equal(blobs["0.weight"].any((2, 3)), kept)


@pytest.mark.iree
def test_groups_of_filters_survive():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 32, 3), nn.Conv2d(32, 32, 3, bias=False)).eval()
    prune_(model, group_size=8)
    with torch.no_grad():
        model[1].weight.pow_(3)  # and so many round to 0
    program = quantize(model, images(1, size=8), config=MINIMAL)
    x = (images(1, size=8)[0],)
    layers = [patternc.compile(network, x).report().layers for network in (model, program)]
    for one, other in zip(*layers, strict=True):
        assert one.filter_group == other.filter_group == 8


def test_batch_norms_that_are_not_alone_are_not_folded(monkeypatch):
    # Looks for what only training has, and takes 15 s once there is a batch norm.
    convert = "torchao.quantization.pt2e.quantize_pt2e._fold_conv_bn_qat"
    monkeypatch.setattr(convert, lambda graph: graph)

    torch.manual_seed(0)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)
            self.norm.running_mean.fill_(3.0)

        def forward(self, x):
            y = self.conv(x)
            return self.norm(y) - y

    model = Network().eval()
    x = images(1)[0]
    torch.testing.assert_close(
        quantize(model, [x], config=MINIMAL).module()(x), model(x), rtol=0, atol=0.1
    )


def test_constant_activations_have_finite_scales():
    model = small_network()
    with torch.no_grad():
        model[0].weight.zero_()  # and so all filters are empty
        model[0].bias.zero_()
        model[1].bias.zero_()
        model[1].running_mean.zero_()
    for observer in ("min-max", "histogram", "moving-average"):
        config = QuantizationConfig(observer=observer)
        program = quantize(model, [torch.zeros(1, 3, 16, 16)] * 2, config=config)
        assert program.module()(images(1)[0]).isfinite().all()


def test_batches_are_taken_apart():
    model = small_network()
    whole = torch.cat(images(6))
    one = quantize(model, whole.split(1), config=MINIMAL)
    other = quantize(model, [whole], config=MINIMAL, example_args=(whole[:1],))
    torch.testing.assert_close(one.module()(whole[:1]), other.module()(whole[:1]), rtol=0, atol=0)


def test_weights_that_are_not_trained():
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("weight", torch.eye(3)[:, :, None, None])

        def forward(self, x):
            return nn.functional.conv2d(x, self.weight)

    x = images(1)[0]
    program = quantize(Network(), [x], config=MINIMAL)
    torch.testing.assert_close(program.module()(x), x, rtol=0, atol=0.1)


def test_float_weights_are_not_kept_twice():
    program = quantize(small_network(), images(1), config=MINIMAL)
    assert {"0.weight", "4.weight"}.isdisjoint(program.state_dict)


class Broken(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return self.conv(x).log()


@pytest.mark.parametrize(
    ("calibration", "message"),
    [
        ([], "calibration has no inputs"),
        (torch.randn(1, 3, 16, 16), "calibration is a Tensor, expected an iterable"),
        (3, "calibration is a int, expected an iterable"),
        ([torch.randn(1, 3, 16, 16), "x"], "calibration input 1 is a str, expected a tensor"),
        ([images(1)[0] / 0], "calibration input 0 holds NaN or infinite values"),
        (
            [*images(1), *images(1, size=8)],
            r"input 1 has the shape \[1, 3, 8, 8\], expected",
        ),
        ([*images(1, batch=2), *images(1, batch=1)], "drop_last=True"),
        ([*images(1), images(1)[0].double()], "input 1 is torch.float64, expected torch.float32"),
        ([*images(1), (images(1)[0], torch.zeros(1))], "has 2 tensors, expected 1; .* labels"),
    ],
)
def test_calibration_errors(calibration, message):
    with pytest.raises(QuantizationError, match=message):
        quantize(small_network(), calibration)


def test_model_errors():
    x = images(1)
    with pytest.raises(QuantizationError, match=r"model is a str, expected a torch\.nn\.Module"):
        quantize("model", x)  # pyright: ignore[reportArgumentType]
    with pytest.raises(QuantizationError, match="config is a dict, expected a QuantizationConfig"):
        quantize(small_network(), x, config={})  # pyright: ignore[reportArgumentType]
    with pytest.raises(QuantizationError, match="the model is quantised already"):
        quantize(quantize(small_network(), x, config=MINIMAL), x)
    with pytest.raises(QuantizationError, match="no layer that can be quantised"):
        quantize(nn.ReLU(), x)
    with pytest.raises(QuantizationError, match="'sigmoid' in layer '1' is NaN or infin"):
        quantize(nn.Sequential(Broken(), nn.Sigmoid(), nn.Conv2d(4, 4, 1)), x, config=MINIMAL)
    with pytest.raises(PatterncError, match=r"channels|cannot capture"):
        quantize(small_network(), [torch.randn(1, 4, 16, 16)])
    model = small_network()
    with torch.no_grad():
        model[0].weight[0] = torch.nan
    with pytest.raises(ModelError, match=r"'0\.weight' holds NaN"):
        quantize(model, x)
