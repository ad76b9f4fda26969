# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Quantised programs in floats: the same bits as PyTorch's, in the form that the compiler finds."""

import numpy as np
import pytest
import torch
import torch.ao.quantization.fx._decomposed  # registers the operators
from torch import nn

from patternc.errors import ModelError
from patternc.frontends import import_model, import_torch

pytest.importorskip("torch_mlir")
exporting = pytest.importorskip("patternc.frontends.exporting")
quantization = pytest.importorskip("patternc.frontends.quantization")

ops = torch.ops.quantized_decomposed
RANGES = [
    (torch.uint8, 0, 255),
    (torch.uint8, 0, 127),
    (torch.int8, -128, 127),
    (torch.int8, -127, 127),
    (torch.int16, -32768, 32767),
]
SCALES = [1e-8, 0.0123456789, 1 / 3, 0.5, 1.0, 2.1786e-2, 1000.0]


class Function(nn.Module):
    def __init__(self, function, **buffers):
        super().__init__()
        self.function = function
        for name, value in buffers.items():
            self.register_buffer(name, value)

    def forward(self, *x):
        return self.function(self, *x)


def rewritten(function, *x, **buffers):
    """The rewritten program of a function of a module with buffers, and what it computes."""
    module = Function(function, **buffers)
    program = exporting.export(module, x)
    quantization.write_in_floats_(program)
    signature = program.graph_signature
    stored = {**program.constants, **program.state_dict}
    inputs = iter(x)
    arguments = [
        next(inputs) if spec.target is None else stored[spec.target]
        for spec in signature.input_specs
    ]
    results = torch.fx.Interpreter(program.graph_module).run(*arguments)
    return program, results[0] if len(results) == 1 else results, module(*x)


def operators(program):
    return [str(n.target) for n in program.graph.nodes if n.op == "call_function"]


def assert_same_bits(found, expected):
    assert found.dtype == expected.dtype
    if found.is_floating_point():
        found, expected = found.view(torch.int32), expected.view(torch.int32)
    assert torch.equal(found, expected)


def hard_inputs(scale):
    """Ties, their neighbours, values out of range, zeros of both signs and random ones."""
    steps = torch.arange(-600, 600) / 2 * torch.tensor(scale)
    values = torch.cat(
        [
            steps,
            torch.nextafter(steps, torch.tensor(torch.inf)),
            torch.nextafter(steps, torch.tensor(-torch.inf)),
            torch.tensor([0.0, -0.0, 1e30, -1e30, 1e-40, -1e-40]),
            torch.randn(1000, generator=torch.Generator().manual_seed(0)) * scale * 100,
        ]
    )
    return values.float()


