# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The most that one core can do in a precision: a loop of multiply-adds without memory."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import patternc
from benchmarks.engines.engine import Precision
from patternc.compiler.pipeline import Pipeline
from patternc.compiler.targets import Target, get_target

_ITERATIONS = 500_000
_OTHER_REGISTERS = 4  # two for the factors, two for products that are not added yet

_FMA = "%next{row} = vector.fma %left, %right, %sum{row} : {sums}"
_DOT = (
    '%next{row} = llvm.call_intrinsic "llvm.{name}"(%sum{row}, %left, %right)'
    " : ({sums}, {factors}, {factors}) -> {sums}"
)
# From the sums, as LLVM would take equal products out of the loop.
_MULTIPLY_ADD = """
%left{row} = vector.bitcast %sum{row} : {sums} to {factors}
%new{row} = llvm.call_intrinsic "llvm.{name}"(%left{row}, %right) : ({factors}, {factors}) -> {sums}
%next{row} = arith.addi %sum{row}, %new{row} : {sums}
"""


@dataclass(frozen=True)
class _Instruction:
    """What adds products to the lanes of a register.

    Attributes:
      precision: that it is the fastest in.
      feature: of the processors that have it, in the words of targets.py or of /proc/cpuinfo; None
        for all.
      bits: of the register; None for any.
      lane, factor: types of a sum and of what is multiplied; a lane adds the products of as many
        factors as it is wide.
      form: the operations that make %next of %sum, %left and %right.
      name: of LLVM's intrinsic, if it is one.
    """

    precision: Precision
    feature: str | None
    bits: int | None
    lane: str
    factor: str
    form: str
    name: str = ""


# A precision has its first line that the processor has, else the last: float32.
_INSTRUCTIONS = (
    _Instruction("int8", "dot_u8s8", 512, "i32", "i8", _DOT, "x86.avx512.vpdpbusd.512"),
    _Instruction("int8", "dot_u8s8", 256, "i32", "i8", _DOT, "x86.avx512.vpdpbusd.256"),
    _Instruction("int8", "dot_u8s8", 128, "i32", "i8", _DOT, "x86.avx512.vpdpbusd.128"),
    _Instruction("int8", "dot_s8s8", 128, "i32", "i8", _DOT, "aarch64.neon.sdot.v4i32.v16i8"),
    _Instruction("int8", "dot_s16", 512, "i32", "i16", _MULTIPLY_ADD, "x86.avx512.pmaddw.d.512"),
    _Instruction("int8", "dot_s16", 256, "i32", "i16", _MULTIPLY_ADD, "x86.avx2.pmadd.wd"),
    _Instruction(
        "bfloat16", "avx512_bf16", 512, "f32", "bf16", _DOT, "x86.avx512bf16.dpbf16ps.512"
    ),
    _Instruction("bfloat16", "bf16", 128, "f32", "bf16", _DOT, "aarch64.neon.bfdot.v4f32.v8bf16"),
    _Instruction("float16", "float16", None, "f16", "f16", _FMA),
    _Instruction("float32", None, None, "f32", "f32", _FMA),
)
_LANES = {"i32": np.int32, "f32": np.float32, "f16": np.float16}


@dataclass(frozen=True)
class Loop:
    """A call that runs on one thread, and its number of multiply-adds."""

    run: Callable[[], None]
    multiply_adds: int


def prepare_loop(precision: Precision) -> Loop:
    """Compiles the loop for this machine.

    Args:
      precision: of the factors; float32 stands for one whose products the machine does not have.
    """
    target = get_target("llvm-cpu")
    instruction = _fastest(precision, target)
    accumulators = target.registers - _OTHER_REGISTERS  # they hide the latency
    lanes = target.vector_bits // _width(instruction.lane)
    factors = target.vector_bits // _width(instruction.factor)
    text = _mlir(instruction, lanes, factors, accumulators)
    module = patternc.compile(text, pipeline=Pipeline(()), threads=1, progress=False)
    operands = np.ones((accumulators + 2) * lanes, _LANES[instruction.lane])
    return Loop(module.prepare(operands), _ITERATIONS * accumulators * factors)


def _fastest(precision: Precision, target: Target) -> _Instruction:
    has = {None, *target.features, *target.machine.features}
    return next(
        instruction
        for instruction in _INSTRUCTIONS
        if instruction.precision in (precision, "float32")
        and instruction.feature in has
        and instruction.bits in (None, target.vector_bits)
    )


def _width(element: str) -> int:
    return int(element.lstrip("bfi"))


def _mlir(instruction: _Instruction, lanes: int, factors: int, accumulators: int) -> str:
    """Loads two factors and the accumulators, loops, stores the accumulators."""
    rows = range(accumulators)
    source = f"memref<{(accumulators + 2) * lanes}x{instruction.lane}>"
    result = f"memref<{accumulators * lanes}x{instruction.lane}>"
    sums = f"vector<{lanes}x{instruction.lane}>"
    multiplied = f"vector<{factors}x{instruction.factor}>"
    offsets = "\n".join(
        f"%at{row} = arith.constant {row * lanes} : index" for row in range(accumulators + 2)
    )
    loads = "\n".join(f"%start{row} = vector.load %in[%at{row}] : {source}, {sums}" for row in rows)
    carried = ", ".join(f"%sum{row} = %start{row}" for row in rows)
    multiply_adds = "\n".join(
        instruction.form.format(row=row, name=instruction.name, sums=sums, factors=multiplied)
        for row in rows
    )
    values = ", ".join(f"%next{row}" for row in rows)
    vectors = ", ".join([sums] * accumulators)
    stores = "\n".join(
        f"vector.store %total#{row}, %out[%at{row}] : {result}, {sums}" for row in rows
    )
    tensors = [memref.replace("memref", "tensor") for memref in (source, result)]
    return f"""
"stream.executable"() <{{sym_name = "loop", sym_visibility = "private"}}> ({{
  "stream.executable.export"() <{{function_ref = @loop, sym_name = "loop"}}> ({{
    %one = arith.constant 1 : index
    "stream.return"(%one, %one, %one) : (index, index, index) -> ()
  }}) : () -> ()
  builtin.module {{
    func.func @loop(%source: !stream.binding, %result: !stream.binding) {{
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %iterations = arith.constant {_ITERATIONS} : index
      {offsets}
      %in = "stream.binding.subspan"(%source, %zero) : (!stream.binding, index) -> {source}
      %out = "stream.binding.subspan"(%result, %zero) : (!stream.binding, index) -> {result}
      %first = vector.load %in[%at{accumulators}] : {source}, {sums}
      %second = vector.load %in[%at{accumulators + 1}] : {source}, {sums}
      %left = vector.bitcast %first : {sums} to {multiplied}
      %right = vector.bitcast %second : {sums} to {multiplied}
      {loads}
      %total:{accumulators} = scf.for %i = %zero to %iterations step %one
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
    entry_points = [@loop::@loop], operandSegmentSizes = array<i32: 0, 1, 0, 0>,
    tied_operands = [-1 : index]}}> : ({tensors[0]}) -> {tensors[1]}
  return %out : {tensors[1]}
}}
"""
