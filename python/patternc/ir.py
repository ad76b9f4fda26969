# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Contexts, modules and diagnostics of the compiler core, in the shape of MLIR's own bindings."""

from patternc._mlir import (
    Context,
    Diagnostic,
    MLIRError,
    Module,
    function_signature,
    layer_report,
    left_report,
    schedules,
)

__all__ = [
    "Context",
    "Diagnostic",
    "MLIRError",
    "Module",
    "function_signature",
    "layer_report",
    "left_report",
    "schedules",
]
