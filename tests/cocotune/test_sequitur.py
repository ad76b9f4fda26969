# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Sequitur: the sequence comes back, and both invariants hold."""

from collections import Counter, defaultdict

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from patternc.cocotune.grammar import Grammar
from patternc.cocotune.grammar_inference import sequitur

pytestmark = pytest.mark.torch  # patternc.cocotune as a whole does

# Few different symbols make many repetitions, and rows of equal ones.
SEQUENCES = st.integers(1, 4).flatmap(lambda most: st.lists(st.integers(0, most), max_size=80))


def expand(grammar: Grammar) -> list[object]:
    return [grammar.terminals[number] for number in grammar.expansion()]


@settings(deadline=None)
@given(sequence=SEQUENCES)
@example(sequence=[0] * 80)
@example(sequence=[0, 1] * 40)
def test_invariants(sequence):
    grammar = sequitur(sequence)
    assert expand(grammar) == sequence
    digrams = defaultdict(list)
    for rule, body in enumerate(grammar.rules):
        for place in range(len(body) - 1):
            digrams[body[place : place + 2]].append((rule, place))
    for (left, right), places in digrams.items():
        if len(places) > 1:  # twice in a row of three equal symbols
            (rule, place), other = places
            assert left == right and other == (rule, place + 1)
    uses = Counter(symbol for body in grammar.rules for symbol in body if symbol < 0)
    assert all(uses[-rule] > 1 for rule in range(1, len(grammar.rules)))
    assert all(len(body) > 1 for body in grammar.rules[1:])


@settings(deadline=None)
@given(sequence=SEQUENCES)
def test_frequencies_count_the_derivation(sequence):
    grammar = sequitur(sequence)
    frequencies = grammar.frequencies()
    counts = Counter(sequence)
    for number, terminal in enumerate(grammar.terminals):
        assert frequencies[number] == counts[terminal]
    order = grammar.postorder()
    assert sorted(order) == sorted(frequencies)
    for symbol in order:
        if symbol < 0:
            children = grammar.rules[-symbol]
            assert all(order.index(child) < order.index(symbol) for child in children)
            assert all(frequencies[child] >= frequencies[symbol] for child in children)


def test_published_example():
    grammar = sequitur("abcdbcabcd")
    assert grammar.rules == ((-1, -2, -1), (0, -2, 3), (1, 2))
    assert [grammar.terminals[n] for n in grammar.expansion(-1)] == list("abcd")


@pytest.mark.parametrize("sequence", ["", "a", "aa", "aaa", "aaaa"])
def test_short_sequences(sequence):
    assert expand(sequitur(sequence)) == list(sequence)


def test_a_long_sequence_is_a_small_grammar():
    """Doubling makes a rule each time: depth is no matter."""
    grammar = sequitur([0] * 2**14)
    assert len(grammar.rules) <= 15
    assert sum(1 for _ in grammar.expansion()) == 2**14
