# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Every source file says its licence, the one of the project, in its first line."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINE = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
SOURCES = ("*.cpp", "*.h", "*.td", "*.py", "*.pyi", "*CMakeLists.txt", "*.cmake", "Makefile")


def test_first_line_is_the_licence():
    try:
        listed = subprocess.run(
            ["git", "ls-files", *SOURCES], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a checkout of git")
    files = listed.stdout.split()
    assert len(files) > 300
    without = [
        name
        for name in files
        if (text := (ROOT / name).read_text(encoding="utf-8")) and LINE not in text.split("\n")[0]
    ]
    assert not without
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in licence and "LLVM Exceptions" in licence
