# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""matplotlib, which only pictures need."""

import importlib
import sys
from typing import Any


def require_pyplot() -> Any:
    """`matplotlib.pyplot`; ends the program where it is missing: called before the work, too."""
    try:
        return importlib.import_module("matplotlib.pyplot")
    except ImportError as error:
        sys.exit(f"error: --plot needs matplotlib ({error}): pip install matplotlib")
