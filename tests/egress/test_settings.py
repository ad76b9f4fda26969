# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Knobs: environment variable = keyword."""

from pathlib import Path

import pytest

from patternc.errors import PatterncError
from patternc.settings import Settings


def test_defaults():
    assert Settings.from_environment({}) == Settings()


def test_every_knob_has_its_variable():
    settings = Settings.from_environment(
        {
            "PATTERNC_DUMP_DIR": "/d",
            "PATTERNC_PRINT_IR": "1",
            "PATTERNC_REPRODUCER_DIR": "/r",
            "PATTERNC_TIMING": "on",
            "PATTERNC_LOG_LEVEL": "debug",
        }
    )
    assert settings == Settings(
        dump_dir=Path("/d"),
        print_ir=True,
        reproducer_dir=Path("/r"),
        timing=True,
        log_level="debug",
    )


def test_empty_variable_is_the_default():
    empty = {"PATTERNC_DUMP_DIR": "", "PATTERNC_TIMING": ""}
    assert Settings.from_environment(empty) == Settings()


def test_keyword_wins():
    settings = Settings.from_environment({"PATTERNC_TIMING": "1"}, timing=False)
    assert not settings.timing


def test_bad_values():
    with pytest.raises(PatterncError, match="PATTERNC_TIMING is 'maybe', expected 1 or 0"):
        Settings.from_environment({"PATTERNC_TIMING": "maybe"})
    with pytest.raises(PatterncError, match="log level is 'loud', expected one of debug"):
        Settings(log_level="loud")
