# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import patternc

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run_benchmark(monkeypatch) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that runs a program as users do: by its name in `benchmarks`, with arguments."""
    monkeypatch.setenv("PYTHONPATH", str(Path(patternc.__file__).parents[1]))

    def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    return run
