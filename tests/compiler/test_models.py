# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Every kind of model that `compile` takes, and that it leaves the user's own alone."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from convolutions import Convolution, Pruning
from oracle import assert_close_convolution
from patternc import compile

pytestmark = [pytest.mark.iree, pytest.mark.torch]

CASE = Convolution(
    channels=4,
    filters=8,
    padding=(1, 1),
    activation="relu",
    pruning=Pruning(patterns=4, kept=0.5),
)

MLIR = """
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x3x4xf32> {
  %w = arith.constant dense<[[[[1.0], [0.0]], [[0.0], [-2.0]]]]> : tensor<1x2x2x1xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1x1x3x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x1x3x4xf32>) -> tensor<1x1x3x4xf32>
  %y = linalg.conv_2d_nchw_fchw
      {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
      ins(%x, %w : tensor<1x2x4x4xf32>, tensor<1x2x2x1xf32>)
      outs(%init : tensor<1x1x3x4xf32>) -> tensor<1x1x3x4xf32>
  return %y : tensor<1x1x3x4xf32>
}
"""


def mlir_reference(x: np.ndarray) -> np.ndarray:
    return (x[:, 0, :3] - 2 * x[:, 1, 1:])[:, None]


@pytest.fixture(scope="module")
def layer() -> nn.Sequential:
    return CASE.layer()


@pytest.fixture(scope="module")
def compiled(layer):
    return compile(layer, (CASE.input(),))


def test_numpy_in_numpy_out(compiled, layer):
    x = CASE.input()
    result = compiled(x.numpy())
    assert isinstance(result, np.ndarray)
    assert_close_convolution(result, layer, x)


def test_torch_in_torch_out(compiled, layer):
    x = CASE.input()
    result = compiled(x)
    assert isinstance(result, torch.Tensor)
    assert_close_convolution(result, layer, x)


def test_exported_program(layer):
    x = CASE.input()
    module = compile(torch.export.export(layer, (x,)))
    assert module.manifest.inputs[0].shape == tuple(x.shape)
    assert_close_convolution(module(x), layer, x)


def test_mlir_text():
    x = np.random.default_rng(0).standard_normal((1, 2, 4, 4), np.float32)
    module = compile(MLIR)
    assert len(module.report().layers) == 1
    np.testing.assert_allclose(module(x), mlir_reference(x), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("as_type", [str, lambda path: path], ids=["str", "Path"])
def test_mlir_file(tmp_path, as_type):
    (tmp_path / "net.mlir").write_text(MLIR)
    x = np.ones((1, 2, 4, 4), np.float32)
    result = compile(as_type(tmp_path / "net.mlir"), target="vmvx")(x)
    np.testing.assert_array_equal(result, mlir_reference(x))


def test_model_is_left_as_it_was():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout()
    ).train()
    model[2].eval()
    before = copy.deepcopy(model.state_dict())
    pointers = [parameter.data_ptr() for parameter in model.parameters()]
    x = torch.randn(1, 3, 8, 8)
    kept = x.clone()
    module = compile(model, (x,))
    assert torch.equal(x, kept)
    assert [part.training for part in model] == [True, True, False, True]
    assert pointers == [parameter.data_ptr() for parameter in model.parameters()]
    after = model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    with torch.no_grad():
        expected = model.eval()(x.clone())
    torch.testing.assert_close(module(x), expected)


def test_training_the_model_on_does_not_change_the_module(layer):
    model = copy.deepcopy(layer)
    x = CASE.input()
    module = compile(model, (x,))
    before = module(x)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    torch.testing.assert_close(module(x), before, rtol=0, atol=0)


def test_several_inputs_and_outputs():
    class TwoInTwoOut(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, image, index):
            return self.conv(image), index + 1

    model, x, i = TwoInTwoOut(), torch.randn(1, 3, 5, 5), torch.tensor([1, 2])
    module = compile(model, (x, i))
    assert [(spec.name, spec.dtype) for spec in module.manifest.inputs] == [
        ("image", "float32"),
        ("index", "int64"),
    ]
    y, j = module(x, i)
    torch.testing.assert_close(y, model(x, i)[0].detach())
    assert j.tolist() == [2, 3]


class TiedConvolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return self.conv(torch.relu(self.conv(x)))


class WeightFromInput(nn.Module):
    def forward(self, x, w):
        return torch.conv2d(x, w)


class PaddedWithOnes(nn.Sequential):
    """Only padding with zeros may go into the convolution."""

    def __init__(self):
        super().__init__(nn.ConstantPad2d(1, 1.0), nn.Conv2d(4, 4, 3))


class Cropped(nn.Sequential):
    def __init__(self):
        super().__init__(nn.ZeroPad2d((-1, 1, 2, -2)), nn.Conv2d(4, 4, 3))


class PaddedForTwo(nn.Module):
    """Padding with another reader stays."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3)

    def forward(self, x):
        padded = torch.nn.functional.pad(x, (1, 1, 1, 1))
        return self.conv(padded), padded


class ReluForTwo(nn.Module):
    """A convolution with another reader than its ReLU."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3)

    def forward(self, x):
        y = self.conv(x)
        return torch.relu(y), y


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_to_the_last_digits(approximate):
    model, x = nn.GELU(approximate), torch.linspace(-6, 6, 1001)
    expected = model(x.double()).float()
    torch.testing.assert_close(compile(model, (x,))(x), expected, rtol=1e-6, atol=1e-6)


