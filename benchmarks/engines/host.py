# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The machine, as patternc compiles for it."""

from typing import Any

from benchmarks.measuring.machine import describe_machine
from patternc.compiler.targets import get_target


def describe_host() -> dict[str, Any]:
    """`describe_machine`, and the instruction sets and flags that code is compiled with."""
    target = get_target("llvm-cpu")
    return describe_machine() | {
        "cpu_features": list(target.machine.features),
        "iree_flags": list(target.flags),
    }
