# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What IREE gets wrong, and that it is lowered around.

The first test of a fault runs IREE without the pass that goes around it. If it fails, IREE is
mended: remove the pass.
"""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from apply import Apply
from machines import require_machine
from patternc import Pipeline, compile
from patternc.compiler import get_target
from patternc.errors import CompilerError

pytestmark = [pytest.mark.iree, pytest.mark.torch]

GPUS = [pytest.param(name, marks=pytest.mark.vulkan) for name in ("vulkan", "vulkan-adreno")]


class NormOfLines(nn.Module):
    """Two reshapes and a transposition between what is normalised and what computes it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(32, 32, 2)
        self.norm = nn.LayerNorm(32)

    def forward(self, x):
        return self.norm(functional.gelu(self.conv(x)).transpose(1, 2))


def is_right(function, arguments, target, *, without=None):
    """Whether the compiled result equals PyTorch's; not, if IREE refuses the module."""
    model = function if isinstance(function, nn.Module) else Apply(function)
    pipeline = Pipeline.for_target(get_target(target))
    try:
        module = compile(
            model, arguments, target=target, pipeline=pipeline.without(without) if without else None
        )
    except CompilerError:
        if without is None:
            raise
        return False
    results, expected = module(*arguments), model(*arguments)
    pairs = (
        zip(results, expected, strict=True)
        if isinstance(expected, tuple)
        else [(results, expected)]
    )
    return all(
        torch.allclose(one, other.detach(), rtol=1e-4, atol=1e-5, equal_nan=True)
        for one, other in pairs
    )


def assert_still_wrong(function, arguments, target, name):
    assert not is_right(function, arguments, target, without=name), (
        f"IREE computes this without {name}: remove the pass"
    )


def _both_ways(x):
    """The sum of each pair of rows."""
    return x[:, None] + x[None]


TWO_WAYS = {
    "sums": lambda x: _both_ways(x.sum(1)),
    "maxima": lambda x: _both_ways(x.amax(1)),
    "columns": lambda x: x.sum(1, keepdim=True) - x.sum(1, keepdim=True).T,
    "what is computed of them": lambda x: torch.exp(x.sum(1))[:, None] + x.sum(1)[None],
    "distances": lambda x: _both_ways((x * x).sum(1)) - 2 * x @ x.T,
    "softmax": lambda x: (lambda y: y + y.T)(x[:, :5].softmax(1)),
    "pooling": lambda x: (lambda y: y + y.transpose(3, 0))(
        functional.max_pool2d(x.reshape(5, 1, 1, 7), (1, 4), dilation=2)
    ),
}


@pytest.mark.parametrize("name", TWO_WAYS)
def test_reductions_that_are_read_in_two_ways_are_wrong_on_cpus(name):
    torch.manual_seed(0)
    x = (torch.randn(5, 7),)
    assert_still_wrong(TWO_WAYS[name], x, "llvm-cpu", "pattern-isolate-reductions")


@pytest.mark.parametrize(
    "target", ["llvm-cpu", "vmvx", pytest.param("vulkan", marks=pytest.mark.vulkan)]
)
@pytest.mark.parametrize("name", TWO_WAYS)
def test_reductions_are_read_in_two_ways(name, target):
    require_machine(target)
    torch.manual_seed(0)
    assert is_right(TWO_WAYS[name], (torch.randn(5, 7),), target)


REDUCTIONS = {
    "softmax": (lambda x: x.softmax(1), (1, 10, 7, 7)),
    "softmax over many channels": (lambda x: x.softmax(1), (1, 64, 100)),
    "log-softmax": (lambda x: x.log_softmax(1), (2, 21, 33)),
    "normalize": (lambda x: functional.normalize(x, dim=1), (1, 3, 7, 7)),
    "instance norm": (functional.instance_norm, (1, 16, 24, 24)),
    "layer norm": (lambda x: functional.layer_norm(x, (64,)), (1, 64, 64)),
    "group norm": (nn.GroupNorm(2, 32), (1, 32, 9, 9)),
    "layer norm of lines": (NormOfLines(), (1, 32, 13)),
    "variance": (lambda x: torch.var_mean(x, 1), (2, 32, 9, 9)),
    "maximum and its place": (lambda x: x.max(1), (1, 16, 8, 16)),
    "sum of a vector's length": (lambda x: x.sum(-1), (100, 64)),
    "linear": (nn.Linear(64, 10), (2, 64)),
}


