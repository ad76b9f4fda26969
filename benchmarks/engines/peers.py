# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The packages of other engines, which need not be installed."""

import importlib
from typing import Any

from benchmarks.engines.engine import NotMeasuredError


def import_peer(module: str) -> Any:
    """A module of such a package.

    Raises:
      NotMeasuredError: it is not installed; the message says what to do.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise NotMeasuredError(
            f"package '{module}' cannot be imported ({error}); install it with: "
            "pip install -r benchmarks/engines/requirements.txt"
        ) from error
