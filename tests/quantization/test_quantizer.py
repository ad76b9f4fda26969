# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Which tensors are quantised: none between what one kernel computes."""

import pytest
import torch
from torch import nn
from torch.nn import functional

pytest.importorskip("torchao.quantization.pt2e")
pytest.importorskip("torch_mlir")

from torchao.quantization.pt2e import move_exported_model_to_eval
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e, prepare_qat_pt2e

from patternc import PatterncQuantizer, QuantizationConfig
from patternc.errors import QuantizationError


class Network(nn.Module):
    """Two convolutions with batch norms, two without, a matrix, and a function of all of them."""

    def __init__(self, function):
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4))
        self.b = nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4))
        self.c = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.d = nn.Conv2d(4, 4, 1)
        self.fc = nn.Linear(4, 3)
        self.function = function

    def forward(self, x):
        return self.function(self, x)


def converted(function, config=None):
    torch.manual_seed(0)
    model = Network(function).eval()
    x = torch.randn(2, 4, 8, 8)
    graph = torch.export.export(model, (x,)).module()
    prepared = prepare_pt2e(graph, PatterncQuantizer(config))
    prepared(x)
    return convert_pt2e(prepared)


def is_quantize(node):
    return str(node.target).startswith("quantized_decomposed.quantize_per_tensor")


def quantized(function, config=None):
    """The operators and inputs whose results are quantised, in order, each with its scale."""
    nodes = converted(function, config).graph.nodes
    return [(n.args[0].name, n.args[1]) for n in nodes if is_quantize(n)]


def names(function, config=None):
    return [name for name, _ in quantized(function, config)]


def float_readers(function, config=None):
    """Operators that read activations which were not dequantised just before."""
    found = []
    for node in converted(function, config).graph.nodes:
        is_operator = str(node.target).startswith("aten.")
        sources = [n for n in node.all_input_nodes if n.op != "get_attr"]
        if is_operator and not all("dequantize" in str(n.target) for n in sources):
            found.append(node.name)
    return found


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda m, x: m.a(x), ["x", "conv2d"]),
        (lambda m, x: torch.relu(m.a(x)), ["x", "relu"]),
        (lambda m, x: functional.relu6(m.d(m.c(x)), inplace=True), ["x", "conv2d", "relu6_"]),
        (lambda m, x: functional.hardtanh(m.a(x), 0, 6), ["x", "hardtanh"]),
        (lambda m, x: m.a(x).clamp(-1, 2), ["x", "clamp"]),
        (lambda m, x: m.a(x) + x, ["x", "add"]),
        (lambda m, x: torch.relu(x + m.a(x)), ["x", "relu"]),
        (lambda m, x: m.fc(torch.relu(m.fc(x.mean((1, 3))[:, :4])[:, [0, 1, 2, 0]])), None),
    ],
)
def test_a_kernel_is_quantised_at_its_end(function, expected):
    if expected is not None:
        assert names(function) == expected
    else:
        assert names(function)[-1] == "linear_1"


def test_of_two_convolutions_the_later_takes_the_sum():
    def forward(m, x):
        return torch.relu(m.b(x) + m.a(x))

    assert names(forward) == ["x", "conv2d", "relu"]
    assert float_readers(forward) == ["add", "relu"]


def test_bottleneck_in_place():
    def forward(m, x):
        y = functional.relu(m.a(x), inplace=True)
        y = functional.relu(m.d(y), inplace=True)
        y = m.b(y)
        y += m.c(x)
        return functional.relu_(y)

    assert names(forward) == ["x", "relu_", "relu__1", "conv2d_2", "relu__2"]


def test_a_convolution_that_others_read_is_quantised_itself():
    def forward(m, x):
        y = m.d(x)
        return torch.relu(y) + y

    assert names(forward) == ["x", "conv2d", "relu", "add"]


def test_a_sum_without_convolutions_takes_the_activation():
    def forward(m, x):
        x = torch.relu(m.a(x))
        y, z = functional.max_pool2d(x, 3, 1, 1), functional.avg_pool2d(x, 3, 1, 1)
        return m.d(torch.relu(y + z))

    assert names(forward) == ["x", "relu", "max_pool2d", "avg_pool2d", "relu_1", "conv2d_1"]
    assert float_readers(forward) == ["relu", "relu_1"]


@pytest.mark.parametrize(
    "table",
    [functional.hardswish, functional.silu, functional.hardsigmoid, torch.sigmoid, torch.tanh],
)
def test_tables_are_quantised_on_both_sides(table):
    def forward(m, x):
        return m.d(table(m.a(x)))

    assert len(names(forward)) == 4 and not float_readers(forward)


def test_squeeze_and_excite():
    def forward(m, x):
        x = functional.hardswish(m.a(x))
        s = functional.adaptive_avg_pool2d(x, 1)
        s = functional.hardsigmoid(m.d(torch.relu(m.b(s))))
        return m.c(x * s)

    expected = "x conv2d hardswish adaptive_avg_pool2d relu conv2d_2 hardsigmoid mul conv2d_3"
    assert names(forward) == expected.split()
    assert float_readers(forward) == ["relu"]


