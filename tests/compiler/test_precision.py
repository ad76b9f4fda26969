# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What `precision` asks of targets, pipelines and weights, and what it makes of them."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from machines import require_float16
from patternc import Pipeline, compile, ir, load, passmanager
from patternc.compiler import get_target
from patternc.errors import ModelError, TargetError

pytestmark = [pytest.mark.iree, pytest.mark.torch]

CONVOLUTION = """
func.func @main(%x: tensor<1x2x8x8xf16>) -> tensor<1x4x8x8xf16> {
  %zero = arith.constant dense<0.0> : tensor<1x4x8x8xf16>
  %w = arith.constant dense<0.5> : tensor<4x2x1x1xf16>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x8x8xf16>, tensor<4x2x1x1xf16>)
      outs(%zero : tensor<1x4x8x8xf16>) -> tensor<1x4x8x8xf16>
  return %y : tensor<1x4x8x8xf16>
}
"""


@pytest.mark.parametrize("target", ["aarch64", "vulkan", "vmvx"])
def test_target_without_float16(target):
    message = (
        rf"target '{target}' does not promise arithmetic in float16, as .*snapdragon-855, "
        r"snapdragon-8gen2, vulkan-adreno, .* do; compute in float32, or compile for one of these"
    )
    with pytest.raises(TargetError, match=message):
        compile(CONVOLUTION, target=target, precision="float16")


def test_unknown_precision():
    with pytest.raises(
        TargetError, match="unknown precision 'int8'; expected 'float32' or 'float16'"
    ):
        compile(CONVOLUTION, precision="int8")  # pyright: ignore[reportArgumentType]


def test_pipeline_of_another_precision():
    pipeline = Pipeline.for_target(get_target("snapdragon-855"))
    with pytest.raises(
        TargetError,
        match=r"precision is float16, but the pipeline computes in float32; make it by "
        r"Pipeline\.for_target\(target, 'float16'\)",
    ):
        compile(CONVOLUTION, target="snapdragon-855", precision="float16", pipeline=pipeline)


def test_pipeline_says_the_precision():
    target = get_target("snapdragon-855")
    pipeline = Pipeline.for_target(target, "float16")
    assert pipeline.precision == "float16"
    assert "pattern-demote-f32-to-f16" in [step.name for step in pipeline]
    assert pipeline.without("pattern-demote-f32-to-f16").precision == "float32"
    assert Pipeline.for_target(target).precision == "float32"


def test_mlir_in_float16_for_a_target_without():
    with pytest.raises(TargetError, match="'aarch64' does not promise arithmetic in float16"):
        compile(CONVOLUTION, target="aarch64")


def test_mlir_in_float16():
    module = compile(CONVOLUTION, target="snapdragon-855")
    assert [spec.dtype for spec in module.manifest.inputs] == ["float16"]
    assert [layer.dtype for layer in module.report().layers] == ["float16"]


def test_weight_beyond_the_range():
    conv = nn.Conv2d(1, 2, 1)
    with torch.no_grad():
        conv.weight[1] = -70000.0
    model = nn.Sequential(conv)
    with pytest.raises(
        ModelError,
        match=r"0\.weight holds -7\.0+e\+04, which is beyond the largest number of f16, 65504",
    ):
        compile(model, (torch.zeros(1, 1, 2, 2),), target="snapdragon-855", precision="float16")


