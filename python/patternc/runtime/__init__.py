# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Compiled modules: running them, saving them, loading them.

Nothing here needs torch or the compiler, and IREE's runtime only when a module is called.
"""

from patternc.runtime.device_array import DeviceArray
from patternc.runtime.machine import Machine, host_machine
from patternc.runtime.manifest import Manifest
from patternc.runtime.module import CompiledModule, load
from patternc.runtime.report import LayerReport, LeftOperation, Report

__all__ = [
    "CompiledModule",
    "DeviceArray",
    "LayerReport",
    "LeftOperation",
    "Machine",
    "Manifest",
    "Report",
    "host_machine",
    "load",
]