@pytest.mark.parametrize(("dtype", "low", "high"), RANGES)
def test_equals_eager_to_the_bit(dtype, low, high):
    cases = [(s, z) for s in SCALES for z in sorted({low, high, 0, (low + high) // 2 + 1})]

    def forward(_, *inputs):
        results = []
        for x, case in zip(inputs, cases, strict=True):
            parameters = (*case, low, high, dtype)
            q = ops.quantize_per_tensor(x, *parameters)
            results.append(ops.dequantize_per_tensor(q, *parameters))
        return tuple(results)

    program, found, expected = rewritten(forward, *(hard_inputs(scale) for scale, _ in cases))
    for one, other in zip(found, expected, strict=True):
        assert_same_bits(one, other)
    dtypes = [n.meta["val"].dtype for n in program.graph.nodes if n.op == "call_function"]
    assert set(dtypes) == {torch.float32}


def test_form():
    parameters = (0.02, 7, 0, 255, torch.uint8)
    program, *_ = rewritten(
        lambda _, x: ops.dequantize_per_tensor(
            ops.quantize_per_tensor(x, *parameters), *parameters
        ),
        torch.randn(5),
    )
    *operations, _ = list(program.graph.nodes)[1:]
    assert [(str(n.target), n.args[1:]) for n in operations] == [
        ("aten.mul.Scalar", (1 / 0.02,)),
        ("aten.round.default", ()),
        ("aten.add.Scalar", (7.0,)),
        ("aten.clamp.default", (0.0, 255.0)),
        ("aten.sub.Scalar", (7.0,)),
        ("aten.mul.Scalar", (0.02,)),
    ]


def test_parameters_in_tensors():
    def forward(m, x):
        parameters = (m.scale, m.zero_point, 0, 255, torch.uint8)
        q = ops.quantize_per_tensor.tensor(x, *parameters)
        y = ops.dequantize_per_tensor.tensor(q, *parameters)
        parameters = (m.scale, m.zero_point, m.low, m.high, torch.uint8)
        q = ops.quantize_per_tensor.tensor2(y * 0.3, *parameters)
        return ops.dequantize_per_tensor.tensor2(q, *parameters)

    program, found, expected = rewritten(
        forward,
        hard_inputs(0.1),
        scale=torch.tensor([0.1]),
        zero_point=torch.tensor([30]),
        low=torch.tensor(0),
        high=torch.tensor(200),
    )
    assert_same_bits(found, expected)
    assert "aten.mul.Tensor" not in operators(program)[:4]


@pytest.mark.parametrize("zero_points", [[0, 0, 0], [1, 7, -5]])
@pytest.mark.parametrize("axis", [0, 1])
def test_activations_per_channel(axis, zero_points):
    def forward(m, x):
        parameters = (m.scale, m.zero_point, axis, -128, 127, torch.int8)
        return ops.dequantize_per_channel(ops.quantize_per_channel(x, *parameters), *parameters)

    x = hard_inputs(0.3)[:3600].view(3, 400, 3)
    x = x.movedim(0, axis)
    _, found, expected = rewritten(
        forward,
        x.contiguous(),
        scale=torch.tensor([0.3, 0.1, 1 / 3]),
        zero_point=torch.tensor(zero_points),
    )
    assert_same_bits(found, expected)


def test_fake_quantisation():
    def forward(m, *inputs):
        results = []
        for x, scale in zip(inputs, SCALES, strict=True):
            one, three = m.one * scale, m.three
            y = torch.fake_quantize_per_tensor_affine(x, scale, 11, 0, 255)
            z = torch.fake_quantize_per_tensor_affine(x, one, three, -128, 127)
            # PyTorch's own wraps around beyond 64 bits.
            x = x[None].clamp(-1e9 * scale, 1e9 * scale)
            w = torch.fake_quantize_per_channel_affine(x, one, three, 0, -127, 127)
            results += [y, z, w]
        return tuple(results)

    program, found, expected = rewritten(
        forward,
        *map(hard_inputs, SCALES),
        one=torch.tensor([1.1]),
        three=torch.tensor([3], dtype=torch.int32),
    )
    assert not any("fake" in name for name in operators(program))
    for one, other in zip(found, expected, strict=True):
        assert_same_bits(one, other)


class QuantizedWeights(nn.Module):
    """A convolution and a matrix as PT2E leaves them: the integers and scales are buffers."""

    def __init__(self, dtype=torch.int8, low=-127):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4, 5)
        self.dtype, self.low, self.high = dtype, low, low + 254
        for name, layer in (("a", self.conv), ("b", self.fc)):
            shape = layer.weight.shape
            integers = torch.randint(low, self.high + 1, shape, generator=generator)
            integers[torch.rand(shape, generator=generator) < 0.5] = 127 + low
            self.register_buffer(f"_frozen_{name}", integers.to(dtype))
            self.register_buffer(f"_scale_{name}", torch.rand(shape[0], generator=generator) / 100)
            self.register_buffer(f"_zero_{name}", torch.full((shape[0],), 127 + low))

    def weight(self, name):
        return ops.dequantize_per_channel(
            getattr(self, f"_frozen_{name}"),
            getattr(self, f"_scale_{name}"),
            getattr(self, f"_zero_{name}"),
            0,
            self.low,
            self.high,
            self.dtype,
        )

    def forward(self, x):
        a, b = self.weight("a"), self.weight("b")
        weights = {"conv.weight": a, "fc.weight": b}
        x = torch.func.functional_call(self.conv, {"weight": weights["conv.weight"]}, x)
        return torch.func.functional_call(self.fc, {"weight": b}, x.mean((2, 3)))


@pytest.mark.parametrize(("dtype", "low"), [(torch.int8, -127), (torch.uint8, 0)])
def test_weights_become_plain_ones(dtype, low):
    module = QuantizedWeights(dtype, low).eval()
    blobs = import_torch(module, (torch.randn(1, 3, 8, 8),)).blobs
    assert set(blobs) == {"conv.weight", "conv.bias", "fc.weight", "fc.bias"}
    for name, layer in (("a", "conv"), ("b", "fc")):
        np.testing.assert_array_equal(blobs[f"{layer}.weight"], module.weight(name))
        removed = getattr(module, f"_frozen_{name}").long() == 127 + low
        assert removed.any() and not blobs[f"{layer}.weight"][removed.numpy()].any()


def test_the_program_is_left_alone():
    program = torch.export.export(QuantizedWeights().eval(), (torch.randn(1, 3, 8, 8),))
    text, names = str(program.graph), set(program.state_dict)
    import_torch(program)
    assert str(program.graph) == text and set(program.state_dict) == names


def test_weights_that_are_quantised_when_it_runs():
    def forward(m, x):
        q = ops.quantize_per_channel(m.w, m.scale, m.zero, 0, -127, 127, torch.int8)
        w = ops.dequantize_per_channel(q, m.scale, m.zero, 0, -127, 127, torch.int8)
        return nn.functional.conv2d(x, w) + nn.functional.conv2d(x, m.w)

    w = torch.randn(4, 3, 3, 3)
    scale = w.abs().amax((1, 2, 3)) / 127
    zero = torch.zeros(4, dtype=torch.int64)
    module = Function(forward, w=w, scale=scale, zero=zero)
    blobs = import_torch(module, (torch.randn(1, 3, 8, 8),)).blobs
    q = ops.quantize_per_channel(w, scale, zero, 0, -127, 127, torch.int8)
    np.testing.assert_array_equal(blobs["weight"], q * scale.view(4, 1, 1, 1))
    np.testing.assert_array_equal(blobs["w"], w)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8])
