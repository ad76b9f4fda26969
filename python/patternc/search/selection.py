# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One option for each layer, so that losses add up to least and costs to no more than a limit.

This is the multiple-choice knapsack problem. Going through the layers, all partial sums of cost and
loss are kept of which none is both cheaper and better (Nemhauser and Ullmann, Management Science
15, 1969). That is exact. Some dozen layers can have too many of them: then they are thinned out to
the best of each of many equal intervals of cost, and what is found is at least as good as anything
whose cost stays below the limit by one interval a layer.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

Choice = tuple[int, ...]

_STATES = 10_000
_ROUNDS = 6
# Of what was too slow, the next guess is to stay away from the limit a little.
_MARGIN = 1.02


def select(
    costs: Sequence[Sequence[float]],
    losses: Sequence[Sequence[float]],
    limit: float,
    *,
    states: int = _STATES,
) -> Choice | None:
    """The option of each layer.

    Args:
      costs: of each option of each layer, not negative.
      losses: likewise; they may be negative.
      limit: the most that the costs may add up to.
      states: partial sums to keep, at least 2; an interval is `limit / (states - 1)` at most.

    Returns:
      An index for each layer, or None when not even the cheapest options are within the limit.
    """
    # Sums that are equal but for the order of their terms are equal.
    limit *= 1 + 1e-12
    cheapest_rest = sum(min(options) for options in costs)
    cost, loss = np.zeros(1), np.zeros(1)
    steps = []
    for layer_costs, layer_losses in zip(costs, losses, strict=True):
        cheapest_rest -= min(layer_costs)
        cost = np.add.outer(cost, layer_costs).ravel()
        loss = np.add.outer(loss, layer_losses).ravel()
        kept = np.lexsort((loss, cost))
        kept = kept[cost[kept] + cheapest_rest <= limit]
        if not kept.size:
            return None
        best_before = np.minimum.accumulate(np.append(np.inf, loss[kept]))[:-1]
        kept = kept[loss[kept] < best_before]
        if kept.size > states:
            kept = kept[_thinned(cost[kept], states)]
        cost, loss = cost[kept], loss[kept]
        steps.append((kept // len(layer_costs), kept % len(layer_costs)))

    state, choice = len(cost) - 1, []  # the dearest is the best
    for parents, options in reversed(steps):
        choice.append(int(options[state]))
        state = parents[state]
    return tuple(reversed(choice))


def _thinned(cost: np.ndarray, states: int) -> np.ndarray:
    """The last, which is the best, of each interval of rising costs, and the cheapest of all."""
    interval = (cost - cost[0]) / (cost[-1] - cost[0]) * (states - 1)
    last = np.append(np.diff(np.floor(interval)) > 0, True)
    last[0] = True
    return last


def select_measured(
    costs: Sequence[Sequence[float]],
    losses: Sequence[Sequence[float]],
    limit: float,
    measure: Callable[[Choice], float],
) -> tuple[Choice, float]:
    """As `select`, where what a choice costs as a whole is measured and not the sum of its costs.

    The sum is taken to be wrong by a factor, which is corrected by each measurement. This ends
    when a choice comes again, and after six of them.

    Returns:
      The choice of least loss that was measured within the limit, and what it costs; when there is
      none, the cheapest options.
    """
    measured: dict[Choice, float] = {}
    factor = 1.0
    for _ in range(_ROUNDS):
        choice = select(costs, losses, limit / factor) or cheapest(costs)
        if choice in measured:
            break
        measured[choice] = measure(choice)
        factor = measured[choice] / total(costs, choice)
        if measured[choice] > limit:
            factor *= _MARGIN
    within = [choice for choice, cost in measured.items() if cost <= limit]
    if not within:
        least = cheapest(costs)
        return least, measured[least] if least in measured else measure(least)
    best = min(within, key=lambda choice: total(losses, choice))
    return best, measured[best]


def cheapest(costs: Sequence[Sequence[float]]) -> Choice:
    """The option of least cost of each layer."""
    return tuple(int(np.argmin(options)) for options in costs)


def total(values: Sequence[Sequence[float]], choice: Choice) -> float:
    """Sum of the costs or losses of a choice."""
    return math.fsum(options[index] for options, index in zip(values, choice, strict=True))
