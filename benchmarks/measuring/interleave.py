# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Timing of several calls in one run, taking turns, so that they share the machine's moods."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

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
    """Times calls of this process by `take_turns`.

    Args:
      calls: what to time, by name.
      rounds: turns of every call.
      calls_per_turn: timed calls in a turn; more of them for shorter ones.

    Returns:
      ``rounds * calls_per_turn`` durations for each name.
    """
    turns = {name: partial(timed_turn, call) for name, call in calls.items()}
    return take_turns(turns, rounds=rounds, calls_per_turn=calls_per_turn)


def take_turns(
    turns: Mapping[str, Callable[[int], Sequence[float]]], *, rounds: int, calls_per_turn: int
) -> dict[str, Timing]:
    """Times round-robin, with a progress bar on a terminal.

    Args:
      turns: by name, what has a turn, here or in another process: as `timed_turn` does it.
      rounds, calls_per_turn: as for `interleave`.
    """
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    with tqdm(total=rounds * len(turns), desc="measure", disable=None, leave=False) as bar:
        for _ in range(rounds):
            for name, turn in turns.items():
                time.sleep(_SETTLE_SECONDS)
                seconds[name] += turn(calls_per_turn)
                bar.update()
    return {name: Timing(tuple(values)) for name, values in seconds.items()}


def timed_turn(call: Callable[[], object], calls: int) -> list[float]:
    """The durations of so many calls.

    One before them, untimed, brings back into the caches what others displaced.
    """
    call()
    seconds = []
    for _ in range(calls):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return seconds
