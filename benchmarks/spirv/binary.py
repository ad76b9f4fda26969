# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Reads SPIR-V as far as it says what a kernel loads, multiplies and keeps.

The numbers are those of the SPIR-V specification: a module is a header of five words, then
instructions, the first word of each its length and its opcode.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_MAGIC = 0x07230203
_HEADER_WORDS = 5

# Opcodes.
_EXT_INST = 12
_ENTRY_POINT, _EXECUTION_MODE = 15, 16
_TYPE_BOOL, _TYPE_INT, _TYPE_FLOAT, _TYPE_VECTOR = 20, 21, 22, 23
_TYPE_ARRAY, _TYPE_STRUCT, _TYPE_POINTER = 28, 30, 32
_CONSTANT = 43
_VARIABLE, _LOAD = 59, 61
_F_ADD, _F_MUL, _VECTOR_TIMES_SCALAR = 129, 133, 142
_DECORATE = 71
_LOOP_MERGE, _LABEL = 246, 248
_BRANCH, _BRANCH_CONDITIONAL, _SWITCH = 249, 250, 251
_DOTS = range(4450, 4456)  # of integers, OpSDot to OpSUDotAccSat

_LOCAL_SIZE = 17  # an execution mode
_BINDING, _DESCRIPTOR_SET = 33, 34  # decorations
_FMA = 50  # of GLSL.std.450
_WORKGROUP, _FUNCTION_STORAGE = 4, 7  # storage classes
# Uniform, Workgroup, StorageBuffer, PhysicalStorageBuffer: memory, and no input of the thread's.
_MEMORY = (2, _WORKGROUP, 12, 5349)


class SpirvError(Exception):
    """The bytes are no SPIR-V module with a kernel."""


@dataclass(frozen=True)
class Work:
    """What is in some blocks of a kernel, each counted once.

    Attributes:
      loops: that are the same in this.
      multiply_adds: of numbers; one of vectors counts as many as they have.
      loads: instructions that read memory, of a vector or of one number.
      widest_load: numbers that the widest of them reads.
    """

    loops: int
    multiply_adds: int
    loads: int
    widest_load: int

    @property
    def multiply_adds_a_load(self) -> float:
        return self.multiply_adds / max(1, self.loads)


@dataclass(frozen=True)
class Kernel:
    """An entry point.

    Attributes:
      name: of the entry point.
      threads: of a workgroup, in each direction.
      workgroup_bytes: memory that a workgroup shares.
      private_arrays: words of 16 bytes that each array of a thread takes.
      largest_vector: numbers in the longest vector that it computes with.
      long_integers: operations that give integers of 64 bits.
      inner_loops: innermost loops that multiply and add; where there is none, the whole kernel.
      bindings: set and number of each buffer.
    """

    name: str
    threads: tuple[int, int, int]
    workgroup_bytes: int
    private_arrays: tuple[int, ...]
    largest_vector: int
    long_integers: int
    inner_loops: tuple[Work, ...]
    bindings: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Instruction:
    opcode: int
    operands: tuple[int, ...]


@dataclass
class _Block:
    """A basic block: `merge` is where the loop ends that it begins, if it begins one."""

    instructions: list[_Instruction] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    merge: int | None = None


def read_kernel(binary: bytes) -> Kernel:
    """The kernel of a module with one entry point, as IREE writes them.

    Raises:
      SpirvError: the module is none, or has another number of entry points.
    """
    try:
        return _Module(list(_instructions(binary))).kernel()
    except (LookupError, RecursionError, ValueError, struct.error) as error:
        raise SpirvError(f"the module is cut off or not valid ({error!r})") from error


def _instructions(binary: bytes) -> Iterator[_Instruction]:
    words = struct.unpack(f"<{len(binary) // 4}I", binary)
    if words[0] != _MAGIC:
        raise SpirvError("this is not SPIR-V")
    at = _HEADER_WORDS
    while at < len(words):
        length, opcode = words[at] >> 16, words[at] & 0xFFFF
        if not 0 < length <= len(words) - at:
            raise SpirvError(f"an instruction at word {at} has {length} words")
        yield _Instruction(opcode, words[at + 1 : at + length])
        at += length


