# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pass pipelines of the compiler core, in the shape of MLIR's own bindings."""

from patternc._mlir import PassManager

__all__ = ["PassManager"]
