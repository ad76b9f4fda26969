"""Networks and solvers of Caffe: what is read, that it computes as Caffe does, and errors."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

pytest.importorskip("google.protobuf")

import patternc
from patternc.cocotune.caffe.network import read_network
from patternc.cocotune.caffe.solver import read_solver
from patternc.cocotune.tuning_config import FineTuningConfig, PretrainingConfig
from patternc.errors import CocoTuneError

pytestmark = [pytest.mark.caffe, pytest.mark.torch]

INPUT = 'input: "data" input_shape { dim: 1 dim: 4 dim: 8 dim: 8 }\n'
# A residual block and an Inception module, written as networks of Caffe mostly are: in place.
NETWORK = """
name: "Small"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 1 dim: 8 dim: 8 } } }
layer { name: "stem" type: "Convolution" bottom: "data" top: "stem"
        param { lr_mult: 1 decay_mult: 1 }
        convolution_param { num_output: 8 kernel_size: 3 pad: 1 bias_term: false
                            weight_filler { type: "msra" } } }
layer { name: "stem/bn" type: "BatchNorm" bottom: "stem" top: "stem"
        batch_norm_param { eps: 0.001 } }
layer { name: "stem/scale" type: "Scale" bottom: "stem" top: "stem"
        scale_param { bias_term: true } }
layer { name: "stem/relu" type: "ReLU" bottom: "stem" top: "stem" }
layer { name: "res/a" module: "res 1" type: "Convolution" bottom: "stem" top: "res/a"
        convolution_param { num_output: 8 kernel_size: 3 pad: 1 } }
layer { name: "res/relu" module: "res 1" type: "ReLU" bottom: "res/a" top: "res/a" }
layer { name: "res/b" module: "res 1" type: "Convolution" bottom: "res/a" top: "res/b"
        convolution_param { num_output: 8 kernel_h: 3 kernel_w: 3 pad: 1 } }
layer { name: "res" module: "res 1" type: "Eltwise" bottom: "stem" bottom: "res/b" top: "res"
        eltwise_param { operation: SUM } }
layer { name: "pool" type: "Pooling" bottom: "res" top: "pool"
        pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "mix/a" module: "mix" type: "Convolution" bottom: "pool" top: "mix/a"
        convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "mix/b" module: "mix" type: "Convolution" bottom: "pool" top: "mix/b"
        convolution_param { num_output: 6 kernel_size: 3 pad: 1 group: 2 } }
layer { name: "mix" module: "mix" type: "Concat" bottom: "mix/a" bottom: "mix/b" top: "mix" }
layer { name: "drop" type: "Dropout" bottom: "mix" top: "mix" }
layer { name: "mean" type: "Pooling" bottom: "mix" top: "mean"
        pooling_param { pool: AVE global_pooling: true } }
layer { name: "logits" type: "InnerProduct" bottom: "mean" top: "logits"
        inner_product_param { num_output: 10 } }
layer { name: "accuracy" type: "Accuracy" bottom: "logits" bottom: "label" top: "accuracy"
        include { phase: TEST } }
