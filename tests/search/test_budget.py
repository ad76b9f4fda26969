# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Budgets as text."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patternc.errors import SearchError
from patternc.search import Budget


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("multiply-adds <= 100M", Budget("multiply-adds", 100e6)),
        ("multiply-adds<=25", Budget("multiply-adds", 25)),
        ("bytes <= 1.5M", Budget("bytes", 1.5e6)),
        (" bytes <= 64 kB ", Budget("bytes", 64e3)),
        ("bytes <= 1e3", Budget("bytes", 1000)),
        ("latency <= 2.5ms", Budget("latency", 2.5e-3)),
        ("latency <= 1s", Budget("latency", 1)),
        ("latency <= 800 us", Budget("latency", 800e-6)),
    ],
)
def test_parse(text, budget):
    parsed = Budget.parse(text)
    assert parsed.kind == budget.kind
    assert parsed.limit == pytest.approx(budget.limit, rel=1e-12)


@given(
    st.sampled_from(["multiply-adds", "bytes", "latency"]),
    st.floats(1e-9, 1e15),
)
def test_text_reads_back_to_four_digits(kind, limit):
    budget = Budget(kind, limit)
    assert Budget.parse(str(budget)).limit == pytest.approx(limit, rel=1e-3)


def test_text():
    assert str(Budget("bytes", 1.5e6)) == "bytes <= 1.5MB"
    assert str(Budget("latency", 2.5e-3)) == "latency <= 2.5ms"
    assert str(Budget("multiply-adds", 123456789)) == "multiply-adds <= 123.5M"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("100M", "expected KIND <= NUMBER UNIT"),
        ("bytes < 5", "expected KIND <= NUMBER UNIT"),
        ("flops <= 5M", "'flops', expected 'multiply-adds' or 'bytes' or 'latency'"),
        ("bytes <= 5ms", "unit 'ms', expected 'B' or 'kB'"),
        ("latency <= 5", "unit '', expected 'us' or 'ms' or 's'"),
        ("bytes <= 1.2.3", "'1.2.3' is not a number"),
        ("bytes <= 0", "limit of bytes is 0.0, expected a finite number above 0"),
    ],
)
def test_bad_text(text, message):
    with pytest.raises(SearchError, match=message.replace(".", r"\.")):
        Budget.parse(text)


@pytest.mark.parametrize("limit", [0, -1.0, math.inf, math.nan, True, "5"])
def test_bad_limit(limit):
    with pytest.raises(SearchError, match=r"limit of bytes is .* expected a finite number above 0"):
        Budget("bytes", limit)


def test_bad_kind():
    with pytest.raises(SearchError, match="budget is of 'watts', expected"):
        Budget("watts", 1)  # pyright: ignore[reportArgumentType]
