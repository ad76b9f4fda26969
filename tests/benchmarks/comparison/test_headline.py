# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The sentence that a measurement comes to."""

import pytest
from benchmarks.comparison.headline import headline
from benchmarks.comparison.measurement import Row
from benchmarks.measuring.interleave import Timing

pytestmark = pytest.mark.torch

ROWS = {
    "patternc": Row(1, Timing((2.0, 2.0))),
    "patternc, int8": Row(1, Timing((1.0,)), "int8"),
    "A": Row(1, Timing((8.0, 10.0, 9.0))),
    "B": Row(1, Timing((6.0,))),
    "B, int8": Row(1, Timing((3.0,)), "int8"),
}
DENSE = ["A", "B", "B, int8"]


def test_against_the_fastest_at_any_precision_and_in_float32():
    assert headline(ROWS, "patternc, int8", DENSE, goal=4) == (
        "patternc, int8, is 3.00 times as fast as B, int8, the fastest of 3 dense engines at any "
        "precision, and 6.00 times as fast as B, the fastest of 2 dense engines in float32; "
        "the goal of 4 is missed."
    )


def test_the_goal_of_float32_is_against_float32():
    sentence = headline(ROWS, "patternc", DENSE, goal=3)
    assert "1.50 times as fast as B, int8" in sentence
    assert sentence.endswith("the fastest of 2 dense engines in float32; the goal of 3 is reached.")


def test_without_engines_there_is_no_ratio():
    assert headline(ROWS, "patternc", [], goal=3) == "patternc, is alone."
    only_int8 = headline(ROWS, "patternc", ["B, int8"], goal=3)
    assert only_int8.endswith("1 dense engines at any precision.")
