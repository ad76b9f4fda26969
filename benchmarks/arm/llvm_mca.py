# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""How fast a processor runs a loop, by LLVM's model of it (`llvm-mca`).

The model has all data in the first cache, predicts every branch, and knows of no iteration that
waits for what another one stores.
"""

import functools
import json
import re
import shutil
import subprocess
from dataclasses import dataclass

from patternc.errors import MissingDependencyError

_TOOL = "llvm-mca-22"  # Debian's llvm-mca may be of an LLVM without models of these processors
_ITERATIONS = 200
_UNITS = {
    "B": "branches",
    "D": "stores",
    "F": "flags",
    "L": "loads",
    "M": "integers",
    "S": "integers",
    "V": "vectors",
}


@dataclass(frozen=True)
class Core:
    """A processor core.

    Attributes:
      name: LLVM's.
      multiply_adds: of vectors that it starts in a cycle.
    """

    name: str
    multiply_adds: int


@dataclass(frozen=True)
class Analysis:
    """What the model says of one iteration.

    Attributes:
      cycles: in a simulation of many iterations.
      least_cycles: for its instructions in any order.
      bottleneck: what takes these: dispatch, or a kind of execution unit.
    """

    cycles: float
    least_cycles: float
    bottleneck: str


def require_llvm_mca() -> None:
    """Checks that `analyse` can work.

    Raises:
      MissingDependencyError: the tool is not on the PATH.
    """
    if shutil.which(_TOOL) is None:
        raise MissingDependencyError(
            f"{_TOOL} is not on the PATH; it is part of LLVM 22 (Debian: apt install llvm-22)"
        )


@functools.cache
def analyse(instructions: tuple[str, ...], core: Core) -> Analysis:
    """Simulates a loop of AArch64 instructions."""
    command = [_TOOL, "-mtriple=aarch64", f"-mcpu={core.name}", f"-iterations={_ITERATIONS}"]
    process = subprocess.run(
        [*command, "-json"],
        input="\n".join(instructions),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result = json.loads(process.stdout)
    region = result["CodeRegions"][0]
    summary = region["SummaryView"]
    cycles = {"dispatch": summary["TotaluOps"] / _ITERATIONS / summary["DispatchWidth"]}
    for usage in region["ResourcePressureView"]["ResourcePressureInfo"]:
        if usage["InstructionIndex"] == len(instructions):  # all of them
            unit = _unit(result["TargetInfo"]["Resources"][usage["ResourceIndex"]])
            cycles[unit] = max(cycles.get(unit, 0), usage["ResourceUsage"])
    return Analysis(
        cycles=summary["TotalCycles"] / _ITERATIONS,
        least_cycles=summary["BlockRThroughput"],
        bottleneck=max(cycles, key=lambda name: cycles[name]),
    )


def _unit(resource: str) -> str:
    """The kind of a unit, from a name such as N1UnitV0."""
    match = re.match(r"\w\dUnit([A-Z])", resource)
    return _UNITS[match[1]] if match else resource
