# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The networks among which one is looked for."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass

from patternc.errors import CocoTuneError

# One pruning ratio for each module: the share of it that is removed, 0 for none.
Configuration = tuple[float, ...]


@dataclass(frozen=True)
class Subspace:
    """Pruning configurations of one network.

    Attributes:
      modules: dotted names of the modules that are pruned, in order of execution.
      configurations: for each network one pruning ratio for each module, at least 0 and below 1.

    Raises:
      CocoTuneError: when there are none, a configuration has another number of ratios, a ratio is
        out of range, or something is there twice.
    """

    modules: tuple[str, ...]
    configurations: tuple[Configuration, ...]

    def __post_init__(self):
        if not self.modules or not self.configurations:
            missing = "configurations" if self.modules else "modules"
            raise CocoTuneError(f"the subspace has no {missing}, expected at least one")
        if twice := _first_repeated(self.modules):
            raise CocoTuneError(f"the subspace names module '{self.modules[twice[0]]}' twice")
        for index, ratios in enumerate(self.configurations):
            if len(ratios) != len(self.modules):
                raise CocoTuneError(
                    f"configuration {index} has {len(ratios)} ratios, expected "
                    f"{len(self.modules)}, one for each module ({_shortened(self.modules)})"
                )
            for module, ratio in zip(self.modules, ratios, strict=True):
                check_ratio(ratio, f"configuration {index}, module '{module}'")
        if twice := _first_repeated(self.configurations):
            raise CocoTuneError(f"configurations {twice[0]} and {twice[1]} are the same")

    def check_modules(self, known: Collection[str]) -> None:
        """Checks the names against those of a network's modules.

        Raises:
          CocoTuneError: for a name that is not among them.
        """
        for module in self.modules:
            if module not in known:
                near = difflib.get_close_matches(module, known, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"it has {_shortened(known)}"
                raise CocoTuneError(
                    f"the subspace prunes module '{module}', which the network does not have; "
                    f"{hint}"
                )


def check_ratio(ratio: float, where: str) -> None:
    """Raises CocoTuneError unless a pruning ratio is a number of at least 0 and below 1."""
    if not isinstance(ratio, int | float) or isinstance(ratio, bool) or not 0 <= ratio < 1:
        raise CocoTuneError(
            f"{where}: the pruning ratio is {ratio!r}, expected the share that is removed, from 0 "
            "to below 1"
        )


def _first_repeated(items: Collection[object]) -> tuple[int, int] | None:
    places: dict[object, int] = {}
    for index, item in enumerate(items):
        if item in places:
            return places[item], index
        places[item] = index
    return None


def _shortened(names: Collection[str]) -> str:
    shown = [f"'{name}'" for name in list(names)[:8]]
    return ", ".join([*shown, "..."] if len(names) > len(shown) else shown)
