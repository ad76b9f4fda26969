# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A grammar as a picture (PNG): its rules, and their graph with frequencies."""

import textwrap
from collections.abc import Collection
from pathlib import Path
from typing import Any

from patternc.cocotune.grammar import Grammar
from patternc.cocotune.tuning_blocks import EndMarker, Symbol, TuningBlocks, select_symbols
from patternc.dependencies import require
from patternc.errors import CocoTuneError

# More nodes than this are no picture any more.
_MOST_NODES = 300
_MOST_SYMBOLS = 60
_COLUMNS = 70


def draw_grammar(tuning_blocks: TuningBlocks, file: str | Path) -> None:
    """Draws the grammar of a subspace, and the graph that its tuning blocks are chosen in.

    A terminal is a module, counted from 0, with its ratio. Each node of the graph has its
    frequency; those that became blocks are filled. End markers are in the rules only.

    Args:
      tuning_blocks: of `find_tuning_blocks`.
      file: where to.

    Raises:
      CocoTuneError: when the graph is too large for a picture, or the file cannot be written.
      MissingDependencyError: without matplotlib.
    """
    require("matplotlib", needed_for="a picture")
    from matplotlib.figure import Figure

    grammar = tuning_blocks.grammar
    shown = [s for s in grammar.postorder() if not _is_end(grammar, s)]
    if len(shown) > _MOST_NODES:
        raise CocoTuneError(
            f"the grammar has {len(shown)} symbols, and more than {_MOST_NODES} are no picture; "
            "draw that of a part of the subspace"
        )
    levels = _levels(grammar, shown)
    text = "\n".join(_rule_lines(grammar))
    width = max(6.0, 0.75 * max(len(level) for level in levels))
    heights = (0.16 * (text.count("\n") + 2), 1.1 * (len(levels) + 1))
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    rules, graph = figure.subplots(2, 1, height_ratios=heights)
    rules.text(0, 1, text, va="top", family="monospace", fontsize=7, transform=rules.transAxes)
    rules.set_axis_off()
    _draw_graph(graph, grammar, levels, select_symbols(grammar))
    try:
        figure.savefig(file, dpi=150, format="png")
    except OSError as error:
        raise CocoTuneError(f"{file} cannot be written: {error}") from error


def _is_end(grammar: Grammar, symbol: int) -> bool:
    return symbol >= 0 and isinstance(grammar.terminals[symbol], EndMarker)


def _label(grammar: Grammar, symbol: int) -> str:
    if symbol < 0:
        return f"r{-symbol}"
    terminal = grammar.terminals[symbol]
    if isinstance(terminal, Symbol):
        return f"{terminal.module}({terminal.ratio:g})"
    return "|"


def _rule_lines(grammar: Grammar) -> list[str]:
    lines = []
    for number, body in enumerate(grammar.rules):
        words = [_label(grammar, symbol) for symbol in body[:_MOST_SYMBOLS]]
        words += [f"... {len(body)} symbols"] if len(body) > _MOST_SYMBOLS else []
        text = f"r{number} = {' '.join(words)}"
        lines += textwrap.wrap(text, _COLUMNS, subsequent_indent="     ")
    return lines


def _levels(grammar: Grammar, shown: Collection[int]) -> list[list[int]]:
    """Symbols by their height: terminals first, a rule above all that it is made of, the start."""
    heights: dict[int, int] = {}
    levels: list[list[int]] = []
    for symbol in shown:
        body = grammar.rules[-symbol] if symbol < 0 else ()
        heights[symbol] = 1 + max((heights[child] for child in body), default=-1)
        while len(levels) <= heights[symbol]:
            levels.append([])
        levels[heights[symbol]].append(symbol)
    for level in levels:
        level.sort(key=lambda symbol: _first_place(grammar, symbol))
    return levels


def _first_place(grammar: Grammar, symbol: int) -> tuple[int, float]:
    terminal: Any = grammar.terminals[next(grammar.expansion(symbol))]
    return terminal.module, terminal.ratio


def _draw_graph(axes: Any, grammar: Grammar, levels: list[list[int]], marked: set[int]) -> None:
    frequencies = grammar.frequencies()
    places = {
        symbol: ((index + 0.5) / len(level), height)
        for height, level in enumerate(levels)
        for index, symbol in enumerate(level)
    }
    start = (0.5, len(levels))
    edges = [(start, places[child]) for child in set(grammar.rules[0]) if child in places]
    for symbol in places:
        body = grammar.rules[-symbol] if symbol < 0 else ()
        edges += [(places[symbol], places[child]) for child in set(body)]
    for (x, y), (to_x, to_y) in edges:
        axes.plot((x, to_x), (y, to_y), color="lightgrey", linewidth=0.8, zorder=1)
    box = {"boxstyle": "round", "edgecolor": "tab:blue"}
    for symbol, (x, y) in places.items():
        colors = ("tab:blue", "white") if symbol in marked else ("white", "black")
        label = f"{_label(grammar, symbol)}\n{frequencies[symbol]}x"
        axes.text(x, y, label, color=colors[1], bbox=box | {"facecolor": colors[0]}, **_CENTRED)
    axes.text(*start, "r0", bbox=box | {"facecolor": "white"}, **_CENTRED)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.5, len(levels) + 0.5)
    axes.set_axis_off()


_CENTRED: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 7, "zorder": 2}