@pytest.mark.parametrize("target", GPUS)
def test_reductions_on_gpus_are_still_wrong(target):
    require_machine(target)
    x = (torch.randn(1, 10, 7, 7),)
    assert_still_wrong(lambda x: x.softmax(1), x, target, "pattern-isolate-reductions")


@pytest.mark.parametrize("target", GPUS)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_on_gpus(name, target):
    require_machine(target)
    function, shape = REDUCTIONS[name]
    assert is_right(function, (torch.randn(shape),), target)


WIDE = {
    "to float": lambda x: x.float() / 255,
    "sum": lambda x: x + 32,
    "comparison": lambda x: (x > 5).float(),
    "from float": lambda x: (x.float() * 0.5).long(),
    "remainder": lambda x: (x % 10, x % -7),
    "reductions": lambda x: (x.sum(1), x.sum(), x.amax(3), x.any(2).float(), x.argmax(3) + 1),
    "product": lambda x: (x.flatten(1).reshape(3, 64) + 1) @ x.reshape(64, 3),
    "transposition": lambda x: x.reshape(3, 64).T.contiguous(),
}


@pytest.mark.parametrize("target", GPUS)
@pytest.mark.parametrize("name", ["to float", "reductions", "product"])
def test_wide_integers_on_gpus_are_still_refused(name, target):
    require_machine(target)
    x = (torch.randint(0, 255, (1, 3, 8, 8)),)
    assert_still_wrong(WIDE[name], x, target, "pattern-scalarize-wide-integers")


@pytest.mark.parametrize("target", GPUS)
@pytest.mark.parametrize("name", WIDE)
def test_wide_integers_on_gpus(name, target):
    require_machine(target)
    assert is_right(WIDE[name], (torch.randint(-255, 255, (1, 3, 8, 8)),), target)


MASKS = {
    "read twice": lambda x: ((x > 0).float().sum(1), torch.where(x > 0, x, x * 2)),
    "of reductions": lambda x: (x.softmax(1) > 0.1).float() + (x > x.mean(1, keepdim=True)),
    "operators": lambda x: ((x > 0) ^ (x.cumsum(1) > 0)).float() * ~(x > 1),
    "transposed and reshaped": lambda x: torch.where((x > 0).T.reshape(7, 5), x.T, 1.0),
    "joined and padded": lambda x: functional.pad(torch.cat([x > 0, x > 1], 1), (1, 2)).float(),
    "part": lambda x: (x > x.amax(1, keepdim=True) / 2)[1:4, 2:].flip(1).float(),
    "of rows": lambda x: x.masked_fill((x > 2).any(1, keepdim=True), -9) + (x > -2).all(0),
    "counted": lambda x: ((x > 0).sum(1), (x > 0).cumsum(1), (x > 0).sum()),
    "gathered": lambda x: (x > 0).gather(1, x.argsort(1)).float(),
    "scattered": lambda x: torch.zeros_like(x).bool().scatter(1, x.topk(2)[1], True).float(),
    "one of many": lambda x: functional.one_hot(x.argmax(1), 7),
}


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.ones(5, 5).tril().bool())

    def forward(self, x):
        x = x[None, None]
        seen = self.mask & (x[0, 0, :, :1] > -1).T | torch.eye(5).bool()
        return tuple(
            functional.scaled_dot_product_attention(x, x, x, **options)
            for options in ({"is_causal": True}, {"attn_mask": self.mask}, {"attn_mask": seen})
        )