# Along a dimension with one window only, which does not reach to the end of the image.
ONE_WINDOW = {
    "convolution": (nn.Conv3d(2, 4, 2, stride=3), (1, 2, 6, 4, 7)),
    "padded convolution": (nn.Conv3d(2, 4, 3, stride=4, padding=1), (1, 2, 9, 3, 4)),
    "convolution of groups": (nn.Conv3d(2, 4, 2, stride=3, groups=2), (1, 2, 6, 7, 4)),
    "average 1-D": (nn.AvgPool1d(3), (1, 2, 5)),
    "average 2-D": (nn.AvgPool2d(3), (1, 2, 5, 9)),
    "average 3-D": (nn.AvgPool3d(3), (1, 2, 5, 7, 4)),
    "maximum 1-D": (nn.MaxPool1d(3), (1, 2, 5)),
    "maximum 2-D": (nn.MaxPool2d(3), (1, 2, 5, 9)),
    "maximum 3-D": (nn.MaxPool3d(3), (1, 2, 5, 7, 4)),
}


@pytest.mark.parametrize("name", ONE_WINDOW)
def test_one_window_that_leaves_a_rest(name):
    torch.manual_seed(0)
    model, shape = ONE_WINDOW[name]
    x = torch.randn(shape)
    torch.testing.assert_close(compile(model, (x,))(x), model(x), rtol=1e-5, atol=1e-5)


class Rolled(nn.Module):
    """By more than the image is large, as well, and all of it."""

    def forward(self, x):
        return x.roll((9, -11, 1), (1, 2, 3)), x.roll(-700)


class Distances(nn.Module):
    def forward(self, x):
        y = x.flip(2) + 1
        return torch.dist(x, y), torch.dist(x, y, 3), torch.cdist(x, y), torch.cdist(x, y, p=1)


class OneImageTwoConvolutions(nn.Module):
    """Of the same and of different padding, so that they can and cannot share planes."""

    def __init__(self):
        super().__init__()
        self.same = nn.Conv2d(4, 4, 3, padding=1)
        self.also = nn.Conv2d(4, 8, 3, padding=1)
        self.other = nn.Conv2d(4, 8, 5, padding=2, stride=2)

    def forward(self, x):
        return self.same(x), self.also(x), self.other(x)


# What has a pattern form in part or not at all: IREE takes the rest as it is.
OTHERS = {
    "transposed": nn.ConvTranspose2d(4, 3, 3, stride=2),
    "one-dimensional": nn.Sequential(nn.Flatten(2), nn.Conv1d(4, 3, 3)),
    "gelu, softmax": nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.GELU(), nn.Softmax(dim=1)),
    "sigmoid, layer norm": nn.Sequential(nn.Conv2d(4, 4, 1), nn.SiLU(), nn.GroupNorm(2, 4)),
    "circular padding": nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"),
    "padded with ones": PaddedWithOnes(),
    "cropped": Cropped(),
    "padding with two readers": PaddedForTwo(),
    "two readers": ReluForTwo(),
    "clamped elsewhere": nn.Sequential(nn.Conv2d(4, 4, 3), nn.Hardtanh(-1.0, 5.0)),
    "leaky": nn.Sequential(nn.Conv2d(4, 4, 3), nn.LeakyReLU()),
    "leaky at random while it trains": nn.Sequential(nn.Conv2d(4, 4, 3), nn.RReLU()),
    "rolled": Rolled(),
    "distances": Distances(),
    "same weights twice": TiedConvolutions(),
    "one image, two convolutions": OneImageTwoConvolutions(),
    "transposed image": nn.Sequential(nn.Flatten(2), nn.Unflatten(2, (8, 8)), nn.Conv2d(4, 4, 3)),
    "no convolution": nn.Sequential(nn.Flatten(), nn.Linear(256, 7)),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_has_no_pattern_form_goes_to_iree(name):
    torch.manual_seed(0)
    model, x = OTHERS[name].eval(), torch.randn(2, 4, 8, 8)
    torch.testing.assert_close(compile(model, (x,))(x), model(x), rtol=1e-4, atol=1e-5)


def test_weight_that_is_an_input_goes_to_iree():
    x, w = torch.randn(1, 4, 8, 8), torch.randn(4, 4, 3, 3)
    module = compile(WeightFromInput(), (x, w))
    assert module.report().layers == ()
    torch.testing.assert_close(module(x, w), torch.conv2d(x, w), rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("ignore:Using padding=.same.:UserWarning")
def test_even_kernel_padded_to_the_same_size():
    case = Convolution(channels=2, filters=2)
    model = nn.Sequential(nn.Conv2d(2, 2, 4, padding="same"))
    x = case.input()[:, :2]
    (layer,) = (module := compile(model, (x,))).report().layers
    assert layer.padding == [1, 1, 2, 2]
    assert_close_convolution(module(x), model, x)


def test_a_uniform_weight_is_a_constant_like_any_other():
    model = nn.Sequential(nn.Conv2d(2, 3, 3, bias=False))
    nn.init.constant_(model[0].weight, 0.5)
    x = torch.randn(1, 2, 6, 6)
    module = compile(model, (x,))
    assert len(module.report().layers) == 1
    assert_close_convolution(module(x), model, x)
