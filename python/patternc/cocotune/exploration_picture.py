# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Curves of explorations (PNG)."""

from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from patternc.cocotune.exploration_result import ExplorationResult
from patternc.dependencies import require
from patternc.errors import CocoTuneError


def draw_explorations(results: Mapping[str, ExplorationResult], file: str | Path) -> None:
    """Draws the accuracies of the networks that were explored, by their cost and by time.

    On the left, accuracy before fine-tuning (hollow) and after it (filled) against the objective's
    cost; on the right, accuracy against the time since the start, with pre-training. A star is the
    winner, a dashed line the bound.

    Args:
      results: by name, such as block-trained and default networks of one subspace.
      file: where to.

    Raises:
      CocoTuneError: when there is no result, or the file cannot be written.
      MissingDependencyError: without matplotlib.
    """
    if not results:
        raise CocoTuneError("there is no exploration to draw")
    require("matplotlib", needed_for="a picture")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    by_cost, by_time = figure.subplots(1, 2, sharey=True)
    for number, (name, result) in enumerate(results.items()):
        _draw(by_cost, by_time, name, result, f"C{number}")
    objective = next(iter(results.values())).objective
    for axes in (by_cost, by_time):
        if objective.constrained == "Accuracy":
            axes.axhline(100 * objective.bound, color="grey", linestyle="--", linewidth=1)
    if objective.constrained != "Accuracy":
        by_cost.axvline(objective.bound, color="grey", linestyle="--", linewidth=1)
    by_cost.set_xlabel(objective.cost + (" / s" if objective.cost == "Latency" else ""))
    by_cost.set_ylabel("accuracy / %")
    by_cost.legend()
    by_time.set_xlabel("time / s")
    try:
        figure.savefig(file, dpi=150, format="png")
    except OSError as error:
        raise CocoTuneError(f"{file} cannot be written: {error}") from error


def _draw(by_cost: Any, by_time: Any, name: str, result: ExplorationResult, color: str) -> None:
    networks = result.networks
    costs = [network.cost for network in networks]
    accuracies = [100 * network.accuracy for network in networks]
    initial = [100 * network.initial_accuracy for network in networks]
    seconds = [*accumulate((n.seconds for n in networks), initial=result.pretraining_seconds)][1:]
    by_cost.plot(costs, initial, "o", color=color, fillstyle="none", markersize=4)
    by_cost.plot(costs, accuracies, "o", color=color, markersize=4, label=name)
    by_time.plot(seconds, accuracies, "-o", color=color, markersize=3, linewidth=0.8)
    if result.winner is not None:
        place = networks.index(result.winner)
        for axes, x in ((by_cost, costs[place]), (by_time, seconds[place])):
            axes.plot([x], [accuracies[place]], "*", color=color, markersize=16)