def _narrow(x):
    """Arithmetic on small integers, each of which has several readers."""
    x = (x * 100).to(torch.int16)
    y = x.flip(1)
    numbers = (x * 300, x // 7, x % 7, x.abs(), torch.maximum(x, y), x.clamp(-3, 5), x & 7, x >> 1)
    reduced = (x.sum(1), x.amax(1), x.amin(0), (x > y).sum(1), x.sort(1)[0])
    return (*(z.float() for z in (*numbers, *reduced)), (x // 3).to(torch.int8).float())


NARROW = {
    "masks": Apply(lambda x: tuple(y for f in MASKS.values() for y in as_tuple(f(x)))),
    "attention": Attention(),
    "arithmetic": Apply(_narrow),
}


@pytest.mark.parametrize("target", GPUS)
def test_masks_on_gpus_are_still_wrong(target):
    require_machine(target)
    torch.manual_seed(0)
    x = (torch.randn(5, 7),)
    assert_still_wrong(MASKS["read twice"], x, target, "pattern-widen-narrow-integers")


@pytest.mark.parametrize("target", GPUS)
@pytest.mark.parametrize("name", NARROW)
def test_narrow_integers_on_gpus(name, target):
    require_machine(target)
    torch.manual_seed(0)
    assert is_right(NARROW[name], (torch.randn(5, 7),), target)


@pytest.mark.parametrize("target", GPUS)
def test_circular_padding_on_gpus(target):
    require_machine(target)
    model = nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular")
    assert is_right(model, (torch.randn(1, 4, 9, 9),), target)


TRUNCATIONS = {
    "long": lambda x: x.long(),
    "bilinear": lambda x: functional.interpolate(x, scale_factor=2, mode="bilinear"),
    "corners": lambda x: functional.interpolate(
        x, size=(9, 10), mode="bilinear", align_corners=True
    ),
    "nearest": lambda x: functional.interpolate(x, size=(9, 10)),
}


def test_truncation_on_vmvx_is_still_wrong():
    x = (torch.randn(1, 2, 5, 7) * 4,)
    assert_still_wrong(TRUNCATIONS["long"], x, "vmvx", "pattern-truncate-floats")


@pytest.mark.parametrize("name", TRUNCATIONS)
def test_truncation_on_vmvx(name):
    assert is_right(TRUNCATIONS[name], (torch.randn(1, 2, 5, 7) * 4,), "vmvx")


def _shortened(x):
    return tuple(x.to(dtype) for dtype in (torch.uint8, torch.int8, torch.int16))


BEYOND_A_BYTE = torch.tensor([150.0, -150, 40000, -40000, 5000, 300.7, 3e9, -1.5]).repeat(9)


def test_small_integers_of_floats_are_still_wrong_with_avx2():
    """If it fails, torch-mlir or IREE agrees with PyTorch on what is beyond the range."""
    require_machine("x86-64-v3")
    assert_still_wrong(_shortened, (BEYOND_A_BYTE,), "x86-64-v3", "pattern-truncate-floats")


@pytest.mark.parametrize("target", ["llvm-cpu", "x86-64-v3"])
def test_small_integers_of_floats(target):
    require_machine(target)
    assert is_right(_shortened, (BEYOND_A_BYTE,), target)


def test_unit_depth_is_still_refused():
    """What `_flat_convolution` of the decompositions goes around."""
    text = """func.func @main(%x: tensor<1x4x4x10x10xf32>) -> tensor<1x8x1x4x4xf32> {
      %w = arith.constant dense<1.0> : tensor<8x4x3x3x3xf32>
      %zero = arith.constant dense<0.0> : tensor<1x8x1x4x4xf32>
      %y = linalg.conv_3d_ncdhw_fcdhw
        {strides = dense<2> : vector<3xi64>, dilations = dense<1> : vector<3xi64>}
        ins(%x, %w : tensor<1x4x4x10x10xf32>, tensor<8x4x3x3x3xf32>)
        outs(%zero : tensor<1x8x1x4x4xf32>) -> tensor<1x8x1x4x4xf32>
      return %y : tensor<1x8x1x4x4xf32>
    }"""
    try:
        compile(text)
    except CompilerError:
        return
    pytest.fail("IREE compiles a 3-D convolution of depth 1: remove `_flat_convolution`")


SCANS = {
    "cumsum": lambda x: x.cumsum(1),
    "sort": lambda x: torch.sort(x, 1),
    "topk": lambda x: x.topk(2)[0],
    "scatter": lambda x: torch.zeros(3, 9).scatter(1, x.argsort(1), x),
    "max unpool": lambda x: functional.max_unpool1d(
        *functional.max_pool1d(x[None], 2, return_indices=True), 2
    ),
}


@pytest.mark.parametrize("target", ["llvm-cpu", "vmvx", *GPUS])
def test_scans_and_scatters(target):
    require_machine(target)
    model = Apply(lambda x: tuple(y for f in SCANS.values() for y in as_tuple(f(x))))
    assert is_right(model, (torch.randn(3, 9),), target)


def as_tuple(value):
    return (value,) if isinstance(value, torch.Tensor) else tuple(value)


@pytest.mark.parametrize("target", ["llvm-cpu", "vmvx", *GPUS])
def test_clamps_keep_nan(target):
    require_machine(target)
    functions = (
        lambda x: x.clamp(-1, 1),
        lambda x: x.clamp(max=1),
        functional.hardsigmoid,
        functional.hardtanh,
        lambda x: torch.maximum(x, x * 0),
        lambda x: torch.minimum(x * 0, x),
    )
    x = torch.randn(4, 5)
    x[1, 2] = torch.nan
    assert is_right(Apply(lambda x: tuple(f(x) for f in functions)), (x,), target)


@pytest.mark.parametrize("target", ["llvm-cpu", "vmvx", *GPUS])
def test_assertion_that_is_not_constant_is_checked(target):
    require_machine(target)
    module = compile(
        """func.func @main(%x: tensor<4xf32>, %p: tensor<1xi32>) -> tensor<4xf32> {
          %i = arith.constant 0 : index
          %zero = arith.constant 0 : i32
          %n = tensor.extract %p[%i] : tensor<1xi32>
          %c = arith.cmpi ne, %n, %zero : i32
          cf.assert %c, "must hold"
          return %x : tensor<4xf32>
        }""",
        target=target,
    )
    x = torch.randn(4).numpy()
    assert (module(x, np.array([1], np.int32)) == x).all()
    with pytest.raises(CompilerError, match="must hold"):
        module(x, np.array([0], np.int32))


def _mapped(element: str, body: str) -> str:
    """A function that makes elements of another type, has them in memory, and takes them back."""
    loop = """%{0}e = tensor.empty() : tensor<768x{2}>
    %{0} = linalg.generic {{indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
        iterator_types = ["parallel"]}} ins(%{1} : tensor<768x{3}>) outs(%{0}e : tensor<768x{2}>) {{
    ^bb0(%x: {3}, %_: {2}):
      {4}
      linalg.yield %r : {2}
    }} -> tensor<768x{2}>"""
    to, back = body.split(" / ")
    return f"""module {{
  func.func @main(%a: tensor<768xf32>) -> tensor<768xf32> {{
    {loop.format("b", "a", element, "f32", to)}
    %m = "util.optimization_barrier"(%b) : (tensor<768x{element}>) -> tensor<768x{element}>
    {loop.format("c", "m", "f32", element, back)}
    return %c : tensor<768xf32>
  }}
}}
"""


@pytest.mark.parametrize("target", GPUS)
def test_vectors_of_bytes_on_gpus_are_still_wrong(target):
    """If it fails, targets may have the feature `byte_access`."""
    require_machine(target)
    x = torch.arange(768).float() % 100
    text = _mapped("i8", "%r = arith.fptosi %x : f32 to i8 / %r = arith.sitofp %x : i8 to f32")
    assert torch.equal(torch.as_tensor(compile(text, target=target)(x)), x)
    pipeline = Pipeline.for_target(get_target(target)).without("pattern-widen-narrow-integers")
    try:
        module = compile(text, target=target, pipeline=pipeline)
    except CompilerError:
        return
    assert not torch.equal(torch.as_tensor(module(x)), x)


@pytest.mark.vulkan
def test_signs_of_narrow_integers_on_gpus_are_still_lost():
    """If it fails, `pattern-widen-narrow-integers` may leave arithmetic as it is."""
    require_machine("vulkan")
    x = torch.arange(768).float() % 100 - 50
    least = """%z = arith.constant 0 : i8
      %n = arith.trunci %x : i32 to i8
      %l = arith.minsi %n, %z : i8
      %r = arith.sitofp %l : i8 to f32"""
    text = _mapped("i32", f"%r = arith.fptosi %x : f32 to i32 / {least}")
    assert torch.equal(torch.as_tensor(compile(text, target="vulkan")(x)), x.clamp(max=0))
    pipeline = Pipeline.for_target(get_target("vulkan")).without("pattern-widen-narrow-integers")
    module = compile(text, target="vulkan", pipeline=pipeline)
    assert not torch.equal(torch.as_tensor(module(x)), x.clamp(max=0))


@pytest.mark.parametrize("target", ["vmvx", *GPUS])
def test_multiply_adds_in_scalars_are_still_rounded_twice(target):
    """If it fails, kernels/FusedMultiplyAdd may be `math.fma` where it does."""
    require_machine(target)
    x = torch.full((768,), 1 + 2**-12)
    body = "%n = arith.constant -1.00048828125 : f32\n%r = math.fma %x, %x, %n : f32"
    text = _mapped("f32", f"{body} / %z = arith.constant 1.0 : f32\n%r = arith.mulf %x, %z : f32")
    assert torch.equal(torch.as_tensor(compile(text, target=target)(x)), torch.zeros(768))
