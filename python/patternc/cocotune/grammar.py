# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A context-free grammar of one sequence, and how often each of its rules is used."""

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Grammar:
    """Rules that make exactly one sequence, without recursion.

    Rules as nodes and their uses as edges are a directed acyclic graph with the start as its root.

    Attributes:
      rules: the right-hand side of each rule; rule 0 is the start. A number of 0 or more is a
        terminal, a negative one, -r, is rule r.
      terminals: what the numbers of terminals stand for.
    """

    rules: tuple[tuple[int, ...], ...]
    terminals: tuple[Hashable, ...]

    def expansion(self, symbol: int | None = None) -> Iterator[int]:
        """Numbers of the terminals that a symbol stands for; without one, of the whole sequence."""
        stack = list(reversed(self.rules[0])) if symbol is None else [symbol]
        while stack:
            top = stack.pop()
            if top >= 0:
                yield top
            else:
                stack.extend(reversed(self.rules[-top]))

    def postorder(self) -> list[int]:
        """All symbols but the start, each behind those that its rule is made of."""
        done: dict[int, None] = {}
        stack = [(symbol, False) for symbol in reversed(self.rules[0])]
        while stack:
            symbol, has_children = stack.pop()
            if symbol in done:
                continue
            if symbol >= 0 or has_children:
                done[symbol] = None
                continue
            stack.append((symbol, True))
            stack.extend((child, False) for child in reversed(self.rules[-symbol]))
        return list(done)

    def frequencies(self) -> dict[int, int]:
        """How often each symbol but the start stands in the derivation of the sequence."""
        counts = Counter(self.rules[0])
        # A rule comes before what it is made of, so that its own count is complete.
        for symbol in reversed(self.postorder()):
            if symbol < 0:
                for child in self.rules[-symbol]:
                    counts[child] += counts[symbol]
        return dict(counts)
