# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Timing of several calls in one run, taking turns, so that they share the machine's moods."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tqdm import tqdm

# Thread pools of some engines spin for a while after their work is done.
_SETTLE_SECONDS = 0.01


@dataclass(frozen=True)
class Timing:
    """The durations of one call.

    Attributes:
      seconds: one duration for each timed call, in the order in which they ran.
    """

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def fastest(self) -> float:
        return min(self.seconds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The durations that a quarter and three quarters of the calls stay below."""
        if len(self.seconds) == 1:
            return self.seconds[0], self.seconds[0]
        first, _, third = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return first, third


def interleave(
    calls: Mapping[str, Callable[[], object]], *, rounds: int, calls_per_turn: int
) -> dict[str, Timing]:
    """Times calls round-robin.

    In every round each call has one turn: it runs once untimed, which brings back into the caches
    what the others displaced, and then `calls_per_turn` times timed. A progress bar is shown on a
    terminal.

    Args:
      calls: what to time, by name.
      rounds: turns of every call.
      calls_per_turn: timed calls in a turn; more of them for shorter ones.

    Returns:
      ``rounds * calls_per_turn`` durations for each name.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    with tqdm(total=rounds * len(calls), desc="measure", disable=None, leave=False) as bar:
        for _ in range(rounds):
            for name, call in calls.items():
                time.sleep(_SETTLE_SECONDS)
                call()
                for _ in range(calls_per_turn):
                    start = time.perf_counter()
                    call()
                    seconds[name].append(time.perf_counter() - start)
                bar.update()
    return {name: Timing(tuple(values)) for name, values in seconds.items()}