class _Module:
    """A module by its ids. Ids of types and of values are distinct."""

    def __init__(self, instructions: Sequence[_Instruction]) -> None:
        self._instructions = instructions
        # What declares a type, constant or variable, by id; and the instruction of each value.
        self._types: dict[int, _Instruction] = {}
        self._values: dict[int, _Instruction] = {}
        for instruction in instructions:
            operands = instruction.operands
            if _TYPE_BOOL <= instruction.opcode <= _TYPE_POINTER:
                self._types[operands[0]] = instruction
            elif len(operands) > 1 and operands[0] in self._types:
                self._values[operands[1]] = instruction

    def kernel(self) -> Kernel:
        entry_points = [i.operands for i in self._instructions if i.opcode == _ENTRY_POINT]
        if len(entry_points) != 1:
            raise SpirvError(f"the module has {len(entry_points)} entry points, expected one")
        variables = [
            self._types[i.operands[0]].operands[1:]  # storage class and type
            for i in self._instructions
            if i.opcode == _VARIABLE
        ]
        threads, *_ = (
            i.operands[2:5]
            for i in self._instructions
            if i.opcode == _EXECUTION_MODE and i.operands[1] == _LOCAL_SIZE
        )
        computed = (v for v in self._values.values() if v.opcode != _LOAD or self._reads_memory(v))
        return Kernel(
            name=_string(entry_points[0][2:]),
            threads=(threads[0], threads[1], threads[2]),
            workgroup_bytes=sum(self._bytes(t) for c, t in variables if c == _WORKGROUP),
            private_arrays=tuple(
                -(-self._bytes(kind) // 16)
                for storage, kind in variables
                if storage == _FUNCTION_STORAGE and self._types[kind].opcode == _TYPE_ARRAY
            ),
            largest_vector=max(map(self._lanes, computed), default=1),
            long_integers=sum(
                value.opcode != _CONSTANT and self._is_long(value.operands[0])
                for value in self._values.values()
            ),
            inner_loops=self._inner_loops(),
            bindings=self._bindings(),
        )

    def _bindings(self) -> tuple[tuple[int, int], ...]:
        numbers: dict[int, dict[int, int]] = {_BINDING: {}, _DESCRIPTOR_SET: {}}
        for instruction in self._instructions:
            if instruction.opcode == _DECORATE and instruction.operands[1] in numbers:
                variable, decoration, number = instruction.operands
                numbers[decoration][variable] = number
        sets, bindings = numbers[_DESCRIPTOR_SET], numbers[_BINDING]
        return tuple(sorted({(sets[variable], number) for variable, number in bindings.items()}))

    def _bytes(self, kind: int) -> int:
        declared = self._types[kind]
        operands = declared.operands
        if declared.opcode in (_TYPE_INT, _TYPE_FLOAT):
            return operands[1] // 8
        if declared.opcode == _TYPE_VECTOR:
            return operands[2] * self._bytes(operands[1])
        if declared.opcode == _TYPE_ARRAY:
            return self._values[operands[2]].operands[2] * self._bytes(operands[1])
        if declared.opcode == _TYPE_STRUCT:
            return sum(map(self._bytes, operands[1:]))
        raise SpirvError(f"a variable has a type without a size, of opcode {declared.opcode}")

    def _is_long(self, kind: int) -> bool:
        declared = self._types[kind]
        if declared.opcode == _TYPE_VECTOR:
            declared = self._types[declared.operands[1]]
        return declared.opcode == _TYPE_INT and declared.operands[1] == 64

    def _lanes(self, value: _Instruction) -> int:
        declared = self._types[value.operands[0]]
        return declared.operands[2] if declared.opcode == _TYPE_VECTOR else 1

    def _inner_loops(self) -> tuple[Work, ...]:
        blocks = self._blocks()
        bodies = {
            label: _body(blocks, label, block.merge)
            for label, block in blocks.items()
            if block.merge is not None
        }
        innermost = [body for label, body in bodies.items() if not (body & bodies.keys()) - {label}]
        counts: dict[tuple[int, int, int], int] = {}
        for body in innermost:
            found = self._count(blocks[label] for label in body)
            if found[0]:
                counts[found] = counts.get(found, 0) + 1
        if not counts:
            whole = self._count(blocks.values())
            return (Work(0, *whole),) if whole[0] else ()
        return tuple(Work(loops, *found) for found, loops in counts.items())

    def _blocks(self) -> Mapping[int, _Block]:
        blocks: dict[int, _Block] = {}
        block = _Block()
        for instruction in self._instructions:
            operands = instruction.operands
            if instruction.opcode == _LABEL:
                block = blocks[operands[0]] = _Block()
            elif instruction.opcode == _LOOP_MERGE:
                block.merge = operands[0]
            elif instruction.opcode == _BRANCH:
                block.targets = [operands[0]]
            elif instruction.opcode == _BRANCH_CONDITIONAL:
                block.targets = list(operands[1:3])
            elif instruction.opcode == _SWITCH:  # the default, then a literal and its target each
                block.targets = [operands[1], *operands[3::2]]
            block.instructions.append(instruction)
        return blocks

    def _count(self, blocks: Iterable[_Block]) -> tuple[int, int, int]:
        """Multiply-adds, loads, and the width of the widest."""
        instructions = [i for block in blocks for i in block.instructions]
        loads = [self._lanes(i) for i in instructions if self._reads_memory(i)]
        return sum(map(self._multiply_adds, instructions)), len(loads), max(loads, default=0)

    def _reads_memory(self, instruction: _Instruction) -> bool:
        if instruction.opcode != _LOAD:
            return False
        pointer = self._types[self._values[instruction.operands[2]].operands[0]]
        return pointer.operands[1] in _MEMORY

    def _multiply_adds(self, instruction: _Instruction) -> int:
        operands = instruction.operands
        if instruction.opcode == _EXT_INST and operands[3] == _FMA:
            return self._lanes(instruction)
        if instruction.opcode == _F_ADD:
            added = [self._values.get(operand) for operand in operands[2:4]]
            products = (_F_MUL, _VECTOR_TIMES_SCALAR)
            return self._lanes(instruction) * any(v and v.opcode in products for v in added)
        return 4 if instruction.opcode in _DOTS else 0


def _body(blocks: Mapping[int, _Block], header: int, merge: int | None) -> set[int]:
    """The blocks of a loop: what its header leads to, without going through its merge block."""
    body: set[int] = set()
    ahead = [header]
    while ahead:
        label = ahead.pop()
        if label not in body and label != merge:
            body.add(label)
            ahead += blocks[label].targets
    return body


def _string(words: Sequence[int]) -> str:
    return struct.pack(f"<{len(words)}I", *words).split(b"\0")[0].decode(errors="replace")
