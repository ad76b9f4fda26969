# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Promising subspaces, drawn at random."""

import random
from collections.abc import Callable, Sequence

from patternc.cocotune.subspace import Configuration, Subspace, check_ratio
from patternc.errors import CocoTuneError

PUBLISHED_RATIOS = (0.3, 0.5, 0.7)

# Draws for each configuration that is wanted, until a sampler gives up.
_ATTEMPTS = 100
# Changes of one ratio on the way from a random configuration to a target.
_MOVES = 20


def sample(
    modules: Sequence[str],
    count: int,
    *,
    ratios: Sequence[float] = PUBLISHED_RATIOS,
    seed: int = 0,
) -> Subspace:
    """Different configurations whose ratios are drawn independently.

    Args:
      modules: their names, in order of execution.
      count: of configurations.
      ratios: shares that are removed, to draw from with equal chances.
      seed: of the draw.

    Raises:
      CocoTuneError: when there are fewer different ones, or a ratio is out of range.
    """
    _check(modules, count, ratios)
    generator = random.Random(seed)
    return _collect(modules, count, lambda: tuple(generator.choices(ratios, k=len(modules))))


def sample_sequences(
    modules: Sequence[str],
    count: int,
    *,
    ratios: Sequence[float] = PUBLISHED_RATIOS,
    sequences: int = 3,
    seed: int = 0,
) -> Subspace:
    """Different configurations in which sequences of consecutive modules share a ratio.

    Such networks share long tuning blocks, and a designer's own ratios mostly look like this.

    Args:
      modules: their names, in order of execution.
      count: of configurations.
      ratios: shares that are removed, to draw from with equal chances for each sequence.
      sequences: into which each configuration is cut, at places drawn for it.
      seed: of the draw.

    Raises:
      CocoTuneError: when there are fewer different ones, more sequences than modules, or a ratio is
        out of range.
    """
    _check(modules, count, ratios)
    if not 1 <= sequences <= len(modules):
        raise CocoTuneError(f"sequences is {sequences}, expected 1 to {len(modules)}, the modules")
    generator = random.Random(seed)

    def draw() -> Configuration:
        cuts = sorted(generator.sample(range(1, len(modules)), sequences - 1))
        ends = zip([0, *cuts], [*cuts, len(modules)], strict=True)
        return tuple(
            ratio
            for (start, end), ratio in zip(
                ends, generator.choices(ratios, k=sequences), strict=True
            )
            for _ in range(start, end)
        )

    return _collect(modules, count, draw)


def sample_around(
    modules: Sequence[str],
    count: int,
    cost: Callable[[Configuration], float],
    target: float,
    *,
    tolerance: float = 0.1,
    ratios: Sequence[float] = PUBLISHED_RATIOS,
    seed: int = 0,
) -> Subspace:
    """Different configurations of about the same cost, such as a latency or a size.

    Each starts at random and takes changes of one ratio that bring it no farther from the target.

    Args:
      modules: their names, in order of execution.
      count: of configurations.
      cost: of a configuration; called some tens of times for each.
      target: the cost that is wanted, above 0.
      tolerance: share of the target that a cost may be off.
      ratios: shares that are removed, to draw from with equal chances.
      seed: of the draw.

    Raises:
      CocoTuneError: when not enough are found, or a ratio or the target is out of range.
    """
    _check(modules, count, ratios)
    if not target > 0:
        raise CocoTuneError(f"target is {target!r}, expected a cost above 0")
    generator = random.Random(seed)
    seen: dict[Configuration, float] = {}

    def distance(configuration: Configuration) -> float:
        if configuration not in seen:
            seen[configuration] = cost(configuration)
        return abs(seen[configuration] - target)

    def draw() -> Configuration | None:
        configuration = tuple(generator.choices(ratios, k=len(modules)))
        for _ in range(_MOVES * len(modules)):
            if distance(configuration) <= tolerance * target:
                return configuration
            place = generator.randrange(len(modules))
            moved = (*configuration[:place], generator.choice(ratios), *configuration[place + 1 :])
            if distance(moved) <= distance(configuration):
                configuration = moved
        return None

    try:
        return _collect(modules, count, draw)
    except CocoTuneError as error:
        span = f"{min(seen.values()):.4g} to {max(seen.values()):.4g}"
        raise CocoTuneError(
            f"{error} within {tolerance:.0%} of the target {target:.4g}; costs from {span} "
            "were seen"
        ) from None


def _check(modules: Sequence[str], count: int, ratios: Sequence[float]) -> None:
    if not modules or not ratios:
        raise CocoTuneError(f"no {'ratios' if modules else 'modules'} to draw configurations for")
    if count < 1:
        raise CocoTuneError(f"count is {count}, expected at least 1 configuration")
    for ratio in ratios:
        check_ratio(ratio, "ratios")


def _collect(
    modules: Sequence[str], count: int, draw: Callable[[], Configuration | None]
) -> Subspace:
    found: dict[Configuration, None] = {}
    for _ in range(_ATTEMPTS * count):
        drawn = draw()
        if drawn is not None:
            found[drawn] = None
        if len(found) == count:
            return Subspace(tuple(modules), tuple(found))
    raise CocoTuneError(
        f"{len(found)} different configurations were found, expected {count}: there are few for "
        f"{len(modules)} modules; draw fewer, give more ratios, or mark more modules"
    )
