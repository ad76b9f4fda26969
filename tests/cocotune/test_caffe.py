# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Networks and solvers of Caffe: what is read, that it computes as Caffe does, and errors."""

import math
import pickle

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

pytest.importorskip("google.protobuf")

import patternc
from patternc.cocotune.caffe.network import read_network
from patternc.cocotune.caffe.solver import read_solver
from patternc.cocotune.filter_pruning import FilterPruning
from patternc.cocotune.modules import find_modules
from patternc.cocotune.tuning_config import FineTuningConfig, PretrainingConfig
from patternc.errors import CocoTuneError
from patternc.train.optimizer import make_optimizer

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


def pooled(
    method: str, image: Tensor, kernel: int, stride: int, pad: int, *, up: bool = True
) -> Tensor:
    """Caffe's pooling as its documentation has it: sizes rounded, mostly up, windows clipped."""
    size = image.shape[-1]
    count = (size + 2 * pad - kernel + up * (stride - 1)) // stride + 1
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
    rounding=st.sampled_from(
        ["", "ceil_mode: true", "ceil_mode: false", "round_mode: FLOOR", "round_mode: CEIL"]
    ),
)
def test_pooling_is_that_of_caffe(method, size, kernel, stride, pad, rounding):
    assume(2 * pad <= kernel and stride <= kernel)
    text = f'input: "data" input_shape {{ dim: 1 dim: 1 dim: {size} dim: {size} }}\n'
    given = f"pool: {method} kernel_size: {kernel} stride: {stride} pad: {pad} {rounding}"
    network = read_network(text + layer("Pooling", f"pooling_param {{ {given} }}"))
    image = torch.randn(size, size)
    up = rounding not in ("ceil_mode: false", "round_mode: FLOOR")
    expected = pooled(method, image, kernel, stride, pad, up=up)
    # One position is given as a row of logits.
    torch.testing.assert_close(network(image[None, None]).reshape(expected.shape), expected)


