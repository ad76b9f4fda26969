# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whether this machine has a Vulkan driver, and an end to what it does for nobody.

IREE waits for an open device in two threads, which lavapipe lets spin: as much as two cores do.
"""

import functools
import gc
import sys

import pytest

from patternc.errors import TargetError
from patternc.runtime.device import forget_device, open_device


@functools.cache
def _missing_driver() -> str | None:
    try:
        forget_device(open_device("vulkan", None))
    except TargetError as error:
        return f"no Vulkan driver: {error}"
    return None


def require_vulkan() -> None:
    """Skips the test, by name, where no Vulkan driver is."""
    reason = _missing_driver()
    if reason:
        pytest.skip(reason)


def close_vulkan() -> None:
    """Closes the device, unless a module or a result is still on it."""
    if _missing_driver() is not None:
        return
    device = open_device("vulkan", None)
    gc.collect()
    # In the table of devices, in `device` and in the argument.
    if sys.getrefcount(device) == 3:
        forget_device(device)
