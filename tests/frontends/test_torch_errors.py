# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What the PyTorch frontend refuses, and that it says where the trouble is."""

import pytest
import torch
from torch import nn

from apply import Apply
from patternc import compile
from patternc.errors import ModelError
from patternc.frontends import import_model, import_torch

pytest.importorskip("torch_mlir")

IMAGE = torch.randn(2, 3, 8, 8)


class Buffer(nn.Module):
    def __init__(self, buffer):
        super().__init__()
        self.register_buffer("buffer", buffer)

    def forward(self, x):
        return x @ self.buffer


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(2))

    def forward(self, x):
        self.calls.add_(1)
        return x + self.calls


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (None, "example_args is missing"),
        ([IMAGE], "must be a tuple of tensors, but is a list"),
        (IMAGE, "must be a tuple of tensors, but is a Tensor"),
        ((IMAGE, {1}), r"argument 1 of example_args is a set; expected a tensor, a number, text"),
        (({"a": [IMAGE.double()]},), r"argument 0\['a'\]\[0\] of .* unsupported dtype float64"),
        ((IMAGE.to_sparse(),), "argument 0 of example_args has the layout sparse_coo"),
        ((IMAGE.to("meta"),), "argument 0 of example_args is on device 'meta', expected 'cpu'"),
    ],
)
def test_example_args(args, message):
    with pytest.raises(ModelError, match=message):
        import_model(nn.ReLU(), args)


def test_example_kwargs():
    with pytest.raises(ModelError, match="'x' of example_kwargs has the unsupported dtype"):
        import_model(nn.ReLU(), (IMAGE,), {"x": IMAGE.double()})
    with pytest.raises(ModelError, match="example_kwargs must be a dict of tensors by name"):
        import_model(nn.ReLU(), (IMAGE,), [IMAGE])  # pyright: ignore[reportArgumentType]
    with pytest.raises(ModelError, match="MLIR fixes its own input shapes"):
        import_model("module {}\n", None, {"x": IMAGE})


def test_not_a_torch_model():
    with pytest.raises(ModelError, match=r"expected a torch.nn.Module .* but got int"):
        import_torch(5)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_parameter_dtype(dtype):
    module = nn.Sequential(nn.ReLU(), nn.Conv2d(3, 4, 3, dtype=dtype))
    with pytest.raises(ModelError, match=r"'1.weight' has the unsupported dtype \w+; expected"):
        import_model(module, (IMAGE,))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_parameter_that_is_not_finite(value):
    module = nn.Sequential(nn.ReLU(), nn.Conv2d(3, 4, 3)).eval()
    program = torch.export.export(module, (IMAGE,))
    with torch.no_grad():
        module[1].bias[2] = value
    for model, args in ((module, (IMAGE,)), (program, None)):
        with pytest.raises(ModelError, match=r"'1.bias' holds NaN or infinite values"):
            import_model(model, args)


def test_buffer_that_is_no_number():
    module = nn.BatchNorm2d(3).eval()
    module.running_mean[1] = torch.nan
    with pytest.raises(ModelError, match=r"'running_mean' holds NaN$"):
        import_model(module, (IMAGE,))


@pytest.mark.iree
def test_batch_norm_that_makes_a_weight_infinite():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    module[1].running_var[1] = -1
    with pytest.raises(
        ModelError, match=r"0.weight holds a value that is not finite .* batch norm"
    ):
        compile(module, (IMAGE,))


def test_parameter_without_data():
    with pytest.raises(ModelError, match="'weight' is on the meta device"):
        import_model(nn.Conv2d(3, 4, 3, device="meta"), (IMAGE,))
    with pytest.raises(ModelError, match="'weight' has no shape yet"):
        import_model(nn.LazyConv2d(4, 3), (IMAGE,))


def test_sparse_parameter():
    module = Apply(lambda x: x @ module.weight)
    module.weight = nn.Parameter(torch.eye(8).to_sparse())
    with pytest.raises(ModelError, match="'weight' has the layout sparse_coo"):
        import_model(module, (IMAGE,))


