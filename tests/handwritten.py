# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Tiny handwritten modules: y = relu(x * w + b) on 8 floats, as a dispatch per kind of target."""

import numpy as np

from patternc.compiler import egress
from patternc.compiler.storage_entry import add_storage_entry
from patternc.compiler.targets import get_target
from patternc.runtime import CompiledModule, LayerReport, LeftOperation, Manifest, Report
from patternc.settings import Settings
from patternc.tensor_spec import TensorSpec

PARAMETERS = {
    "w": np.arange(8, dtype=np.float32),
    "b": np.full(8, -3.0, dtype=np.float32),
}

_VECTOR_BODY = """
        %x = vector.load %in[%c0] : memref<8xf32>, vector<4xf32>
        %x4 = vector.load %in[%c4] : memref<8xf32>, vector<4xf32>
        %w = vector.load %wm[%c0] : memref<8xf32>, vector<4xf32>
        %w4 = vector.load %wm[%c4] : memref<8xf32>, vector<4xf32>
        %b = vector.load %bm[%c0] : memref<8xf32>, vector<4xf32>
        %b4 = vector.load %bm[%c4] : memref<8xf32>, vector<4xf32>
        %zero = arith.constant dense<0.0> : vector<4xf32>
        %f = vector.fma %x, %w, %b : vector<4xf32>
        %f4 = vector.fma %x4, %w4, %b4 : vector<4xf32>
        %r = arith.maximumf %f, %zero : vector<4xf32>
        %r4 = arith.maximumf %f4, %zero : vector<4xf32>
        vector.store %r, %out[%c0] : memref<8xf32>, vector<4xf32>
        vector.store %r4, %out[%c4] : memref<8xf32>, vector<4xf32>
"""

_SCALAR_BODY = """
          %x = memref.load %in[%i] : memref<8xf32>
          %w = memref.load %wm[%i] : memref<8xf32>
          %b = memref.load %bm[%i] : memref<8xf32>
          %zero = arith.constant 0.0 : f32
          %f = math.fma %x, %w, %b : f32
          %r = arith.maximumf %f, %zero : f32
          memref.store %r, %out[%i] : memref<8xf32>
"""

_BODIES = {
    "cpu": _VECTOR_BODY,
    "vm": f"        scf.for %i = %c0 to %c8 step %c1 {{{_SCALAR_BODY}        }}\n",
    "gpu": f"        %i = gpu.thread_id x\n{_SCALAR_BODY}",
}

_GPU_ATTRIBUTE = (
    "attributes {translation_info = #iree_codegen.translation_info<"
    "pipeline = #iree_gpu.spirv_pipeline<BaseLowering> workgroup_size = [8, 1, 1]>} "
)


def scale_text(device: str) -> str:
    """The module with a kernel for a kind of device."""
    attribute = _GPU_ATTRIBUTE if device == "gpu" else ""
    return f"""
module {{
  util.global private @w = #flow.parameter.named<"patternc"::"w"> : tensor<8xf32>
  util.global private @b = #flow.parameter.named<"patternc"::"b"> : tensor<8xf32>
  stream.executable private @scale {{
    stream.executable.export public @scale workgroups() -> (index, index, index) {{
      %c1 = arith.constant 1 : index
      stream.return %c1, %c1, %c1 : index, index, index
    }}
    builtin.module {{
      func.func @scale(%a0: !stream.binding, %a1: !stream.binding, %a2: !stream.binding,
                       %a3: !stream.binding) {attribute}{{
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c4 = arith.constant 4 : index
        %c8 = arith.constant 8 : index
        %in = stream.binding.subspan %a0[%c0] : !stream.binding -> memref<8xf32>
        %wm = stream.binding.subspan %a1[%c0] : !stream.binding -> memref<8xf32>
        %bm = stream.binding.subspan %a2[%c0] : !stream.binding -> memref<8xf32>
        %out = stream.binding.subspan %a3[%c0] : !stream.binding -> memref<8xf32>
{_BODIES[device]}        return
      }}
    }}
  }}
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {{
    %w = util.global.load @w : tensor<8xf32>
    %b = util.global.load @b : tensor<8xf32>
    %y = flow.dispatch @scale::@scale(%x, %w, %b)
      : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
    return %y : tensor<8xf32>
  }}
}}
"""


def scale_reference(x: np.ndarray) -> np.ndarray:
    """What the module computes."""
    return np.maximum(x * PARAMETERS["w"] + PARAMETERS["b"], 0.0)


SUM_AND_DIFFERENCE = """
module {
  func.func @main(%x: tensor<4x64xf32>, %y: tensor<4x64xf32>)
      -> (tensor<4x64xf32>, tensor<4x64xf32>) {
    %s = arith.addf %x, %y : tensor<4x64xf32>
    %d = arith.subf %x, %y : tensor<4x64xf32>
    return %s, %d : tensor<4x64xf32>, tensor<4x64xf32>
  }
}
"""


def spec(name: str, *shape: int) -> TensorSpec:
    return TensorSpec(name, shape)


# Of no layer that there is; lists, as JSON has them.
REPORT = Report(
    (
        LayerReport(
            name="scale",
            input=[1, 1, 2, 4],
            weights=[1, 1, 1, 1],
            output=[1, 1, 2, 4],
            strides=[1, 1],
            padding=[0, 0, 0, 0],
            dilations=[1, 1],
            groups=1,
            activation="relu",
            patterns=[[0]],
            filter_group=1,
            kernels=1,
            kept_kernels=1,
            kept_weights=1,
            dense_multiply_adds=8,
            multiply_adds=8,
            dense_bytes=4,
            csr_bytes=16,
            fkw_bytes=26,
            schedule="#schedule.cpu_rows<lanes = 4, unroll = 1>",
            dtype="float32",
        ),
    ),
    (
        LeftOperation(
            layer="", operation="linalg.batch_matmul", multiply_adds=8, reason="of no kind"
        ),
    ),
)


def compile_text(
    text: str,
    target_name: str,
    inputs: tuple[TensorSpec, ...],
    outputs: tuple[TensorSpec, ...],
    parameters: dict[str, np.ndarray] | None = None,
) -> CompiledModule:
    """Compiles a handwritten module the way the compiler does."""
    target = get_target(target_name)
    if target.driver == "vulkan":
        text = add_storage_entry(text, inputs, outputs)
    return CompiledModule(
        vmfb=egress.to_vmfb(text, target, settings=Settings()),
        parameters=parameters or {},
        manifest=Manifest(
            target=target.name,
            driver=target.driver,
            machine=target.machine,
            cores=target.cores,
            function="main",
            inputs=inputs,
            outputs=outputs,
            patternc_version="0",
            iree_version=egress.iree_version(),
        ),
        report=REPORT,
    )


def compile_scale(target_name: str) -> CompiledModule:
    return compile_text(
        scale_text(get_target(target_name).device),
        target_name,
        (spec("x", 8),),
        (spec("y", 8),),
        PARAMETERS,
    )


def compile_sum_and_difference() -> CompiledModule:
    pair = (spec("x", 4, 64), spec("y", 4, 64))
    return compile_text(SUM_AND_DIFFERENCE, "llvm-cpu", pair, pair)
