# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The inner loops in assembly of LLVM's for 64-bit Arm."""

import re
from dataclasses import dataclass

_FUNCTION = re.compile(r"([A-Za-z_]\w*):")
_BLOCK = re.compile(r"(\.LBB\w+):")
_BRANCH = re.compile(r"(?:b|b\.\w+|cbn?z\s.*,|tbn?z\s.*,)\s+(\.LBB\w+)")
# Of `sdot`, a lane takes four products.
_MULTIPLY_ADD = re.compile(r"(?:fmla|sdot)\s+(v\d+)\.(\d+)([sh]),")
_LANE_BITS = {"s": 32, "h": 16}
_REGISTER_BITS = 128
_STACK = re.compile(r"\[(?:sp|x29)\b")


@dataclass(frozen=True)
class Loop:
    """A loop without branches inside.

    Attributes:
      function: that it is in.
      label: of its first instruction.
      instructions: of one iteration, the branch at the end included.
    """

    function: str
    label: str
    instructions: tuple[str, ...]

    @property
    def vector_multiply_adds(self) -> int:
        """Instructions that multiply and add vectors."""
        return len(self._vector_multiply_adds())

    @property
    def whole_vectors(self) -> float:
        """The registers full of lanes that they multiply and add."""
        return sum(bits for _, bits in self._vector_multiply_adds()) / _REGISTER_BITS

    @property
    def accumulators(self) -> int:
        """Registers that are added to."""
        return len({register for register, _ in self._vector_multiply_adds()})

    @property
    def stack_accesses(self) -> int:
        """Instructions that load or store what found no place in registers."""
        return sum(_STACK.search(instruction) is not None for instruction in self.instructions)

    def _vector_multiply_adds(self) -> list[tuple[str, int]]:
        found = map(_MULTIPLY_ADD.match, self.instructions)
        return [(match[1], int(match[2]) * _LANE_BITS[match[3]]) for match in found if match]


def multiply_add_loops(assembly: str) -> list[Loop]:
    """The inner loops that multiply and add vectors, in their order."""
    loops = []
    function = label = ""
    block: list[str] = []
    for line in assembly.splitlines():
        code = line.partition("//")[0].strip()
        if match := _FUNCTION.fullmatch(code):
            function = match[1]
        elif match := _BLOCK.fullmatch(code):
            label, block = match[1], []
        elif code and not code.startswith("."):
            block.append(code)
            branch = _BRANCH.fullmatch(code)
            if branch and branch[1] == label:
                loops.append(Loop(function, label, tuple(block)))
    return [loop for loop in loops if loop.vector_multiply_adds]