def test_dynamic_shape():
    batch = torch.export.Dim("batch")
    program = torch.export.export(nn.ReLU(), (IMAGE,), dynamic_shapes=({0: batch},))
    with pytest.raises(ModelError, match=r"input 'input' has the dynamic shape \(\w+, 3, 8, 8\)"):
        import_model(program)


@pytest.mark.parametrize(
    ("model", "args", "message"),
    [
        (nn.Conv2d(3, 4, 3), (IMAGE[:0],), r"input 'input' has the shape \(0, 3, 8, 8\)"),
        (nn.AdaptiveAvgPool2d(1), (IMAGE[:0],), r"input 'input' has the shape \(0, 3, 8, 8\)"),
        (Buffer(torch.zeros(8, 0)), (IMAGE,), r"'buffer' has the shape \(8, 0\)"),
        (
            nn.Sequential(nn.ReLU(), Apply(lambda x: torch.cat([x[:, :0], x], 1) + 1)),
            (IMAGE,),
            r"result 'slice_1' of operator aten.slice.Tensor in layer '1' has the shape \(2, 0,",
        ),
        (Apply(lambda x: x[:, :, :0]), (IMAGE,), r"the shape \(2, 3, 0, 8\) and so no elements"),
    ],
    ids=["input", "input of pooling", "weight", "intermediate", "output"],
)
def test_tensor_without_elements(model, args, message):
    with pytest.raises(ModelError, match=message):
        import_model(model, args)


def test_shape_that_depends_on_data():
    with pytest.raises(ModelError, match=r"output 0 has the dynamic shape \(\w+, 4\)"):
        import_model(Apply(torch.nonzero), (IMAGE,))


def test_arguments_that_do_not_fit_the_program():
    program = torch.export.export(nn.ReLU(), (IMAGE,))
    assert import_model(program, (IMAGE,)).inputs
    match = r"are float32\[2, 3, 8\], but the program .* for float32\[2, 3, 8, 8\]"
    with pytest.raises(ModelError, match=match):
        import_model(program, (IMAGE[0:2, :, :, 0],))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x.sum().item(), "Apply: .*|output 0 of the model is a number that depends"),
        (torch.fft.rfft, "output 0 has the unsupported dtype complex64"),
        (lambda x: x if x.sum() > 0 else -x, "torch.export cannot capture Apply: Could not guard"),
        (torch.rand_like, r"operator aten.rand_like.default in layer '0.0' draws random numbers"),
        (torch.lgamma, r"torch-mlir cannot lower operator aten.lgamma.default in layer '0.0'"),
    ],
    ids=["integer output", "complex output", "control flow", "random", "no lowering"],
)
def test_operator(function, message):
    layers = (
        Apply(function) if "Apply" in message else nn.Sequential(nn.Sequential(Apply(function)))
    )
    with pytest.raises(ModelError, match=message) as caught:
        import_model(layers, (IMAGE,))
    assert "\n" not in str(caught.value)


def test_arguments_that_do_not_fit_the_module():
    with pytest.raises(ModelError, match=r"cannot capture Conv2d: .* to have 5 channels"):
        import_model(nn.Conv2d(5, 4, 3), (IMAGE,))


def test_program_in_training_mode():
    for layer, message in (
        (nn.BatchNorm2d(3), "changes 'running_mean' when it runs; export the model after"),
        (nn.Dropout(), "operator aten.native_dropout.default draws random numbers"),
    ):
        program = torch.export.export(layer.train(), (IMAGE,))
        with pytest.raises(ModelError, match=message):
            import_model(program)


def test_model_with_state():
    with pytest.raises(ModelError, match="changes 'calls' when it runs"):
        import_model(Counter(), (torch.randn(2),))


def test_mode_is_restored_after_an_error():
    module = nn.Sequential(nn.Conv2d(5, 4, 3)).train()
    with pytest.raises(ModelError):
        import_model(module, (IMAGE,))
    assert module.training and module[0].training
