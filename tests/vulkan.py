# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whether this machine has a Vulkan driver."""

import pytest

from patternc.errors import TargetError
from patternc.runtime.device import open_device


def require_vulkan() -> None:
    """Skips the test, by name, where no Vulkan driver is."""
    try:
        open_device("vulkan", None)
    except TargetError as error:
        pytest.skip(f"no Vulkan driver: {error}")