def test_bytes_that_are_only_moved_stay_integers_in_floats(dtype):
    def forward(_, x):
        low = 0 if dtype == torch.uint8 else -128
        parameters = (0.05, 3, low, low + 255, dtype)
        q = ops.quantize_per_tensor(x, *parameters)
        moved = torch.cat([q.permute(0, 2, 1), q.permute(0, 2, 1)]).flatten(1)[:, 1:]
        return ops.dequantize_per_tensor(moved, *parameters)

    program, found, expected = rewritten(forward, torch.randn(2, 3, 4) * 10)
    assert_same_bits(found, expected)
    assert all(
        n.meta["val"].dtype == torch.float32 for n in program.graph.nodes if n.op == "call_function"
    )


@pytest.mark.iree
@pytest.mark.parametrize(("dtype", "low", "high"), RANGES[::2])
def test_integers_that_come_in_and_go_out(dtype, low, high):
    import patternc

    def forward(_, x, q):
        parameters = (0.05, 3, low, high, dtype)
        p = ops.quantize_per_tensor(x, *parameters)
        y = ops.dequantize_per_tensor(q, *parameters) * 0.5 + x
        return p, ops.dequantize_per_tensor(p, *parameters), y, p.view(2, -1), p.float() + 1

    x = torch.linspace(low * 0.06, high * 0.06, 512)
    q = torch.linspace(low, high, 512).round().to(dtype)
    module = Function(forward)
    compiled = patternc.compile(module, (x, q))
    for found, expected in zip(compiled(x.numpy(), q.numpy()), module(x, q), strict=True):
        assert found.dtype == expected.numpy().dtype
        np.testing.assert_array_equal(found, expected)


@pytest.mark.iree
def test_compiled_program_equals_eager():
    """But for the sign of zeros: IREE takes adding 0 for nothing."""
    import patternc

    cases = [(scale, zero) for scale in SCALES[1:] for zero in (0, 131)]

    def forward(_, *inputs):
        results = []
        for x, (scale, zero_point) in zip(inputs, cases, strict=True):
            parameters = (scale, zero_point, 0, 255, torch.uint8)
            q = ops.quantize_per_tensor(x, *parameters)
            results.append(ops.dequantize_per_tensor(q, *parameters))
        return tuple(results)

    inputs = tuple(hard_inputs(scale) for scale, _ in cases)
    module = Function(forward)
    compiled = patternc.compile(module, inputs)
    for found, expected in zip(
        compiled(*(x.numpy() for x in inputs)), module(*inputs), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_saved_programs_load(tmp_path):
    """Also where nothing has registered the operators before."""
    import subprocess
    import sys

    parameters = (0.1, 0, 0, 255, torch.uint8)
    module = Function(
        lambda _, x: ops.dequantize_per_tensor(ops.quantize_per_tensor(x, *parameters), *parameters)
    )
    torch.export.save(torch.export.export(module, (torch.randn(3),)), tmp_path / "model.pt2")
    program = "import sys; from patternc.frontends import import_model; import_model(sys.argv[1])"
    subprocess.run([sys.executable, "-c", program, tmp_path / "model.pt2"], check=True)
    assert "roundeven" in import_model(tmp_path / "model.pt2").text


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (
            lambda _, x: ops.quantize_per_tensor.tensor(
                x, *ops.choose_qparams.tensor(x, 0, 255, 1e-5, torch.uint8), 0, 255, torch.uint8
            ),
            "dynamic quantisation",
        ),
        (
            lambda _, x: ops.quantize_per_tensor(x, float("nan"), 0, 0, 255, torch.uint8),
            "has the scale nan; expected a positive finite number",
        ),
        (
            lambda _, x: ops.dequantize_per_tensor(
                ops.quantize_per_tensor(x, 0.1, 0, -9, 9, torch.int32), 0.1, 0, -9, 9, torch.int32
            ),
            "quantises to int32; expected int8, uint8 or int16",
        ),
        (
            lambda _, x: ops.quantize_per_tensor.tensor(
                x, x.amax(), x.argmax(), 0, 255, torch.uint8
            ),
            "depends on the input; expected constants",
        ),
    ],
)
def test_refusals(forward, message):
    with pytest.raises(ModelError, match=message):
        import_torch(Function(forward), (torch.randn(4),))
