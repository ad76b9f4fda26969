# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Convolutions of bytes give the same bits on every target as integers in NumPy."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from tests import machines
from tests.integers import QuantizedConvolution

import patternc
from patternc import Pipeline, ir, passmanager
from patternc.compiler import LayerSchedule, enumerate_schedules, write_schedules
from patternc.compiler.targets import get_target

pytestmark = [pytest.mark.iree, pytest.mark.torch]

_PATTERNS = (
    *((0, 1, 3, 4), (1, 2, 4, 5), (3, 4, 6, 7), (4, 5, 7, 8)),
    *((1, 3, 4, 5), (3, 4, 5, 7), (1, 4, 5, 7), (1, 3, 4, 7)),
)


def _convolution(
    rng: np.random.Generator,
    *,
    filters: int,
    channels: int,
    kernel: tuple[int, int] = (3, 3),
    size: tuple[int, int] = (9, 12),
    patterns: tuple[tuple[int, ...], ...] | None = None,
    group: int = 8,
    kept: float = 1.0,
    residual: bool = False,
    bias: bool = True,
    zero: int | None = None,
    batch: int = 1,
    scale: float | None = None,
    lookup: bool = False,
    **geometry,
) -> QuantizedConvolution:
    groups = geometry.get("groups", 1)
    each = channels // groups
    ids = rng.integers(1, len(patterns or (0,)) + 1, (filters, each))
    ids[rng.random(ids.shape) >= kept] = 0
    ids = np.repeat(ids[::group], group, axis=0)[:filters].astype(np.uint8)
    weights = rng.integers(-127, 128, (filters, each, *kernel)).astype(np.int8)
    area = kernel[0] * kernel[1]
    keeps = np.zeros((len(patterns or (0,)) + 1, area), np.int8)
    for i, positions in enumerate(patterns or (tuple(range(area)),), start=1):
        keeps[i, list(positions)] = 1
    weights *= keeps[ids].reshape(weights.shape)
    taps = max(1, np.count_nonzero(weights) // filters)
    input_scale = 0.02 if scale is None else scale
    output_zero = int(rng.integers(0, 256))
    return QuantizedConvolution(
        weights=weights,
        scales=rng.uniform(0.001, 0.01, filters).astype(np.float32),
        bias=rng.normal(size=filters).astype(np.float32) * np.float32(input_scale)
        if bias
        else None,
        image=(batch, channels, *size),
        input=(input_scale, int(rng.integers(0, 256)) if zero is None else zero),
        output=(input_scale * 0.005 * 80 * np.sqrt(taps), output_zero),
        residual=(0.03 * input_scale / 0.02, int(rng.integers(0, 256))) if residual else None,
        bounds=(int(rng.integers(0, output_zero + 1)), 255),
        lookup=rng.integers(0, 256, 256).astype(np.uint8) if lookup else None,
        patterns=patterns,
        ids=ids,
        **geometry,
    )


_SAME = {"padding": (1, 1, 1, 1)}
_HALVED = {"strides": (2, 2)}
_POINT = {"kernel": (1, 1)}
_MATRIX = {"kernel": (1, 1), "size": (1, 1)}
_18_PATTERNS = (
    *((0, 1 + i, 8) for i in range(7)),
    *((1 + i, 2 + i, 8) for i in range(6)),
    *((0, 2 + i, 3 + i) for i in range(5)),
)

# Filters, channels, and what is not the default.
_CASES: dict[str, tuple[int, int, dict[str, Any]]] = {
    "patterns": (16, 20, {"patterns": _PATTERNS, **_SAME}),
    "patterns of filters": (7, 9, {"patterns": _PATTERNS, "group": 1, "kept": 0.5, **_SAME}),
    "patterns with strides": (8, 12, {"patterns": _PATTERNS, **_SAME, **_HALVED}),
    "patterns with dilation": (
        *(8, 12),
        {"patterns": _PATTERNS, "padding": (2, 2, 2, 2), "dilations": (2, 2)},
    ),
    "many patterns": (8, 40, {"patterns": _18_PATTERNS, **_SAME}),
    "dense": (16, 8, {"residual": True, **_SAME}),
    "dense of few channels": (
        *(8, 3),
        {"kernel": (7, 7), "size": (21, 23), "padding": (3, 3, 3, 3), **_HALVED},
    ),
    "1x1": (16, 13, {"residual": True, "batch": 2, **_POINT}),
    "1x1 with connectivity": (24, 40, {"kept": 0.3, **_POINT}),
    "1x1 with strides": (8, 13, {**_POINT, **_HALVED}),
    "5x5": (4, 5, {"kernel": (5, 5), "group": 4, "padding": (2, 2, 2, 2)}),
    "depthwise": (16, 16, {"groups": 16, "group": 1, **_SAME}),
    "depthwise patterns": (16, 16, {"groups": 16, "group": 1, "patterns": _PATTERNS, **_SAME}),
    "groups": (16, 8, {"groups": 2, "padding": (0, 1, 1, 0)}),
    "rows": (8, 6, {"kernel": (1, 3), "size": (1, 40), "padding": (0, 1, 0, 1)}),
    "small image": (8, 16, {"size": (3, 3), **_SAME}),
    "empty filters": (8, 6, {"kept": 0.1, "bias": False, **_SAME}),
    "far channels": (8, 700, {"kept": 0.01, "size": (6, 6), **_SAME}),
    "1x1 with far channels": (8, 700, {"kept": 0.01, "size": (6, 6), **_POINT}),
    "zero point 0": (8, 6, {"zero": 0, **_SAME}),
    "zero point 255": (8, 6, {"zero": 255, **_SAME}),
    "small scales": (8, 6, {"scale": 1e-8, **_SAME}),
    "large scales": (8, 6, {"scale": 1e3, **_SAME}),
    "matrix": (40, 37, {"group": 40, "residual": True, **_MATRIX}),
    "matrix of rows": (24, 32, {"batch": 5, **_MATRIX}),
    "matrix of 2 rows": (160, 40, {"group": 160, "batch": 2, **_MATRIX}),
    "matrix of 3 rows": (96, 32, {"group": 96, "batch": 3, "residual": True, **_MATRIX}),
    "matrix of 17 rows": (120, 36, {"group": 120, "batch": 17, **_MATRIX}),
    "matrix of 196 rows": (64, 70, {"group": 64, "batch": 196, **_MATRIX}),
    "matrix with connectivity": (32, 64, {"group": 16, "kept": 0.3, "batch": 3, **_MATRIX}),
    "patterns and a lookup": (8, 12, {"patterns": _PATTERNS, "lookup": True, **_SAME}),
    "1x1 and a lookup": (16, 13, {"residual": True, "lookup": True, **_POINT}),
    "matrix and a lookup": (40, 37, {"group": 40, "lookup": True, **_MATRIX}),
    "matrix of one filter": (1, 3, {"group": 1, "batch": 9, **_MATRIX}),
}
# Those that other instructions than the fastest are tried on.
_LOOPS = (
    *("patterns", "patterns with strides", "many patterns", "1x1", "depthwise", "matrix"),
    *("matrix of 17 rows", "patterns and a lookup", "matrix and a lookup"),
)


def _case(name: str, rng: np.random.Generator) -> QuantizedConvolution:
    filters, channels, more = _CASES[name]
    return _convolution(rng, filters=filters, channels=channels, **more)


def _without(name: str, *features: str):
    target = get_target("llvm-cpu")
    left = tuple(f for f in target.features if f not in features)
    return dataclasses.replace(target, name=name, features=left)


# The instructions that this machine can run, whatever the best of them is.
_TARGETS = {
    "llvm-cpu": get_target("llvm-cpu"),
    "pairs": _without("pairs", "dot_u8s8"),
    "lookups by sixteenths": _without("sixteenths", "byte_permute"),
    "lookups one by one": _without("one by one", "byte_permute", "byte_lookup"),
    "multiplications": _without("multiplications", "dot_u8s8", "dot_s16"),
    "256 bits": dataclasses.replace(
        get_target("llvm-cpu"), name="256 bits", vector_bits=256, registers=16
    ),
    "x86-64-v3": get_target("x86-64-v3"),
}


def _draw(conv: QuantizedConvolution, rng: np.random.Generator):
    """Bytes of the image, and of the residual or None."""
    x = rng.integers(0, 256, conv.image)
    return x, rng.integers(0, 256, conv.out) if conv.residual else None


def _check(conv: QuantizedConvolution, target, x, added, folder) -> None:
    want = conv.compute(x, added)
    assert len(np.unique(want)) > 1
    signed = "dot_s8s8" in target.features
    ran = conv.as_signed() if signed else conv
    numbers = [n - 128 * signed for n in (x, added) if n is not None]
    # IREE takes no bytes on Vulkan.
    wide = target.device == "gpu"
    module = patternc.compile(ran.text(wide=wide), target=target)
    inputs = [n.astype(np.int32) if wide else ran.to_bytes(n) for n in numbers]
    (got,) = machines.run(module, *map(torch.from_numpy, inputs), folder=folder)
    got = np.asarray(got).astype(np.int64)
    np.testing.assert_array_equal(got % 256, (want - 128 * signed) % 256)


@pytest.mark.parametrize(
    ("target", "case"),
    [
        (target, case)
        for target in _TARGETS
        for case in (_CASES if target == "llvm-cpu" else _LOOPS)
        if not target.startswith("lookups") or case.endswith("lookup")
    ],
)
def test_same_bits(target, case, tmp_path):
    if target == "x86-64-v3":
        machines.require_machine(target)
    rng = np.random.default_rng(list(_CASES).index(case))
    conv = _case(case, rng)
    _check(conv, _TARGETS[target], *_draw(conv, rng), tmp_path)


@pytest.mark.aarch64
@pytest.mark.parametrize(
    "case",
    [
        *("patterns", "1x1 with connectivity", "depthwise", "matrix"),
        *("matrix of 17 rows", "patterns and a lookup", "matrix and a lookup"),
    ],
)
@pytest.mark.parametrize("target", ["snapdragon-855", "snapdragon-8gen2", "aarch64"])
def test_same_bits_on_arm(target, case, tmp_path):
    machines.require_machine(target)
    rng = np.random.default_rng(list(_CASES).index(case))
    conv = _case(case, rng)
    _check(conv, get_target(target), *_draw(conv, rng), tmp_path)


_SCALARS = ["vmvx", pytest.param("vulkan-llvmpipe", marks=pytest.mark.vulkan)]


@pytest.mark.parametrize(
    "case", ["patterns with strides", "patterns and a lookup", "dense", "depthwise", "matrix"]
)
@pytest.mark.parametrize("target", _SCALARS)
def test_same_bits_in_scalars(target, case, tmp_path):
    machines.require_machine(target)
    rng = np.random.default_rng(list(_CASES).index(case))
    conv = _case(case, rng)
    _check(conv, get_target(target), *_draw(conv, rng), tmp_path)


@pytest.mark.parametrize("target", ["llvm-cpu", *_SCALARS])
def test_products_are_not_rounded(target, tmp_path):
    """Sums that are halves if the products in them are rounded, and lie beside them if not."""
    machines.require_machine(target)
    rng = np.random.default_rng(0)
    scales = rng.uniform(3, 5, 64).astype(np.float32)
    conv = QuantizedConvolution(
        weights=np.ones((64, 1, 1, 1), np.int8),
        scales=scales,
        bias=np.float32(3.5) - 200 * scales,
        image=(1, 1, 2, 2),
        input=(1.0, 0),
        output=(1.0, 0),
        residual=(1.0, 0),
        bounds=(0, 255),
    )
    x = np.full(conv.image, 200)
    nothing = np.zeros(conv.out, np.int64)
    assert set(np.unique(conv.compute(x, nothing))) == {3, 4}
    _check(conv, get_target(target), x, nothing, tmp_path)


@pytest.mark.parametrize("target", _TARGETS)
def test_extremes_do_not_overflow(target, tmp_path):
    """All bytes 255 and all weights 127 or -127: pairs of products beyond 16 bits."""
    if target == "x86-64-v3":
        machines.require_machine(target)
    channels = 64
    weights = np.full((8, channels, 3, 3), 127, np.int8)
    weights[4:] = -127
    conv = QuantizedConvolution(
        weights=weights,
        scales=np.full(8, 0.001, np.float32),
        bias=None,
        image=(1, channels, 5, 7),
        input=(0.01, 0),
        output=(0.01 * 0.001 * 255 * 127 * 9 * channels / 120, 128),
        bounds=(0, 255),
    )
    module = patternc.compile(conv.text(), target=_TARGETS[target])
    x = np.full(conv.image, 255)
    (got,) = machines.run(module, torch.from_numpy(conv.to_bytes(x)), folder=tmp_path)
    np.testing.assert_array_equal(np.asarray(got).view(np.uint8), conv.compute(x))


@pytest.mark.parametrize("case", ["patterns", "many patterns", "depthwise", "matrix of rows"])
def test_any_schedule_is_right(case, tmp_path):
    rng = np.random.default_rng(list(_CASES).index(case))
    conv, target = _case(case, rng), get_target("llvm-cpu")
    module = ir.Module.parse(conv.text(), ir.Context())
    for step in Pipeline.for_target(target):
        manager = passmanager.PassManager.parse(f"builtin.module({step})", module.context)
        manager.run(module)
        if step.name == "pattern-layout-activations":
            break
    ((name, schedules),) = enumerate_schedules(module).items()
    assert all(schedule.startswith("#schedule.cpu_dot") for schedule in schedules)
    schedule = schedules[rng.integers(1, len(schedules))]
    file = tmp_path / "schedules.json"
    layer = LayerSchedule(target=target.attribute, layer={"name": name}, schedule=schedule)
    write_schedules(file, [layer])
    pipeline = Pipeline.for_target(target, schedules=file)
    compiled = patternc.compile(conv.text(), target=target, pipeline=pipeline)
    assert compiled.report().layers[0].schedule == schedule
    x = rng.integers(0, 256, conv.image)
    (got,) = machines.run(compiled, torch.from_numpy(conv.to_bytes(x)), folder=tmp_path)
    np.testing.assert_array_equal(np.asarray(got).view(np.uint8), conv.compute(x))
