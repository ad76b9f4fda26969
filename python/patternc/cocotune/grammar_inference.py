# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Sequitur: a grammar of a sequence, in time linear in its length.

Source: C. Nevill-Manning and I. Witten, "Identifying Hierarchical Structure in Sequences: A
linear-time algorithm", JAIR 7, 1997. Two invariants hold after each symbol:

- digram uniqueness: no pair of neighbours stands twice in the grammar, unless both overlap;
- rule utility: each rule is used at least twice.

The authors' program recurs from each change to those that it causes. Here they wait in a list, so
that no rule changes while it is worked on; and both ends of a new rule are checked for utility.
"""

from collections.abc import Hashable, Iterable

from patternc.cocotune.grammar import Grammar

# Values: a terminal is 0 or more, rule r is -r, its guard is _GUARD + r, and what was taken out of
# the grammar is _GONE. A digram's key is left * _LEFT + right.
_LEFT = 1 << 32
_GUARD = 1 << 60
_GONE = 1 << 61


def sequitur(sequence: Iterable[Hashable]) -> Grammar:
    """The grammar of a sequence.

    Args:
      sequence: of anything that can be hashed.
    """
    numbers: dict[Hashable, int] = {}
    builder = _Builder()
    for item in sequence:
        builder.append(numbers.setdefault(item, len(numbers)))
    return Grammar(builder.rules(), tuple(numbers))


class _Builder:
    """The grammar of what was appended.

    A symbol is an index into parallel lists, because a million objects take more time and memory
    than the algorithm. The symbols of a rule are a ring, closed by a guard.
    """

    def __init__(self):
        self._values: list[int] = []
        self._next: list[int] = []
        self._previous: list[int] = []
        self._guards: list[int] = []  # of each rule
        self._uses: list[int] = []  # of each rule
        self._digrams: dict[int, int] = {}  # to the left symbol of the digram with that key
        self._unchecked: list[int] = []  # left symbols of digrams that may be new
        self._new_rule()

    def append(self, terminal: int) -> None:
        """Adds a terminal to the start rule."""
        last = self._previous[self._guards[0]]
        self._insert_behind(last, terminal)
        self._unchecked.append(last)
        self._check()

    def rules(self) -> tuple[tuple[int, ...], ...]:
        """The right-hand sides, renumbered in the order in which rules are first used."""
        numbers = {0: 0}
        order, bodies = [0], []
        for rule in order:  # which grows on the way
            body = []
            symbol = self._next[self._guards[rule]]
            while (value := self._values[symbol]) < _GUARD:
                if value < 0:
                    if -value not in numbers:
                        numbers[-value] = len(numbers)
                        order.append(-value)
                    value = -numbers[-value]
                body.append(value)
                symbol = self._next[symbol]
            bodies.append(tuple(body))
        return tuple(bodies)

    def _check(self) -> None:
        """Restores both invariants."""
        values, following = self._values, self._next
        digrams, unchecked = self._digrams, self._unchecked
        while unchecked:
            left = unchecked.pop()
            right = following[left]
            if values[left] >= _GUARD or values[right] >= _GUARD:
                continue
            known = digrams.setdefault(values[left] * _LEFT + values[right], left)
            # In a row of three equal symbols, both digrams overlap.
            if known != left and known != right and following[known] != left:
                self._match(left, known)

    def _match(self, left: int, known: int) -> None:
        """Replaces two equal digrams by one rule."""
        values, following = self._values, self._next
        rule = self._rule_of(known)
        if rule is None:
            rule, known, left = self._rule_of(left), left, known
        if rule is None:
            rule = self._new_rule()
            guard = self._guards[rule]
            self._insert_behind(guard, values[left])
            self._insert_behind(following[guard], values[following[left]])
            self._replace(known, rule)
            self._unchecked.append(following[guard])
        self._replace(left, rule)
        guard = self._guards[rule]
        for end in (following[guard], self._previous[guard]):
            if values[end] < 0 and self._uses[-values[end]] == 1:
                self._expand(end)

    def _rule_of(self, left: int) -> int | None:
        """The rule that a digram is the whole of."""
        before = self._values[self._previous[left]]
        behind = self._values[self._next[self._next[left]]]
        return before - _GUARD if before >= _GUARD and behind >= _GUARD else None

    def _replace(self, left: int, rule: int) -> None:
        """Puts a rule in the place of a digram."""
        before, right = self._previous[left], self._next[left]
        self._forget(before)
        self._forget(left)
        self._forget(right)
        behind = self._next[right]
        for symbol in (left, right):
            if self._values[symbol] < 0:
                self._uses[-self._values[symbol]] -= 1
            self._values[symbol] = _GONE
        self._join(before, behind)
        self._insert_behind(before, -rule)
        self._unchecked += (before, self._next[before])

    def _expand(self, symbol: int) -> None:
        """Puts the body of a rule in the place of its only use."""
        rule = -self._values[symbol]
        guard = self._guards[rule]
        before, behind = self._previous[symbol], self._next[symbol]
        first, last = self._next[guard], self._previous[guard]
        self._forget(before)
        self._forget(symbol)
        self._values[symbol] = self._values[guard] = _GONE
        self._uses[rule] = 0
        self._join(before, first)
        self._join(last, behind)
        self._unchecked += (before, last)

    def _forget(self, left: int) -> None:
        """Takes a digram out of the table, before one of its symbols goes."""
        values, right = self._values, self._next[left]
        value = values[left]
        if value >= _GUARD or values[right] >= _GUARD:
            return
        key = value * _LEFT + values[right]
        if self._digrams.get(key) != left:
            return
        del self._digrams[key]
        if value == values[right]:
            # A digram that overlapped with this one was not in the table.
            self._unchecked += (self._previous[left], right)

    def _new_rule(self) -> int:
        rule, guard = len(self._guards), len(self._values)
        self._values.append(_GUARD + rule)
        self._next.append(guard)
        self._previous.append(guard)
        self._guards.append(guard)
        self._uses.append(0)
        return rule

    def _insert_behind(self, before: int, value: int) -> None:
        symbol, behind = len(self._values), self._next[before]
        self._values.append(value)
        self._next.append(behind)
        self._previous.append(before)
        self._next[before] = symbol
        self._previous[behind] = symbol
        if value < 0:
            self._uses[-value] += 1

    def _join(self, left: int, right: int) -> None:
        self._next[left] = right
        self._previous[right] = left