layer { name: "loss" type: "Softmax" bottom: "logits" top: "loss" }
"""


def layer(kind: str, parameters: str = "", *, bottom: str = "data", name: str = "x") -> str:
    return (
        f'layer {{ name: "{name}" type: "{kind}" bottom: "{bottom}" top: "{name}" {parameters} }}\n'
    )


def reference(network: nn.Module, x: Tensor) -> Tensor:
    """The network above, written down again."""
    layers = dict(network.named_modules())
    x = layers["stem_bn"](layers["stem"](x)).relu()
    y = layers["res_1.res_a"](x).relu()
    x = nn.functional.max_pool2d(x + layers["res_1.res_b"](y), 2)
    x = torch.cat([layers["mix.mix_a"](x), layers["mix.mix_b"](x)], dim=1)
    return layers["logits"](x.mean(dim=(2, 3), keepdim=True))


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return read_network(NETWORK).eval()


def test_computes_what_is_written(network):
    image = torch.randn(3, 1, 8, 8)
    assert network.image == (1, 8, 8)
    torch.testing.assert_close(network(image), reference(network, image))
    traced = torch.fx.symbolic_trace(network)
    torch.testing.assert_close(traced(image), network(image))


def test_marked_modules_are_submodules(network):
    assert network.marked == ("res_1", "mix")
    names = [name for name, _ in network.get_submodule("res_1").named_children()]
    assert names == ["res_a", "res_relu", "res_b", "res"]


def test_settings_of_layers(network):
    assert (network.stem_bn.eps, round(network.stem_bn.momentum, 9)) == (0.001, 0.001)
    assert network.stem.bias is None and network.mix.mix_b.groups == 2
    assert not network.pool.ceil_mode  # 8 is even
    assert network.stem.weight.std().item() == pytest.approx((2 / 9) ** 0.5, rel=0.5)
    scaled = layer("BatchNorm") + layer("Scale", bottom="x", name="y")
    (norm,) = read_network(INPUT + scaled).children()
    assert norm.affine and norm.weight.requires_grad and not norm.bias.requires_grad


@pytest.mark.iree
def test_is_compiled(network):
    image = torch.randn(1, 1, 8, 8)
    compiled = patternc.compile(network, (image,))
    torch.testing.assert_close(compiled(image), network(image).detach(), rtol=1e-4, atol=1e-4)


def pooled(method: str, image: Tensor, kernel: int, stride: int, pad: int) -> Tensor:
    """Caffe's pooling as its documentation has it: sizes rounded up, windows clipped."""
    size = image.shape[-1]
    count = -(-(size + 2 * pad - kernel) // stride) + 1
    if pad and (count - 1) * stride >= size + pad:
        count -= 1
    out = torch.zeros(count, count)
    for y in range(count):
        for x in range(count):
            top, left = y * stride - pad, x * stride - pad
            bottom, right = (min(edge + kernel, size + pad) for edge in (top, left))
            area = (bottom - top) * (right - left)
            window = image[max(top, 0) : min(bottom, size), max(left, 0) : min(right, size)]
            out[y, x] = window.max() if method == "MAX" else window.sum() / area
    return out


@settings(deadline=None)
@given(
    method=st.sampled_from(["MAX", "AVE"]),
    size=st.integers(4, 9),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    pad=st.integers(0, 2),
)
def test_pooling_is_that_of_caffe(method, size, kernel, stride, pad):
    assume(2 * pad <= kernel and stride <= kernel)
    text = f'input: "data" input_shape {{ dim: 1 dim: 1 dim: {size} dim: {size} }}\n'
    given = f"pool: {method} kernel_size: {kernel} stride: {stride} pad: {pad}"
    network = read_network(text + layer("Pooling", f"pooling_param {{ {given} }}"))
    image = torch.randn(size, size)
    expected = pooled(method, image, kernel, stride, pad)
    torch.testing.assert_close(network(image[None, None])[0, 0], expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (layer("ReLU", "relu_param { negative_slope: 0.1 }"),
         lambda x: torch.where(x < 0, 0.1 * x, x)),
        (layer("LRN", "lrn_param { local_size: 3 alpha: 0.5 }"),
         lambda x: nn.functional.local_response_norm(x, 3, 0.5, 0.75, 1.0)),
        (layer("Flatten"), lambda x: x.flatten(1)),
        (layer("Reshape", "reshape_param { shape { dim: 0 dim: -1 } }"), lambda x: x.flatten(1)),
        (layer("Eltwise", 'bottom: "data" eltwise_param { operation: PROD }'), lambda x: x * x),
        (layer("Eltwise", 'bottom: "data" eltwise_param { operation: MAX }'), lambda x: x),
        (layer("Eltwise", 'bottom: "data"'), lambda x: x + x),
    ],
)  # fmt: skip
def test_layers_without_weights(text, expected):
    images = torch.randn(2, 4, 8, 8)
    torch.testing.assert_close(read_network(INPUT + text).eval()(images), expected(images))


