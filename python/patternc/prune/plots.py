# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pictures of patterns, sparsity and accuracy (PNG)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from patternc.dependencies import require
from patternc.errors import PruningError
from patternc.prune.report import PruningReport


def plot_patterns(
    counts: Counter[tuple[int, ...]], file: str | Path, *, kernel: tuple[int, int] = (3, 3)
) -> None:
    """Draws how often each pattern was counted, with the patterns below the bars.

    Args:
      counts: as from `natural_patterns`; the most frequent 56 are drawn.
      file: where to.
      kernel: (height, width) of the kernels.

    Raises:
      PruningError: when nothing was counted, or the file cannot be written.
      MissingDependencyError: without matplotlib.
    """
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:56]
    if not ranked:
        raise PruningError("no pattern was counted")
    height, width = kernel
    figure, (bars, grids) = _figure(
        rows=2, size=(max(4, 0.3 * len(ranked)), 4), sharex=True, height_ratios=(4, 1)
    )
    total = sum(counts.values())
    bars.bar(range(len(ranked)), [100 * count / total for _, count in ranked])
    bars.set_ylabel("share of the kernels / %")
    cell = 0.8 / max(height, width)
    for place, (pattern, _) in enumerate(ranked):
        for position in range(height * width):
            y, x = divmod(position, width)
            color = "tab:blue" if position in pattern else "lightgrey"
            corner = (place - 0.4 + x * cell, -(y + 1) * cell)
            grids.add_patch(_rectangle(corner, 0.9 * cell, color))
    grids.set_ylim(-1, 0.1)
    grids.set_axis_off()
    _save(figure, file)


def plot_sparsity(report: PruningReport, file: str | Path) -> None:
    """Draws the share of weights that each layer keeps, with those left alone in grey.

    Args:
      report: of `prune_`, `analyze`, `fit`, ...
      file: where to.

    Raises:
      PruningError: when the file cannot be written.
      MissingDependencyError: without matplotlib.
    """
    layers = report.layers[::-1]  # the first on top
    figure, (axes,) = _figure(size=(7, 1 + 0.25 * len(layers)))
    axes.barh(
        [layer.name or "(model)" for layer in layers],
        [100 * layer.kept_weights / layer.weights for layer in layers],
        color=["lightgrey" if layer.mask is None else "tab:blue" for layer in layers],
    )
    axes.set_xlim(0, 100)
    axes.set_xlabel(f"weights kept / %; pruned layers together {report.rate:.2f}x")
    _save(figure, file)


def plot_accuracy(
    curves: Mapping[str, Iterable[tuple[float, Sequence[float]]]],
    file: str | Path,
    *,
    dense: Sequence[float] = (),
) -> None:
    """Draws accuracy against rate, a curve for each method, with the range over seeds.

    Args:
      curves: by name, the points of a curve: a rate, and the accuracies at it, 0 to 1, one for each
        seed.
      file: where to.
      dense: accuracies of the dense model, drawn as a line.

    Raises:
      PruningError: when a point has no accuracy, or the file cannot be written.
      MissingDependencyError: without matplotlib.
    """
    figure, (axes,) = _figure(size=(7, 4.5))
    for name, points in curves.items():
        ordered = sorted(points)
        if not all(values for _, values in ordered):
            raise PruningError(f"curve '{name}' has a point without an accuracy")
        means = [100 * sum(values) / len(values) for _, values in ordered]
        below = [mean - 100 * min(v) for mean, (_, v) in zip(means, ordered, strict=True)]
        above = [100 * max(v) - mean for mean, (_, v) in zip(means, ordered, strict=True)]
        rates = [rate for rate, _ in ordered]
        axes.errorbar(rates, means, (below, above), marker="o", capsize=3, label=name)
    if dense:
        axes.axhline(100 * sum(dense) / len(dense), color="grey", linestyle="--", label="dense")
    axes.set_xlabel("weights before / weights after")
    axes.set_ylabel("accuracy / %")
    axes.legend()
    _save(figure, file)


def _figure(
    *, size: tuple[float, float], rows: int = 1, **options: Any
) -> tuple[Any, Sequence[Any]]:
    # Without pyplot, which would keep every figure and look for a screen.
    require("matplotlib", needed_for="a picture")
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(rows, squeeze=False, **options)
    return figure, [row[0] for row in grid]


def _rectangle(corner: tuple[float, float], side: float, color: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, side, side, color=color)


def _save(figure: Any, file: str | Path) -> None:
    try:
        figure.savefig(file, dpi=150, format="png")
    except OSError as error:
        raise PruningError(f"{file} cannot be written: {error}") from error
