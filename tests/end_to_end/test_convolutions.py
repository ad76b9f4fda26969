# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Single convolutions of random shape and pruning, compiled for this machine and for GPUs."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from convolutions import ACTIVATIONS, DENSE, EMPTY, PADDED, Convolution, Convolutions, Pruning
from oracle import assert_close_convolution
from patternc import Pipeline, compile, ir, passmanager
from patternc.compiler import Pass, get_target
from patternc.frontends import import_torch
from vulkan import require_vulkan

pytestmark = [pytest.mark.iree, pytest.mark.torch]

PACKED = (
    Pass("pattern-raise-convolutions"),
    Pass("pattern-reorder-filters"),
    Pass("pattern-compress-weights"),
)
UNPACKED = Pass("pattern-decompress-weights")
# What pattern-linalg-to-reference-pipeline of pattern-opt does, and the way to IREE.
REFERENCE = Pipeline(
    (
        *PACKED,
        UNPACKED,
        Pass("pattern-convolutions-to-linalg"),
        Pass("pattern-externalize-constants"),
    )
)

KERNELS = [(1, 1), (3, 3), (5, 5), (7, 7), (1, 3), (3, 1), (2, 2), (3, 5)]


@st.composite
def prunings(draw: st.DrawFn) -> Pruning:
    if draw(st.booleans()):
        return draw(
            st.builds(
                Pruning,
                patterns=st.integers(0, 12),
                kept=st.sampled_from([1.0, 0.5, 0.2]),
                empty_filter=st.booleans(),
            )
        )
    return draw(
        st.sampled_from(
            [
                DENSE,
                EMPTY,
                Pruning(form="filter"),
                *(Pruning(form="group", group_size=size) for size in (2, 4, 8)),
            ]
        )
    )


@st.composite
def convolutions(draw: st.DrawFn) -> Convolution:
    kernel = draw(st.sampled_from(KERNELS))
    dilations = draw(st.tuples(st.integers(1, 3), st.integers(1, 2)))
    padding = draw(st.sampled_from([(0, 0), (1, 1), (2, 1), (kernel[0] // 2, kernel[1] // 2)]))
    zero_pad = draw(st.one_of(st.just((0, 0, 0, 0)), st.tuples(*[st.integers(0, 3)] * 4)))
    image = draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    reach = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
    around = (
        2 * padding[0] + zero_pad[2] + zero_pad[3],
        2 * padding[1] + zero_pad[0] + zero_pad[1],
    )
    groups, channels, filters = draw(
        st.one_of(
            st.tuples(st.just(1), st.integers(1, 12), st.integers(1, 12)),
            st.tuples(st.just(1), st.sampled_from([8, 16]), st.sampled_from([8, 16, 24])),
            st.tuples(st.integers(2, 4), st.integers(2, 5), st.integers(1, 8)),
            st.tuples(st.integers(2, 12), st.just(1), st.integers(1, 3)),  # depthwise
        )
    )
    return Convolution(
        batch=draw(st.integers(1, 2)),
        channels=channels,
        filters=filters,
        groups=groups,
        image=(max(image[0], reach[0] - around[0]), max(image[1], reach[1] - around[1])),
        kernel=kernel,
        strides=draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        dilations=dilations,
        padding=padding,
        zero_pad=zero_pad,
        bias=draw(st.booleans()),
        activation=draw(st.sampled_from(["", *ACTIVATIONS])),
        pruning=draw(prunings()),
        seed=draw(st.integers(0, 1000)),
    )


# Many convolutions are one module, because a compilation costs much more than what is in it.
several = st.lists(convolutions(), min_size=8, max_size=8)


def some(examples: int):
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def check(
    cases: list[Convolution], pipeline: Pipeline | None = None, target: str = "llvm-cpu"
) -> None:
    model = Convolutions(cases)
    inputs = tuple(case.input() for case in cases)
    results = compile(model, inputs, target=target, pipeline=pipeline)(*inputs)
    for layer, x, result in zip(model.layers, inputs, results, strict=True):
        assert_close_convolution(result, layer, x)


@some(8)
@given(several)
def test_compiled(cases):
    check(cases)


@pytest.mark.vulkan
@some(4)
@given(several)
def test_compiled_for_a_gpu(cases):
    require_vulkan()
    check(cases, target="vulkan")


def test_padding():
    check(PADDED)


@some(5)
@given(several)
def test_reference(cases):
    check(cases, REFERENCE)


@some(3)
@given(several)
def test_filter_order_does_not_change_the_result(cases):
    inputs = tuple(case.input() for case in cases)
    pipeline = Pipeline.for_target(get_target("llvm-cpu"))
    reordered, plain = (
        compile(Convolutions(cases), inputs, pipeline=p)(*inputs)
        for p in (pipeline, pipeline.without("pattern-reorder-filters"))
    )
    for a, b in zip(reordered, plain, strict=True):
        assert torch.equal(a, b)


@some(8)
@given(several)
def test_decompress_is_the_inverse_of_compress(cases):
    model = Convolutions(cases)
    imported = import_torch(model, tuple(case.input() for case in cases))
    module = ir.Module.parse(imported.text, ir.Context(), resources=imported.blobs)
    passes = ",".join(map(str, (*PACKED, UNPACKED)))
    passmanager.PassManager.parse(f"builtin.module({passes})", module.context).run(module)
    # A blob that a pass makes has the name of the parameter and a number.
    weights = {
        name.rpartition("_")[0]: array
        for name, array in module.resources().items()
        if ".weight_" in name
    }
    for name, parameter in model.named_parameters():
        if name in weights:
            expected = parameter.detach()
            assert torch.equal(torch.from_numpy(weights[name].copy()), expected), name


def test_all_positions_of_all_kernels_are_the_dense_convolution():
    case = Convolution(channels=4, filters=8, padding=(1, 1))
    model, x = case.layer(), case.input()
    module = compile(model, (x,))
    (layer,) = module.report().layers
    assert layer.patterns == [list(range(9))]
    assert layer.kept_kernels == layer.kernels == 32
    assert layer.multiply_adds == layer.dense_multiply_adds
    assert_close_convolution(module(x), model, x)


@pytest.mark.parametrize("activation", [nn.Hardswish(), nn.SiLU()])
def test_activations_far_from_zero(activation):
    x = torch.tensor(
        [0.0, -3.0, 3.0, -30.0, 30.0, -100.0, 100.0, -1e30, 1e30, torch.nan, torch.inf]
    )
    conv = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.ones_(conv.weight)
    result = compile(nn.Sequential(conv, activation), (x[None, None, None],))(x[None, None, None])
    torch.testing.assert_close(result.flatten(), activation(x), rtol=1e-6, atol=0, equal_nan=True)


@pytest.mark.parametrize(
    ("kernel", "image"),
    [((8, 8), (20, 20)), ((1, 64), (1, 96)), ((5, 13), (9, 20)), ((1, 128), (1, 160))],
)
@pytest.mark.parametrize("pruned", [0, 1, 2, 30])
def test_kernels_of_64_positions_and_more(kernel, image, pruned):
    """Some kernels are dense, others lack their first positions, and one is removed."""
    torch.manual_seed(pruned)
    layer = nn.Sequential(nn.Conv2d(2, 8, kernel, stride=(1, 2)))
    with torch.no_grad():
        weights = layer[0].weight.flatten(2)
        weights[:3, :, :pruned] = 0
        weights[3, 0] = 0
    x = torch.randn(1, 2, *image)
    assert_close_convolution(compile(layer, (x,))(x), layer, x)