def test_moves_have_the_scale_of_what_they_move():
    def forward(m, x):
        x = torch.relu(m.a(x))
        x = functional.max_pool2d(x, 2)
        x = functional.dropout(x, 0.5, training=False)
        x = functional.pad(x, (0, 1, 0, 1))
        return m.fc(x.permute(0, 2, 3, 1).reshape(-1, 4))

    found = dict(quantized(forward))
    moved = {found[name] for name in ("relu", "max_pool2d", "pad", "permute")}
    assert len(moved) == 1 and len(found) > 5
    assert not float_readers(lambda m, x: m.d(functional.max_pool2d(m.c(x), 2)))


def test_concatenated_tensors_have_one_scale():
    def forward(m, x):
        x = torch.relu(m.a(x))
        return torch.cat([m.b(x), torch.relu(m.c(x)) * 1, functional.max_pool2d(x, 3, 1, 1)], 1)

    def plain(m, x):
        x = torch.relu(m.a(x))
        return torch.cat([m.b(x), torch.relu(m.d(x)), functional.max_pool2d(x, 3, 1, 1)], 1)

    found = quantized(plain)
    assert [name for name, _ in found] == ["x", "relu", "conv2d_1", "relu_1", "max_pool2d", "cat"]
    assert len({scale for _, scale in found[1:]}) == 1
    # One that is not quantised leaves the others apart.
    assert "cat" not in names(forward)


def test_parts_have_the_scale_of_the_whole():
    def forward(m, x):
        left, right = torch.relu(m.d(x)).chunk(2, 1)
        return m.c(torch.cat([right, left], 1))

    found = quantized(forward)
    assert [name for name, _ in found] == ["x", "relu", "getitem", "getitem_1", "cat", "conv2d_1"]
    assert len({scale for _, scale in found[1:5]}) == 1


def test_what_surrounds_float_layers_stays_in_float():
    def forward(m, x):
        return m.d(functional.max_pool2d(torch.relu(m.a(x)), 2))

    assert names(forward, QuantizationConfig(skip_first=True)) == ["max_pool2d", "conv2d_1"]
    assert names(forward, QuantizationConfig(skip_last=True)) == ["x", "relu", "max_pool2d"]
    for selector in ("a.0", "a.*", "a.0.weight", r"re:a\.\d"):
        config = QuantizationConfig(ignore=(selector,))
        assert names(forward, config) == ["max_pool2d", "conv2d_1"]


def test_forms():
    nodes = converted(lambda m, x: m.a(x)).graph.nodes
    (activation, *_) = [n for n in nodes if is_quantize(n)]
    assert activation.args[3:] == (0, 255, torch.uint8)
    (weight,) = [n for n in nodes if "dequantize_per_channel" in str(n.target)]
    assert weight.args[3:] == (0, -127, 127, torch.int8)


def test_layers_without_constant_weights_are_left():
    def forward(m, x):
        return functional.conv2d(m.c(x), x.mean((0, 2))[:, :4, None, None].expand(4, 4, 1, 1))

    assert names(forward) == ["x", "conv2d"]


def test_training_with_fake_quantisation():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 1)).train()
    x = torch.randn(2, 3, 8, 8)
    graph = torch.export.export(model, (x,)).module()
    prepared = prepare_qat_pt2e(graph, PatterncQuantizer(fake=True))
    optimizer = torch.optim.SGD(prepared.parameters(), 0.1)
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = (prepared(x) - 1).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    weight = prepared.get_parameter("2.weight").detach()
    move_exported_model_to_eval(prepared)
    converted = convert_pt2e(prepared)
    assert [n.args[0].name for n in converted.graph.nodes if is_quantize(n)] == [
        *("input_1", "relu", "conv2d_1")
    ]
    # The range is that of the weights as they are, not as they were before.
    scales = converted.get_buffer("_scale_1")
    torch.testing.assert_close(scales * 127, weight.abs().amax((1, 2, 3)), rtol=0.1, atol=0)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (QuantizationConfig(ignore=("e",)), "ignore: 'e' matches no layer that can be quantised"),
        (QuantizationConfig(ignore=("*",)), "no layer is left to quantise"),
    ],
)
def test_refusals(config, message):
    with pytest.raises(QuantizationError, match=message):
        converted(lambda m, x: m.d(m.a(x)), config)
    with pytest.raises(QuantizationError, match="no layer that can be quantised"):
        converted(lambda m, x: torch.relu(x))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"version": 2}, "version of the quantisation config is 2"),
        ({"observer": "minmax"}, "observer is 'minmax', expected .*; did you mean 'min-max'"),
        ({"skip_first": 1}, "skip_first is 1, expected true or false"),
        ({"ignore": 3}, "ignore is 3, expected a list of layer names"),
        ({"ignore": ("re:(",)}, "is not a regular expression"),
    ],
)
def test_config_errors(fields, message):
    with pytest.raises(QuantizationError, match=message):
        QuantizationConfig(**fields)


def test_config_in_yaml():
    config = QuantizationConfig(ignore=("a", "b.*"), observer="min-max", skip_last=True)
    assert QuantizationConfig.from_yaml(config.to_yaml()) == config
    with pytest.raises(QuantizationError, match="unknown key 'observers'; did you mean 'observer'"):
        QuantizationConfig.from_yaml("observers: histogram")
