# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The fuzzers lie beside the package and not in it."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def fuzzers_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2]))
