# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Which sequences of pruned modules are worth training once for many networks.

Source: H. Guan, X. Shen and S.-H. Lim, "Wootz: A Compiler-Based Framework for Fast CNN Pruning via
Composability", PLDI 2019.
"""

from dataclasses import dataclass

from patternc.cocotune.grammar import Grammar
from patternc.cocotune.grammar_inference import sequitur
from patternc.cocotune.subspace import Configuration, Subspace


@dataclass(frozen=True, order=True)
class TuningBlock:
    """Consecutive modules with their ratios.

    Attributes:
      first: index of its first module.
      ratios: of the modules first, first + 1, ...
    """

    first: int
    ratios: Configuration

    @property
    def end(self) -> int:
        """Index behind its last module."""
        return self.first + len(self.ratios)


@dataclass(frozen=True)
class Symbol:
    """A terminal of the grammar: a module with its ratio."""

    module: int
    ratio: float


@dataclass(frozen=True)
class EndMarker:
    """A terminal of the grammar: the end of one network, which no other ends with."""

    configuration: int


@dataclass(frozen=True)
class TuningBlocks:
    """The tuning blocks of a subspace.

    Attributes:
      blocks: in ascending order.
      composites: for each configuration the indices of the blocks that it is assembled from, in
        order and without overlap; what no block covers starts from the full network.
      grammar: of all networks one behind the other, each closed by its end marker.
    """

    blocks: tuple[TuningBlock, ...]
    composites: tuple[tuple[int, ...], ...]
    grammar: Grammar


def find_tuning_blocks(subspace: Subspace) -> TuningBlocks:
    """The tuning blocks of a subspace, by the two published heuristics.

    A block is never of one network only; and a sequence is preferred to its parts if it is used as
    often as the most frequent of them. Blocks that prune nothing are left out: they are the full
    network's.
    """
    sequence: list[Symbol | EndMarker] = []
    for index, ratios in enumerate(subspace.configurations):
        sequence += [Symbol(module, ratio) for module, ratio in enumerate(ratios)]
        sequence.append(EndMarker(index))
    grammar = sequitur(sequence)
    blocks = tuple(
        sorted(
            block
            for symbol in select_symbols(grammar)
            if any((block := _block(grammar, symbol)).ratios)
        )
    )
    # All uses of a module with a ratio are in one and the same block, if in any: where a sequence
    # was preferred, it is used as often as each of its parts.
    starts = {(block.first, block.ratios[0]): i for i, block in enumerate(blocks)}
    composites = tuple(
        tuple(starts[place] for place in enumerate(ratios) if place in starts)
        for ratios in subspace.configurations
    )
    return TuningBlocks(blocks, composites, grammar)


def select_symbols(grammar: Grammar) -> set[int]:
    """The symbols of a grammar that the heuristics mark."""
    frequencies = grammar.frequencies()
    marked: set[int] = set()
    # Nothing above them is marked, because something in them is used more often elsewhere.
    dead_ends: set[int] = set()
    for symbol in grammar.postorder():
        children = () if symbol >= 0 else grammar.rules[-symbol]
        frequency = frequencies[symbol]
        if (
            frequency > 1
            and not dead_ends.intersection(children)
            and all(frequencies[child] == frequency for child in children)
        ):
            marked.difference_update(children)
            marked.add(symbol)
        else:
            dead_ends.add(symbol)
    return marked


def _block(grammar: Grammar, symbol: int) -> TuningBlock:
    found = [grammar.terminals[number] for number in grammar.expansion(symbol)]
    # An end marker is used once, so nothing with one in it is selected.
    symbols = [terminal for terminal in found if isinstance(terminal, Symbol)]
    return TuningBlock(symbols[0].module, tuple(terminal.ratio for terminal in symbols))