def test_fillers():
    torch.manual_seed(0)
    for filler, check in (
        ('type: "xavier"', lambda w: w.abs().max() <= (3 / 36) ** 0.5 < 1.1 * w.abs().max()),
        ('type: "gaussian" mean: 1 std: 0.01', lambda w: (w - 1).abs().max() < 0.05),
        ('type: "constant" value: 0.1', lambda w: (w == 0.1).all()),
    ):
        given = f"num_output: 64 kernel_size: 3 weight_filler {{ {filler} }}"
        network = read_network(INPUT + layer("Convolution", f"convolution_param {{ {given} }}"))
        assert check(network.x.weight)


def test_forms_of_inputs():
    relu = layer("ReLU")
    for text in (
        INPUT + relu,
        'input: "data" input_dim: 1 input_dim: 4 input_dim: 8 input_dim: 8 ' + relu,
    ):
        assert read_network(text).image == (4, 8, 8)
    data = 'layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TRAIN } }\n'
    test = data.replace("TRAIN", "TEST")
    assert read_network(data + test + relu, image=(3, 5, 5)).image == (3, 5, 5)


def test_names_become_attributes():
    names = ["1/2", "1 2", "forward", "class?"]
    bottoms = ["data", *names]
    text = "".join(layer("ReLU", bottom=b, name=n) for b, n in zip(bottoms, names, strict=False))
    network = read_network(INPUT + text)
    found = [name for name, _ in network.named_children()]
    assert found == ["layer_1_2", "layer_1_2_2", "layer_forward", "class_"]


CONVOLUTION = "convolution_param {{ num_output: 4 {} }}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layer { name: 3 }", r"line 1, column 15: .*Expected string but found: '3'"),
        ('input: "x"\nlayer { nme: "x" }', r"line 2, column 9: .*no field named \"nme\"$"),
        ("layers { type: CONVOLUTION }", 'no field named "layers"; .*upgrade_net_proto_text'),
        ("layer {", "prototxt, line 1"),
        (INPUT, "has no layers"),
        ("", "has 0 inputs, expected one"),
        ('input: "a" input: "b" ' + layer("ReLU"), "has 2 inputs"),
        ('input: "data" ' + layer("ReLU"), r"input 'data' has the shape \(none\)"),
        ('input: "data" input_dim: 3 ' + layer("ReLU"), r"has the shape \[3\], expected number"),
        (INPUT + layer("SPP"), r"layer 'x' \(SPP\), on \[4, 8, 8\]: the type is not known; known"),
        (INPUT + layer("ReLU", bottom="y"), "reads 'y', which no layer before it makes"),
        (INPUT + layer("ReLU", 'top: "z"'), "1 bottoms and 2 tops, expected at least"),
        (INPUT + layer("Convolution"), "num_output is 0, expected at least 1"),
        (INPUT + layer("Convolution", CONVOLUTION.format("")), "kernel_size has 0 numbers"),
        (
            INPUT + layer("Convolution", CONVOLUTION.format("kernel_size: 9")),
            r"layer 'x' \(Convolution\), on \[4, 8, 8\]: .*[Kk]ernel size",
        ),
        (
            INPUT + layer("Convolution", CONVOLUTION.format("kernel_size: 3 group: 3")),
            r"layer 'x' \(Convolution\), .*divisible",
        ),
        (
            INPUT
            + layer(
                "Convolution",
                CONVOLUTION.format('kernel_size: 1 weight_filler { type: "bilinear" }'),
            ),
            "weight_filler is of type 'bilinear', expected",
        ),
        (INPUT + layer("Scale"), "does not follow the BatchNorm that it belongs to"),
        (INPUT + layer("Pooling", "pooling_param { pool: STOCHASTIC }"), "pool is STOCHASTIC"),
        (INPUT + layer("Concat", "concat_param { axis: 2 }"), "axis is 2, expected 1"),
        (INPUT + layer("Eltwise", "eltwise_param { coeff: -1 }"), r"coeff is \[-1.0\]"),
        (
            INPUT + layer("Flatten") + layer("Eltwise", 'bottom: "x"', name="y"),
            "expected inputs of one shape",
        ),
        (INPUT + layer("LRN", "lrn_param { norm_region: WITHIN_CHANNEL }"), "norm_region is W"),
        (INPUT + layer("Flatten", "flatten_param { axis: 2 }"), "to flatten from axis 1"),
        (
            INPUT + layer("Reshape", "reshape_param { shape { dim: 0 dim: 2 } }"),
            r"the new shape is \[0, 2\]",
        ),
        (
            INPUT + layer("InnerProduct", "inner_product_param { num_output: 2 axis: 2 }"),
            "along another axis than 1",
        ),
        (
            INPUT
            + layer("ReLU", 'module: "m"', name="a")
            + layer("ReLU", bottom="a", name="b")
            + layer("ReLU", 'module: "m"', bottom="b", name="c"),
            "module 'm' is in two places",
        ),
        (
            INPUT
            + layer("ReLU", 'module: "m"', name="a")
            + layer("ReLU", 'module: "m"', name="b")
            + layer("Eltwise", 'bottom: "b"', bottom="a", name="c"),
            "module 'm' reads data and gives a, b, expected one blob each",
        ),
    ],
)
def test_texts_that_are_no_network(text, message):
    with pytest.raises(CocoTuneError, match=message):
        read_network(text)


