# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pictures are written, and show what they are given."""

import subprocess
import sys

import pytest

matplotlib_figure = pytest.importorskip("matplotlib.figure")

from patternc.errors import PruningError  # noqa: E402 - matplotlib may be missing
from patternc.models import SmallVGG  # noqa: E402
from patternc.prune import analyze, natural_patterns  # noqa: E402
from patternc.prune.plots import plot_accuracy, plot_patterns, plot_sparsity  # noqa: E402


@pytest.fixture
def figures(monkeypatch):
    """The figures that were saved."""
    saved = []
    savefig = matplotlib_figure.Figure.savefig
    monkeypatch.setattr(
        matplotlib_figure.Figure,
        "savefig",
        lambda self, *args, **options: saved.append(self) or savefig(self, *args, **options),
    )
    return saved


def assert_png(file):
    assert file.read_bytes().startswith(b"\x89PNG")


def test_patterns(tmp_path, figures):
    counts = natural_patterns(SmallVGG())
    plot_patterns(counts, tmp_path / "patterns.png")
    assert_png(tmp_path / "patterns.png")
    bars, grids = figures[0].axes
    heights = [bar.get_height() for bar in bars.patches]
    assert heights == sorted(heights, reverse=True)
    assert sum(heights) == pytest.approx(100)
    assert len(grids.patches) == 9 * len(counts)


def test_sparsity(tmp_path, figures):
    report = analyze(SmallVGG())
    plot_sparsity(report, tmp_path / "sparsity.png")
    assert_png(tmp_path / "sparsity.png")
    widths = [bar.get_width() for bar in figures[0].axes[0].patches]
    assert widths[::-1] == pytest.approx([100 / layer.rate for layer in report.layers])


def test_accuracy(tmp_path, figures):
    curves = {"admm": [(8, [0.9, 1.0]), (2, [1.0])], "filter": [(8, [0.5])]}
    plot_accuracy(curves, tmp_path / "accuracy.png", dense=[0.99])
    assert_png(tmp_path / "accuracy.png")
    (axes,) = figures[0].axes
    assert list(axes.containers[0][0].get_ydata()) == pytest.approx([100, 95])
    names = {text.get_text() for text in axes.get_legend().get_texts()}
    assert names == {"admm", "filter", "dense"}


def test_errors(tmp_path):
    with pytest.raises(PruningError, match="no pattern was counted"):
        plot_patterns(natural_patterns([]), tmp_path / "none.png")
    with pytest.raises(PruningError, match="curve 'a' has a point without an accuracy"):
        plot_accuracy({"a": [(2, [])]}, tmp_path / "none.png")
    with pytest.raises(PruningError, match=r"none/x\.png cannot be written"):
        plot_sparsity(analyze(SmallVGG()), tmp_path / "none" / "x.png")


def test_without_matplotlib_the_message_says_what_to_install():
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from patternc.prune import plots\n"
        "plots.plot_accuracy({}, 'x.png')"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "pip install 'patternc[plots]'" in result.stderr
