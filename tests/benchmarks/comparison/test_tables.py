# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What was measured, as text."""

import pytest
from benchmarks.comparison.measurement import Measurement, Row
from benchmarks.comparison.tables import measured_table
from benchmarks.measuring.interleave import Timing

pytestmark = pytest.mark.torch


def test_shares_are_of_the_peak_of_what_a_row_computes_in():
    billion = 1_000_000_000
    measurement = Measurement(
        rows={
            "A": Row(30 * billion, Timing((1.0,))),
            "A, int8": Row(60 * billion, Timing((1.0,)), "int8"),
        },
        cores={
            "float32": Row(50 * billion, Timing((1.0,))),
            "int8": Row(200 * billion, Timing((1.0,)), "int8"),
        },
        threads=2,
        missing={},
    )
    table = measured_table(measurement, ours="A")
    shares = {line.split("  ")[0]: line.split()[-2] for line in table.splitlines()[2:4]}
    assert shares == {"A": "30%", "A, int8": "15%"}
    assert "peak, GOP/s: 200 in float32, 800 in int8; " in table
