# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The example of the README runs as it is written."""

from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.iree
@pytest.mark.torch
def test_example_runs(run_document):
    run_document(README)
