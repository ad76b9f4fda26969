# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import shutil
import sys
from pathlib import Path

import pytest

from vulkan import close_vulkan


@pytest.fixture
def pattern_opt() -> str:
    """Path of pattern-opt: the one installed beside this Python, or the first on the PATH."""
    beside = Path(sys.executable).parent / "pattern-opt"
    found = str(beside) if beside.exists() else shutil.which("pattern-opt")
    if found is None:
        pytest.skip("pattern-opt is not installed")
    return found


@pytest.fixture(autouse=True)
def _no_open_gpu(request: pytest.FixtureRequest):
    """Nothing spins beside the next test."""
    yield
    if request.node.get_closest_marker("vulkan"):
        close_vulkan()