def test_files(tmp_path):
    file = tmp_path / "net.prototxt"
    with pytest.raises(CocoTuneError, match=r"net.prototxt cannot be read"):
        read_network(file)
    file.write_text("layer {")
    with pytest.raises(CocoTuneError, match=r"net.prototxt, line 1"):
        read_network(file)
    file.write_text(INPUT)
    with pytest.raises(CocoTuneError, match=r"net.prototxt: the network has no layers"):
        read_network(file)
    file.write_text(NETWORK)
    assert read_network(file).image == (1, 8, 8)


SOLVER = """
net: "small.prototxt"  # as in Caffe
dataset: "digits" batch_size: 32
base_lr: 0.001 max_iter: 30000 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.0005
pretrain_base_lr: 0.2 pretrain_max_iter: 10000
solver_mode: CPU
"""


def test_solver(tmp_path):
    file = tmp_path / "solver.prototxt"
    file.write_text(SOLVER)
    solver = read_solver(file)
    assert solver == read_solver(SOLVER)
    assert (solver.dataset, solver.batch_size) == (("digits",), 32)
    shared = {"schedule": "constant", "optimizer": "sgd", "weight_decay": 0.0005}
    assert solver.pretraining == PretrainingConfig(steps=10000, learning_rate=0.2, **shared)
    assert solver.fine_tuning == FineTuningConfig(steps=30000, learning_rate=0.001, **shared)
    assert solver.fine_tuning.learning_rate_of(29999) == 0.001
    short = read_solver('base_lr: 0.1 max_iter: 10 type: "Adam"')
    assert (short.pretraining.learning_rate, short.pretraining.steps) == (0.1, 10)
    assert short.fine_tuning.optimizer == "adam"
    assert short.batch_size is None and short.dataset == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base_lr: x", "line 1, column 10"),
        ("max_iter: 3", "the solver has no base_lr"),
        ("base_lr: 0.1", "the solver has no max_iter"),
        ("base_lr: 0.1 max_iter: 0", "steps is 0, expected"),
        ("base_lr: -1 max_iter: 1", "learning_rate is -1.0"),
        ("base_lr: inf max_iter: 1", "learning_rate is inf, expected a finite number"),
        ("base_lr: 1 max_iter: 1 batch_size: 0", "batch_size is 0"),
        ("base_lr: 1 max_iter: 1 lr_policy: 'step'", "lr_policy is 'step', expected 'fixed'"),
        ("base_lr: 1 max_iter: 1 type: 'RMSProp'", "type is 'RMSProp', expected SGD"),
        ("base_lr: 1 max_iter: 1 iter_size: 2", "iter_size is 2, expected 1"),
    ],
)
def test_texts_that_are_no_solver(text, message):
    with pytest.raises(CocoTuneError, match=message):
        read_solver(text)
