# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What was measured, as a picture."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from engines import Patternc
from measurement import Row


def require_matplotlib() -> None:
    """Ends the program where matplotlib is missing: before the work, not after."""
    _pyplot()


def write_bars(file: Path, panels: Sequence[Sequence[tuple[str, Mapping[str, Row]]]]) -> None:
    """Writes bar charts of the medians (PNG).

    Args:
      file: where to.
      panels: rows of charts, each chart a title and what was measured.
    """
    plt = _pyplot()
    columns = max(len(line) for line in panels)
    size = (7 * columns, 3.5 * len(panels))
    figure, grid = plt.subplots(
        len(panels), columns, figsize=size, layout="constrained", squeeze=False
    )
    for line, line_of_axes in zip(panels, grid, strict=True):
        for (title, rows), axes in zip(line, line_of_axes, strict=False):
            _draw(axes, title, rows)
        for axes in line_of_axes[len(line) :]:
            axes.set_visible(False)
    figure.savefig(file, dpi=150, format="png")


def write_losses(file: Path, panels: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Writes the losses of accuracy, in points, a dot for each seed and a line at the mean (PNG).

    Args:
      file: where to.
      panels: by title of the chart, the losses of each candidate.
    """
    plt = _pyplot()
    figure, grid = plt.subplots(
        len(panels), 1, figsize=(7, 3 * len(panels)), layout="constrained", squeeze=False
    )
    for (title, losses), axes in zip(panels.items(), grid[:, 0], strict=True):
        for row, values in enumerate(losses.values()):
            axes.plot(values, [row] * len(values), "o", color="tab:blue", alpha=0.6)
            axes.plot([mean(values)], [row], "|", color="black", markersize=20)
        axes.set_yticks(range(len(losses)), list(losses))
        axes.invert_yaxis()
        axes.set_xlabel("loss of accuracy against dense, points")
        axes.set_title(title, fontsize="medium")
    figure.savefig(file, dpi=150, format="png")


def _draw(axes: Any, title: str, rows: Mapping[str, Row]) -> None:
    names = list(rows)
    medians = [row.timing.median * 1e3 for row in rows.values()]
    colors = ["tab:blue" if name.startswith(Patternc.name) else "tab:gray" for name in names]
    bars = axes.barh(names, medians, color=colors)
    axes.bar_label(bars, fmt="%.1f", padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.set_xlabel("median ms")
    axes.set_title(title, fontsize="medium")


def _pyplot() -> Any:
    try:
        return importlib.import_module("matplotlib.pyplot")
    except ImportError as error:
        sys.exit(f"error: --plot needs matplotlib ({error}): pip install matplotlib")
