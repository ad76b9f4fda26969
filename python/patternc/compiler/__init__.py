# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The compiler: from a model to a module that runs."""

from patternc.compiler.driver import compile
from patternc.compiler.pipeline import Pass, Pipeline, Precision
from patternc.compiler.schedules import LayerSchedule, enumerate_schedules, write_schedules
from patternc.compiler.targets import Target, get_target, target_names

__all__ = [
    "LayerSchedule",
    "Pass",
    "Pipeline",
    "Precision",
    "Target",
    "compile",
    "enumerate_schedules",
    "get_target",
    "target_names",
    "write_schedules",
]
