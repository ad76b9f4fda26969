# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The compiler: from a model to a module that runs."""

from patternc.compiler.driver import compile
from patternc.compiler.pipeline import Pass, Pipeline, Precision
from patternc.compiler.targets import Target, get_target, target_names

__all__ = ["Pass", "Pipeline", "Precision", "Target", "compile", "get_target", "target_names"]
