# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Losses of accuracy, as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

from benchmarks.measuring.pyplot import require_pyplot


def write_losses(file: Path, panels: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Writes the losses of accuracy, in points, a dot for each seed and a line at the mean (PNG).

    Args:
      file: where to.
      panels: by title of the chart, the losses of each candidate.
    """
    plt = require_pyplot()
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
