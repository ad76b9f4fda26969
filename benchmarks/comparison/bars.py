# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Times, as bar charts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.comparison.measurement import Row
from benchmarks.engines.patternc import Patternc
from benchmarks.measuring.pyplot import require_pyplot


def write_bars(file: Path, panels: Sequence[Sequence[tuple[str, Mapping[str, Row]]]]) -> None:
    """Writes bar charts of the medians (PNG).

    Args:
      file: where to.
      panels: rows of charts, each chart a title and what was measured.
    """
    plt = require_pyplot()
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