def test_half_the_bytes(tmp_path):
    conv = nn.Conv2d(64, 64, 3)
    x = torch.zeros(1, 64, 8, 8)
    modules = {
        name: compile(nn.Sequential(conv), (x,), target="snapdragon-855", precision=name)
        for name in ("float32", "float16")
    }
    (full,), (half,) = (modules[name].report().layers for name in ("float32", "float16"))
    weights = 64 * 64 * 9
    assert (full.dtype, half.dtype) == ("float32", "float16")
    assert (full.dense_bytes, half.dense_bytes) == (4 * weights, 2 * weights)
    assert full.csr_bytes - half.csr_bytes == full.fkw_bytes - half.fkw_bytes == 2 * weights
    assert full.rate == half.rate == 1
    # On the pipeline's record as well, without indices.
    assert modules["float16"].statistics["pattern-compress-weights"]["dense-bytes"] == 2 * weights

    module = modules["float16"]
    assert set(module.manifest.machine.features) >= {"fphp", "asimdhp"}
    assert [s.dtype for s in module.manifest.inputs + module.manifest.outputs] == ["float32"] * 2
    module.save(tmp_path / "half.patternc")
    stored = (tmp_path / "half.patternc" / "weights.irpa").stat().st_size
    assert 2 * weights < stored < 2.2 * weights
    report = json.loads((tmp_path / "half.patternc" / "report.json").read_text())
    assert report["layers"][0]["dtype"] == "float16"


def test_saved_and_loaded(tmp_path):
    require_float16("llvm-cpu")
    module = compile(CONVOLUTION.replace("f16", "f32"), precision="float16", threads=1)
    module.save(tmp_path / "half.patternc")
    loaded = load(tmp_path / "half.patternc", threads=1)
    x = np.full((1, 2, 8, 8), 1.5, np.float32)
    np.testing.assert_array_equal(loaded(x), np.full((1, 4, 8, 8), 1.5, np.float32))
    assert loaded.report() == module.report()


def _run(text: str, passes: str, **resources: np.ndarray) -> dict[str, np.ndarray]:
    module = ir.Module.parse(text, ir.Context(), resources=resources)
    passmanager.PassManager.parse(f"builtin.module({passes})", module.context).run(module)
    return module.resources()


def _finite_halves() -> np.ndarray:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    return halves[np.isfinite(halves)]


def test_every_kind_of_rounding():
    """As numpy rounds, but that nothing becomes zero."""
    exact = _finite_halves().astype(np.float32)
    between = (np.sort(exact)[:-1] + np.sort(exact)[1:]) / 2
    numbers = np.concatenate(
        [
            exact,
            between,
            np.nextafter(between, np.float32(np.inf)),
            np.nextafter(between, np.float32(-np.inf)),
            np.array([65519.99, -65519.99, 1e-30, -1e-45, np.inf, -np.inf, np.nan], np.float32),
        ]
    )
    text = f"""func.func @main() -> tensor<{numbers.size}xf32> {{
      %w = arith.constant dense_resource<w> : tensor<{numbers.size}xf32>
      return %w : tensor<{numbers.size}xf32>
    }}"""
    rounded = _run(text, "pattern-demote-f32-to-f16", w=numbers)["w.f16"]
    expected = numbers.astype(np.float16)
    vanished = (expected == 0) & (numbers != 0)
    assert vanished.any()
    expected[vanished] = np.copysign(np.float16(2.0**-24), numbers[vanished])
    np.testing.assert_array_equal(rounded.view(np.uint16), expected.view(np.uint16))


def test_halves_are_stored_as_they_are():
    weights = _finite_halves()
    weights = weights[weights != 0]
    shape = f"1x{weights.size}x1x1xf16"
    text = f"""func.func @main(%x: tensor<{shape}>) -> tensor<1x1x1x1xf16> {{
      %zero = arith.constant dense<0.0> : tensor<1x1x1x1xf16>
      %w = arith.constant dense_resource<w> : tensor<{shape}>
      %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<{shape}>, tensor<{shape}>)
          outs(%zero : tensor<1x1x1x1xf16>) -> tensor<1x1x1x1xf16>
      return %y : tensor<1x1x1x1xf16>
    }}"""
    resources = _run(
        text,
        "pattern-raise-convolutions,pattern-compress-weights",
        w=weights.reshape(1, -1, 1, 1),
    )
    np.testing.assert_array_equal(resources["w.fkw"].view(np.uint16), weights.view(np.uint16))
