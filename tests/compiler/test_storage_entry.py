# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The entry of a module that is given memory for what it computes, as IREE compiles it."""

import numpy as np
import pytest

import handwritten
from patternc.tensor_spec import TensorSpec
from vulkan import require_vulkan

pytestmark = [pytest.mark.iree, pytest.mark.vulkan]

KINDS_OF_RESULTS = """
module {
  func.func @main(%x: tensor<2x3xf32>, %number: tensor<f32>, %nothing: tensor<0x3xf32>)
      -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>, tensor<0x3xf32>,
          tensor<4xi32>, tensor<0x3xf32>) {
    %twice = arith.addf %x, %x : tensor<2x3xf32>
    %sum = arith.addf %nothing, %nothing : tensor<0x3xf32>
    %constant = arith.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
    return %twice, %twice, %x, %number, %nothing, %constant, %sum
      : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>, tensor<0x3xf32>,
        tensor<4xi32>, tensor<0x3xf32>
  }
}
"""


def test_kinds_of_results():
    """Computed, twice the same, passed through, a scalar, empty, constant."""
    require_vulkan()
    spec = handwritten.spec
    inputs = (spec("x", 2, 3), spec("number"), spec("nothing", 0, 3))
    outputs = (
        *(spec(f"y{i}", 2, 3) for i in range(3)),
        spec("number"),
        spec("nothing", 0, 3),
        TensorSpec("constant", (4,), "int32"),
        spec("sum", 0, 3),
    )
    module = handwritten.compile_text(KINDS_OF_RESULTS, "vulkan", inputs, outputs)
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    number, nothing = np.array(7, np.float32), np.zeros((0, 3), np.float32)
    wanted = (2 * x, 2 * x, x, number, nothing, np.arange(1, 5, dtype=np.int32), nothing)
    results = module(x, number, nothing)
    prepared = [result.numpy() for result in module.prepare(x, number, nothing)()]
    for computed in (results, prepared):
        for result, expected in zip(computed, wanted, strict=True):
            assert result.dtype == expected.dtype
            np.testing.assert_array_equal(result, expected)


def test_the_model_itself_is_still_exported():
    """For IREE's own tools."""
    require_vulkan()
    module = handwritten.compile_scale("vulkan")
    from iree.runtime import VmInstance, VmModule

    loaded = VmModule.copy_buffer(VmInstance(), module.vmfb)
    assert {"main", "main_with_storage"} <= set(loaded.function_names)
