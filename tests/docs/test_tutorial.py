# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The tutorial runs as it is written, and names every knob."""

import dataclasses
from pathlib import Path

import pytest

from patternc.settings import Settings

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"


@pytest.mark.data
@pytest.mark.iree
@pytest.mark.torch
def test_code_prints_what_the_tutorial_shows(run_document):
    pytest.importorskip("sklearn")
    run_document(TUTORIAL)


def test_every_knob_is_in_the_tutorial():
    text = TUTORIAL.read_text(encoding="utf-8")
    for knob in dataclasses.fields(Settings):
        assert f"| `PATTERNC_{knob.name.upper()}` | `{knob.name}` |" in text
