# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Selection of options, against all combinations."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patternc.search.selection import cheapest, select, select_measured, total


@st.composite
def problems(draw, layers: int = 5, options: int = 4):
    """Costs and losses of each option of each layer, and a limit."""
    counts = draw(st.lists(st.integers(1, options), min_size=1, max_size=layers))
    costs = [draw(st.lists(st.integers(0, 30), min_size=n, max_size=n)) for n in counts]
    losses = [draw(st.lists(st.integers(-3, 30), min_size=n, max_size=n)) for n in counts]
    return costs, losses, draw(st.integers(0, 30 * layers))


def least_loss(costs, losses, limit) -> float:
    choices = itertools.product(*(range(len(options)) for options in costs))
    within = (c for c in choices if total(costs, c) <= limit)
    return min((total(losses, choice) for choice in within), default=math.inf)


@settings(deadline=None)
@given(problems())
def test_select_is_exact(problem):
    costs, losses, limit = problem
    choice = select(costs, losses, limit)
    if choice is None:
        assert total(costs, cheapest(costs)) > limit
    else:
        assert total(costs, choice) <= limit
        assert total(losses, choice) == least_loss(costs, losses, limit)


@settings(deadline=None)
@given(problems(), st.integers(2, 12))
def test_thinned_selection_is_as_good_as_any_a_little_cheaper(problem, states):
    costs, losses, limit = problem
    choice = select(costs, losses, limit, states=states)
    if choice is None:
        assert total(costs, cheapest(costs)) > limit
    else:
        assert total(costs, choice) <= limit
        spared = len(costs) * limit / (states - 1)
        assert total(losses, choice) <= least_loss(costs, losses, limit - spared)


def test_many_layers_are_near_the_bound():
    # Loss is 1 / rate, so that the fractional optimum has equal rates.
    costs = [[100.0 * (7 + i % 5) / rate for rate in range(1, 9)] for i in range(60)]
    losses = [[1.0 - 1 / rate for rate in range(1, 9)] for _ in range(60)]
    limit = 0.4 * sum(row[0] for row in costs)
    choice = select(costs, losses, limit)
    assert choice is not None
    assert 0.99 * limit <= total(costs, choice) <= limit


def test_equal_losses_take_the_cheaper_option():
    assert select([[3, 1, 2]], [[1, 1, 1]], 10) == (1,)


def test_limit_that_is_the_sum_is_reached():
    costs = [[0.1], [0.2], [0.3], [0.4], [0.7]]
    assert select(costs, [[0.0]] * 5, 1.7) == (0,) * 5


COSTS = [[8.0, 4.0, 2.0]] * 3
LOSSES = [[0.0, 1.0, 3.0], [0.0, 1.1, 3.3], [0.0, 1.2, 3.6]]


@pytest.mark.parametrize("factor", [0.3, 0.7, 1.0, 1.6, 1.9])
def test_measured_selection_finds_the_factor(factor):
    limit = 12.0
    choice, cost = select_measured(COSTS, LOSSES, limit, lambda c: factor * total(COSTS, c))
    assert cost == factor * total(COSTS, choice) <= limit
    assert total(LOSSES, choice) == least_loss(COSTS, LOSSES, limit / factor)


@pytest.mark.parametrize("fixed", [-3.0, 2.0, 5.0])
def test_measured_selection_stays_within_the_limit_when_costs_do_not_add_up(fixed):
    choice, cost = select_measured(COSTS, LOSSES, 12.0, lambda c: fixed + total(COSTS, c))
    assert cost == fixed + total(COSTS, choice) <= 12.0


def test_measured_selection_ends_with_the_cheapest():
    choice, cost = select_measured(COSTS, LOSSES, 12.0, lambda c: 100 + total(COSTS, c))
    assert (choice, cost) == ((2, 2, 2), 106)
