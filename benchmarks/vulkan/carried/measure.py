# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Measures what lies beside this file; README.md says how."""

import os
import runpy
import sys
from pathlib import Path

try:
    import iree.runtime  # noqa: F401
    import numpy  # noqa: F401
except ImportError as error:
    sys.exit(f"error: {error}; README.md says what to install")

folder = Path(__file__).resolve().parent
sys.path.insert(0, str(folder / "python"))
# Of the processes that the contenders run in.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, (str(folder / "python"), os.environ.get("PYTHONPATH")))
)
sys.argv.insert(1, str(folder))
runpy.run_module("benchmarks.vulkan.measure", run_name="__main__", alter_sys=True)
