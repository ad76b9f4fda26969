# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The most that one core can do: a loop of fused multiply-adds that depend on no memory."""

from collections.abc import Callable

import numpy as np

import patternc
from patternc.compiler.pipeline import Pipeline
from patternc.compiler.targets import get_target

_ITERATIONS = 1_000_000
_ACCUMULATORS = 12  # hide the latency of the instruction, and fit 16 registers


def prepare_fma_loop() -> tuple[Callable[[], None], int]:
    """Compiles the loop for this machine.

    Returns:
      A call that runs the loop on one thread, and its number of multiply-adds.
    """
    lanes = get_target("llvm-cpu").vector_bits // 32
    module = patternc.compile(_mlir(lanes), pipeline=Pipeline(()), threads=1, progress=False)
    operands = np.full((_ACCUMULATORS + 2) * lanes, 0.5, np.float32)
    return module.prepare(operands), _ITERATIONS * _ACCUMULATORS * lanes


def _mlir(lanes: int) -> str:
    """Loads two factors and the accumulators, loops, stores the accumulators."""
    rows = range(_ACCUMULATORS)
    source = f"memref<{(_ACCUMULATORS + 2) * lanes}xf32>"
    result = f"memref<{_ACCUMULATORS * lanes}xf32>"
    vector = f"vector<{lanes}xf32>"
    offsets = "\n".join(
        f"%at{row} = arith.constant {row * lanes} : index" for row in range(_ACCUMULATORS + 2)
    )
    loads = "\n".join(
        f"%start{row} = vector.load %in[%at{row}] : {source}, {vector}" for row in rows
    )
    carried = ", ".join(f"%acc{row} = %start{row}" for row in rows)
    multiply_adds = "\n".join(
        f"%next{row} = vector.fma %acc{row}, %scale, %shift : {vector}" for row in rows
    )
    values = ", ".join(f"%next{row}" for row in rows)
    vectors = ", ".join([vector] * _ACCUMULATORS)
    stores = "\n".join(
        f"vector.store %sum#{row}, %out[%at{row}] : {result}, {vector}" for row in rows
    )
    tensors = [memref.replace("memref", "tensor") for memref in (source, result)]
    return f"""
"stream.executable"() <{{sym_name = "fma", sym_visibility = "private"}}> ({{
  "stream.executable.export"() <{{function_ref = @fma, sym_name = "fma"}}> ({{
    %one = arith.constant 1 : index
    "stream.return"(%one, %one, %one) : (index, index, index) -> ()
  }}) : () -> ()
  builtin.module {{
    func.func @fma(%source: !stream.binding, %result: !stream.binding) {{
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %iterations = arith.constant {_ITERATIONS} : index
      {offsets}
      %in = "stream.binding.subspan"(%source, %zero) : (!stream.binding, index) -> {source}
      %out = "stream.binding.subspan"(%result, %zero) : (!stream.binding, index) -> {result}
      %scale = vector.load %in[%at{_ACCUMULATORS}] : {source}, {vector}
      %shift = vector.load %in[%at{_ACCUMULATORS + 1}] : {source}, {vector}
      {loads}
      %sum:{_ACCUMULATORS} = scf.for %i = %zero to %iterations step %one
          iter_args({carried}) -> ({vectors}) {{
        {multiply_adds}
        scf.yield {values} : {vectors}
      }}
      {stores}
      return
    }}
  }}
  "stream.executable.end"() : () -> ()
}}) : () -> ()
func.func @main(%in: {tensors[0]}) -> {tensors[1]} {{
  %out = "flow.dispatch"(%in) <{{
    entry_points = [@fma::@fma], operandSegmentSizes = array<i32: 0, 1, 0, 0>,
    tied_operands = [-1 : index]}}> : ({tensors[0]}) -> {tensors[1]}
  return %out : {tensors[1]}
}}
"""