SLICED = 'top: "b" top: "c" slice_param { slice_point: 1 slice_point: 3 }'
ONE = "bias_filler { value: 1 } }"


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
        (layer("Eltwise", 'bottom: "data" eltwise_param { operation: SUM coeff: 1 coeff: -0.17 }'),
         lambda x: x - 0.17 * x),
        (layer("Eltwise", "eltwise_param { coeff: -1 }"), lambda x: -x),
        (layer("Sigmoid"), lambda x: 1 / (1 + (-x).exp())),
        (layer("TanH"), lambda x: (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())),
        (layer("ReLU6"), lambda x: x.clamp(0, 6)),
        (layer("Clip", "clip_param { min: -0.5 max: 2 }"), lambda x: x.clamp(-0.5, 2)),
        (layer("Swish", "swish_param { beta: 2 }"), lambda x: x / (1 + (-2 * x).exp())),
        (layer("ELU", "elu_param { alpha: 0.5 }"),
         lambda x: torch.where(x > 0, x, 0.5 * (x.exp() - 1))),
        (layer("PReLU"), lambda x: torch.where(x > 0, x, 0.25 * x)),
        (layer("PReLU", "prelu_param { channel_shared: true filler { value: 0.1 } }"),
         lambda x: torch.where(x > 0, x, 0.1 * x)),
        (layer("AbsVal"), abs),
        (layer("BNLL"), lambda x: (1 + x.exp()).log()),
        (layer("Exp"), torch.exp),
        (layer("Exp", "exp_param { base: 2 scale: 0.5 shift: 1 }"), lambda x: 2 ** (1 + 0.5 * x)),
        (layer("AbsVal", name="a") + layer("Log", bottom="a"), lambda x: x.abs().log()),
        (layer("AbsVal", name="a")
         + layer("Log", "log_param { base: 10 scale: 2 shift: 1 }", bottom="a"),
         lambda x: (1 + 2 * x.abs()).log10()),
        (layer("Power", "power_param { power: 2 scale: 0.5 shift: -1 }"),
         lambda x: (0.5 * x - 1) ** 2),
        (layer("Power", "power_param { scale: -1 }"), lambda x: -x),
        (layer("Softmax", name="a") + layer("ReLU", bottom="a"),
         lambda x: x.exp() / x.exp().sum(1, keepdim=True)),
        (layer("Softmax", "softmax_param { axis: -1 }", name="a") + layer("ReLU", bottom="a"),
         lambda x: x.exp() / x.exp().sum(3, keepdim=True)),
        (layer("Flatten", "flatten_param { axis: 2 }"), lambda x: x.reshape(-1, 4, 64)),
        (layer("Flatten", "flatten_param { axis: 1 end_axis: -2 }"),
         lambda x: x.reshape(-1, 32, 8)),
        (layer("Reshape", "reshape_param { shape { dim: 0 dim: 2 dim: -1 dim: 4 } }"),
         lambda x: x.reshape(-1, 2, 32, 4)),
        (layer("Reshape", "reshape_param { axis: 1 num_axes: 1 shape { dim: 2 dim: 2 } }"),
         lambda x: x.reshape(-1, 2, 2, 8, 8)),
        (layer("Reshape", "reshape_param { axis: -1 shape { dim: 1 } }"), lambda x: x[..., None]),
        (layer("Reshape", "reshape_param { axis: -2 shape { dim: 2 dim: -1 } }"),
         lambda x: x.reshape(-1, 4, 8, 2, 4)),
        (layer("Concat", 'bottom: "data" concat_param { axis: -1 }'),
         lambda x: torch.cat([x, x], 3)),
        (layer("Slice", SLICED, name="a")
         + layer("Concat", 'bottom: "a"', bottom="c"),
         lambda x: torch.cat([x[:, 3:], x[:, :1]], 1)),
        (layer("Slice", 'top: "b" slice_param { axis: 2 }', name="a") + layer("ReLU", bottom="a"),
         lambda x: x[:, :, :4].relu()),
        (layer("Slice", 'top: "b"', name="a"), lambda x: x[:, 2:]),  # the last that is made
        (layer("Split", 'top: "b"', name="a") + layer("Eltwise", 'bottom: "b"', bottom="a"),
         lambda x: 2 * x),
        (layer("Pooling", "pooling_param { kernel_size: 3 }", name="p")
         + layer("Crop", 'bottom: "p" crop_param { axis: 2 offset: 1 offset: 2 }'),
         lambda x: x[:, :, 1:7, 2:8]),
        (layer("Pooling", "pooling_param { pool: AVE global_pooling: true }", name="p")
         + layer("Flatten", bottom="p", name="f")
         + layer("Scale", 'bottom: "f" scale_param { axis: 0 }'),
         lambda x: x * x.mean((2, 3), keepdim=True)),
        (layer("Pooling", "pooling_param { pool: AVE global_pooling: true }"),
         lambda x: x.mean((2, 3))),  # logits
        (layer("Scale", "scale_param { filler { value: 2 } bias_term: true " + ONE),
         lambda x: 2 * x + 1),
        (layer("Scale"), lambda x: x),
        (layer("Bias", "bias_param { filler { value: 3 } }"), lambda x: x + 3),
    ],
)  # fmt: skip
def test_layers_without_weights(text, expected):
    images = torch.randn(2, 4, 8, 8)
    network = read_network(INPUT + text).eval()
    torch.testing.assert_close(network(images), expected(images), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(torch.fx.symbolic_trace(network)(images), network(images))
    pickle.dumps(network)  # workers get it


def test_normalisation_within_channels():
    """By Caffe's own definition: of squares, over a window that has its zeros beyond the edge."""
    text = layer(
        "LRN", "lrn_param { local_size: 3 alpha: 2 beta: 0.5 norm_region: WITHIN_CHANNEL }"
    )
    images = torch.randn(2, 4, 8, 8)
    sums = torch.zeros_like(images)
    for y in range(8):
        for x in range(8):
            window = images[:, :, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
            sums[:, :, y, x] = window.square().sum((2, 3))
    expected = images / (1 + 2 / 9 * sums).sqrt()
    torch.testing.assert_close(read_network(INPUT + text)(images), expected)


@pytest.mark.parametrize(
    ("kernel", "stride", "pad", "group"), [(2, 2, 0, 1), (4, 2, 1, 4), (3, 1, 0, 2)]
)
def test_deconvolution(kernel, stride, pad, group):
    """Each input adds its kernel to the output, at its place."""
    given = f"num_output: 4 kernel_size: {kernel} stride: {stride} pad: {pad} group: {group}"
    network = read_network(INPUT + layer("Deconvolution", f"convolution_param {{ {given} }}"))
    images = torch.randn(2, 4, 8, 8)
    size = stride * 7 + kernel
    whole = torch.zeros(2, 4, size, size)
    channels = 4 // group
    for y in range(8):
        for x in range(8):
            for read in range(4):
                first = read // channels * channels
                rows = slice(stride * y, stride * y + kernel)
                columns = slice(stride * x, stride * x + kernel)
                part = images[:, read, y, x][:, None, None, None] * network.x.weight[read].detach()
                whole[:, first : first + channels, rows, columns] += part
    expected = whole[:, :, pad : size - pad, pad : size - pad] + network.x.bias[:, None, None]
    torch.testing.assert_close(network(images), expected, rtol=1e-4, atol=1e-4)


def test_scales_of_channels():
    def drawn(shape: str) -> str:
        return f'scale_param {{ {shape} filler {{ type: "uniform" min: 1 max: 2 }} }}'

    images = torch.randn(2, 4, 8, 8)
    for axes, shape in (
        ("", (4, 1, 1)),
        ("axis: 2 num_axes: -1", (8, 8)),
        ("num_axes: 2", (4, 8, 1)),
    ):
        network = read_network(INPUT + layer("Scale", drawn(axes)))
        assert network.x.weight.shape == shape and network.x.weight.std() > 0
        torch.testing.assert_close(network(images), images * network.x.weight)


def test_a_scale_behind_a_batch_norm_is_part_of_it():
    filled = "scale_param { bias_term: true filler { value: 3 } bias_filler { value: 1 } }"
    (norm,) = read_network(
        INPUT + layer("BatchNorm") + layer("Scale", filled, bottom="x", name="y")
    ).children()
    assert (norm.weight == 3).all() and (norm.bias == 1).all()
    # Unless somebody reads what is not scaled, or it scales something else.
    both = layer("BatchNorm") + layer("Scale", filled, bottom="x", name="y")
    network = read_network(
        INPUT + both + layer("Eltwise", 'bottom: "y"', bottom="x", name="z")
    ).eval()
    images = torch.randn(2, 4, 8, 8)
    normed = images / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(network(images), normed + 3 * normed + 1)
    rows = filled.replace("bias_term", "axis: 2 bias_term")
    network = read_network(INPUT + layer("BatchNorm") + layer("Scale", rows, bottom="x", name="y"))
    assert network.y.weight.shape == (8, 1)


def test_batch_norm_of_rows():
    text = layer("InnerProduct", "inner_product_param { num_output: 3 }") + layer(
        "BatchNorm", bottom="x", name="y"
    )
    assert read_network(INPUT + text).eval()(torch.randn(2, 4, 8, 8)).shape == (2, 3)


def test_slices_within_a_module():
    convolution = f'module: "m" {CONVOLUTION.format("kernel_size: 1")}'
    text = (
        layer("Slice", 'module: "m" top: "b"', name="a")
        + layer("Convolution", convolution, bottom="a", name="c")
        + layer("Convolution", convolution, bottom="c", name="d")
        + layer("Concat", 'module: "m" bottom: "d"', bottom="b", name="e")
    )
    network = read_network(INPUT + text).eval()
    images = torch.randn(2, 4, 8, 8)
    expected = torch.cat([images[:, 2:], network.m.d(network.m.c(images[:, :2]))], dim=1)
    torch.testing.assert_close(network(images), expected)
    assert find_modules(network, images, marked=network.marked) == ("m",)
    pruned = FilterPruning().prune(network.m, 0.5, images)
    assert pruned.c.out_channels == 2 and pruned(images).shape == expected.shape


def test_a_network_without_modules_says_what_they_are():
    text = layer("Convolution", "convolution_param { num_output: 4 kernel_size: 1 }") * 1
    with pytest.raises(CocoTuneError, match=r'names a module.* module: "res2a" type: "Conv'):
        find_modules(read_network(INPUT + text), torch.zeros(1, 4, 8, 8))


@pytest.mark.iree
def test_networks_of_other_layers_are_compiled():
    doubling = CONVOLUTION.format("kernel_size: 2 stride: 2")
    coeff, within = "coeff: 1 coeff: 0.17", "local_size: 3 norm_region: WITHIN_CHANNEL"
    text = (
        layer("PReLU", name="a")
        + layer("Slice", 'top: "c"', bottom="a", name="b")
        + layer("Eltwise", f'bottom: "c" eltwise_param {{ {coeff} }}', bottom="b", name="d")
        + layer("LRN", f"lrn_param {{ {within} }}", bottom="d", name="e")
        + layer("Deconvolution", doubling, bottom="e", name="f")
        + layer("TanH", bottom="f", name="g")
        + layer("Scale", "scale_param { filler { value: 2 } }", bottom="g", name="h")
        + layer("Pooling", "pooling_param { pool: AVE global_pooling: true }", bottom="h", name="i")
    )  # fmt: skip
    network, image = read_network(INPUT + text).eval(), torch.randn(1, 4, 8, 8)
    compiled = patternc.compile(network, (image,))
    torch.testing.assert_close(compiled(image), network(image).detach(), rtol=1e-4, atol=1e-4)


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


def test_fillers_by_the_outputs():
    torch.manual_seed(0)
    for norm, fan in (("FAN_IN", 36), ("FAN_OUT", 576), ("AVERAGE", 306)):
        filler = f'weight_filler {{ type: "xavier" variance_norm: {norm} }}'
        given = f"num_output: 64 kernel_size: 3 {filler}"
        network = read_network(INPUT + layer("Convolution", f"convolution_param {{ {given} }}"))
        assert network.x.weight.detach().abs().max() == pytest.approx((3 / fan) ** 0.5, rel=0.05)


@pytest.mark.parametrize(("kernel", "stride", "pad"), [(4, 2, 1), (5, 3, 1), (8, 4, 2)])
def test_a_bilinear_filler_interpolates(kernel, stride, pad):
    given = (
        f"num_output: 4 group: 4 kernel_size: {kernel} stride: {stride} pad: {pad} "
        'bias_term: false weight_filler { type: "bilinear" }'
    )
    network = read_network(INPUT + layer("Deconvolution", f"convolution_param {{ {given} }}"))
    # A plane is interpolated as such, where its edge is not reached.
    y, x = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    found = network((2 * y + x).expand(1, 4, 8, 8))[0, 0]
    inner = found[2 * stride : -2 * stride, 2 * stride : -2 * stride]
    torch.testing.assert_close(inner.diff(dim=0), torch.full_like(inner.diff(dim=0), 2 / stride))
    torch.testing.assert_close(inner.diff(dim=1), torch.full_like(inner.diff(dim=1), 1 / stride))


def test_forms_of_inputs():
    relu = layer("ReLU")
    for text in (
        INPUT + relu,
        'input: "data" input_dim: 1 input_dim: 4 input_dim: 8 input_dim: 8 ' + relu,
    ):
        assert read_network(text).image == (4, 8, 8)
    dummy = 'layer { name: "d" type: "DummyData" top: "data" dummy_data_param { shape { %s } } }\n'
    memory = (
        'layer { name: "d" type: "MemoryData" top: "data" top: "l" memory_data_param { %s } }\n'
    )
    for text in (
        dummy % "dim: 1 dim: 4 dim: 8 dim: 8",
        memory % "batch_size: 1 channels: 4 height: 8 width: 8",
    ):
        assert read_network(text + relu).image == (4, 8, 8)
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
        (
            INPUT
            + layer("ReLU", 'param { name: "w" }', name="a")
            + layer("ReLU", 'param { name: "w" }', name="b"),
            "layers 'a' and 'b' share the parameter 'w', which is not known",
        ),
        ("", "has 0 inputs, expected one"),
        ('input: "a" input: "b" ' + layer("ReLU"), "has 2 inputs"),
        ('input: "data" ' + layer("ReLU"), r"input 'data' has the shape \(none\)"),
        ('input: "data" input_dim: 3 ' + layer("ReLU"), r"has the shape \[3\], expected number"),
        (INPUT + layer("SPP"), r"layer 'x' \(SPP\), on \[4, 8, 8\]: the type is not known; known"),
        (INPUT + layer("ReLU", bottom="y"), "reads 'y', which no layer before it makes"),
        (INPUT + layer("ReLU", 'top: "z"'), "it has 2 tops, expected one"),
        (INPUT + layer("ReLU", 'bottom: "data"'), "it has 2 bottoms, expected one"),
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
                CONVOLUTION.format('kernel_size: 1 weight_filler { type: "unitball" }'),
            ),
            "weight_filler is of type 'unitball', expected",
        ),
        (INPUT + layer("Scale", "scale_param { axis: 5 }"), "axes 5 to 6, expected some of 1 to 4"),
        (
            INPUT + layer("Flatten") + layer("Scale", 'bottom: "x"', name="y"),
            r"the second bottom is \[1, 256\], expected \[4, 8\] from axis 1",
        ),
        (
            INPUT + layer("Pooling", "pooling_param { stride: 0 kernel_size: 2 }"),
            "stride \\(0, 0\\)",
        ),
        (
            INPUT + layer("Slice", 'top: "y" slice_param { slice_point: 4 }'),
            r"slice_point is \[4\], expected 1 rising numbers below 4, for 2 tops",
        ),
        (INPUT + layer("Slice", "slice_param { axis: 0 }"), "axis is 0, expected 1 to 3"),
        (INPUT + layer("Crop"), "it has 1 bottoms, expected two"),
        (INPUT + layer("Clip"), "expected min and max"),
        (INPUT + layer("Log", "log_param { base: 1 }"), "base is 1.0, expected -1 for e"),
        (INPUT + layer("LRN", "lrn_param { local_size: 4 }"), "local_size is 4, expected an odd"),
        (INPUT + layer("Pooling", "pooling_param { pool: STOCHASTIC }"), "pool is STOCHASTIC"),
        (INPUT + layer("Concat", "concat_param { axis: 4 }"), "axis is 4, expected 1 to 3"),
        (
            INPUT + layer("Eltwise", 'bottom: "data" eltwise_param { coeff: -1 }'),
            r"coeff is \[-1.0\], expected one for each of 2 bottoms",
        ),
        (
            INPUT + layer("Flatten") + layer("Eltwise", 'bottom: "x"', name="y"),
            "expected inputs of one shape",
        ),
        (INPUT + layer("Flatten", "flatten_param { axis: 0 }"), "axis is 0, expected 1 to 3"),
        (
            INPUT + layer("Reshape", "reshape_param { shape { dim: 2 dim: -1 } }"),
            r"the new shape is \[2, -1\], expected one of as many elements that keeps the first",
        ),
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
    ("text", "rate"),
    [
        ("'fixed'", lambda i: 0.1),
        ("'step' gamma: 0.5 stepsize: 30", lambda i: 0.1 * 0.5 ** (i // 30)),
        ("'multistep' gamma: 0.5 stepvalue: 10 stepvalue: 70",
         lambda i: 0.1 * 0.5 ** ((i >= 10) + (i >= 70))),
        ("'exp' gamma: 0.99", lambda i: 0.1 * 0.99**i),
        ("'inv' gamma: 0.01 power: 0.75", lambda i: 0.1 * (1 + 0.01 * i) ** -0.75),
        ("'poly' power: 2", lambda i: 0.1 * (1 - i / 100) ** 2),
        ("'sigmoid' gamma: -0.1 stepsize: 50", lambda i: 0.1 / (1 + math.exp(0.1 * (i - 50)))),
    ],
)  # fmt: skip
def test_learning_rates_are_those_of_caffe(text, rate):
    solver = read_solver(f"base_lr: 0.1 max_iter: 100 lr_policy: {text}")
    for config in (solver.fine_tuning, solver.pretraining):
        found = [config.learning_rate_of(i) for i in range(100)]
        assert found == pytest.approx([rate(i) for i in range(100)], rel=1e-6)
        assert type(config).from_yaml(config.to_yaml()) == config


@pytest.mark.parametrize("kind", ["SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta"])
def test_steps_are_those_of_caffe(kind):
    config = read_solver(f"base_lr: 0.1 max_iter: 5 type: '{kind}' momentum: 0.9").fine_tuning
    gradients = torch.randn(5, 3, dtype=torch.float64)
    weight = nn.Parameter(torch.zeros(3, dtype=torch.float64))
    optimizer = make_optimizer(config.optimizer, [weight], 0.1, momentum=0.9, weight_decay=0)
    expected = torch.zeros(3, dtype=torch.float64)
    history, updates = torch.zeros(2, 3, dtype=torch.float64)
    for g in gradients:
        if kind == "SGD":
            history = 0.9 * history + 0.1 * g
            update = history
        elif kind == "Nesterov":
            before, history = history, 0.9 * history + 0.1 * g
            update = 1.9 * history - 0.9 * before
        elif kind == "AdaGrad":
            history = history + g * g
            update = 0.1 * g / (history.sqrt() + 1e-8)
        elif kind == "RMSProp":
            history = 0.99 * history + 0.01 * g * g
            update = 0.1 * g / (history.sqrt() + 1e-8)
        else:
            history = 0.9 * history + 0.1 * g * g
            step = g * ((updates + 1e-8) / (history + 1e-8)).sqrt()
            updates = 0.9 * updates + 0.1 * step * step
            update = 0.1 * step
        expected = expected - update
        weight.grad = g.clone()
        optimizer.step()
        torch.testing.assert_close(weight.detach(), expected)


def test_types_of_old_solvers():
    assert read_solver("base_lr: 1 max_iter: 1 solver_type: ADAM").fine_tuning.optimizer == "adam"


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
        ("base_lr: 1 max_iter: 1 lr_policy: 'cyclic'", "lr_policy is 'cyclic', expected fixed, s"),
        ("base_lr: 1 max_iter: 1 lr_policy: 'step'", "'step', which needs gamma and stepsize"),
        ("base_lr: 1 max_iter: 1 lr_policy: 'exp'", "'exp', which needs gamma"),
        ("base_lr: 1 max_iter: 1 lr_policy: 'multistep' gamma: 1", "which needs stepvalue"),
        ("base_lr: 1 max_iter: 1 lr_policy: 'inv' gamma: nan", "gamma is nan, expected a finite"),
        ("base_lr: 1 max_iter: 1 type: 'Lion'", "type is 'Lion', expected SGD"),
        ("base_lr: 1 max_iter: 1 type: 'Nesterov'", "momentum is 0, expected more"),
        ("base_lr: 1 max_iter: 1 clip_gradients: 5", "clip_gradients is 5.0, expected -1.0"),
        ("base_lr: 1 max_iter: 1 iter_size: 2", "iter_size is 2, expected 1"),
    ],
)
def test_texts_that_are_no_solver(text, message):
    with pytest.raises(CocoTuneError, match=message):
        read_solver(text)
