# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Makes a function smaller while it still shows what it shows."""

import re
from collections.abc import Callable
from dataclasses import dataclass

_DEFINED = re.compile(r"(%\w+)(?::\d+)? = ")
_USED = re.compile(r"%\w+")


@dataclass
class _Text:
    """A function in generic form: one text for each operation of its first block."""

    head: str
    name: str
    arguments: list[tuple[str, str]]
    operations: list[str]

    def used(self) -> set[str]:
        return {
            name
            for text in self.operations
            for name in _USED.findall(_DEFINED.sub("", text, count=1))
        }

    def __str__(self) -> str:
        types = ", ".join(type_ for _, type_ in self.arguments)
        arguments = ", ".join(f"{name}: {type_}" for name, type_ in self.arguments)
        results = self.operations[-1].rpartition(" : ")[2].rpartition(" -> ")[0]
        body = "\n".join(self.operations)
        block = f"^bb0({arguments}):\n" if arguments else ""
        return (
            f'"func.func"() <{{function_type = ({types}) -> {results}, sym_name = "{self.name}"}}> '
            f"({{\n{block}{body}\n}}) : () -> ()"
        )


def reduced(text: str, shows: Callable[[str], bool]) -> str:
    """The smallest form of a function that is found.

    Args:
      text: as `reading.functions` returns it; one block, and no calls.
      shows: whether a smaller one still shows it; false for one that is not valid.
    """
    function = _parse(text)
    if function is None:
        return text
    best = function
    changed = True
    while changed:
        changed = False
        # What an operation computes becomes an argument, from the end: less is left before it.
        for at in range(len(best.operations) - 2, -1, -1):
            for smaller in (_with_argument(best, at), _returned(best, at)):
                if (
                    smaller is not None
                    and len(str(smaller)) < len(str(best))
                    and shows(str(smaller))
                ):
                    best, changed = smaller, True
                    break
            if changed:
                break
    return str(best)


def _parse(text: str) -> _Text | None:
    lines = text.splitlines()
    if any(line.startswith("^") for line in _top(lines[2:-1])) or "func.call" in text:
        return None
    name = re.search(r'sym_name = "([^"]*)"', lines[0])
    label = re.match(r"\^\w+(?:\((.*)\))?:", lines[1])
    if name is None or label is None:
        return None
    parts = re.split(r"(?:, )?(%\w+): ", label[1] or "")[1:]
    arguments = list(zip(parts[::2], parts[1::2], strict=True))
    operations: list[str] = []
    depth = 0
    for line in lines[2:-1]:
        if line.startswith("}"):
            depth -= 1
        if depth == 0 and not line.startswith("}"):
            operations.append(line)
        else:
            operations[-1] += "\n" + line
        depth += line.endswith(("({", "}, {"))
    return _Text(lines[0], name[1], arguments, operations)


def _top(lines: list[str]) -> list[str]:
    depth, found = 0, []
    for line in lines:
        if line.startswith("}"):
            depth -= 1
        if depth == 0:
            found.append(line)
        depth += line.endswith(("({", "}, {"))
    return found


def _without_dead(function: _Text) -> _Text:
    while True:
        used = function.used()
        kept = [
            text
            for i, text in enumerate(function.operations)
            if i == len(function.operations) - 1
            or any(name in used for name in _DEFINED.findall(text)[:1])
        ]
        arguments = [argument for argument in function.arguments if argument[0] in used]
        smaller = _Text(function.head, function.name, arguments, kept)
        if len(kept) == len(function.operations):
            return smaller
        function = smaller


def _with_argument(function: _Text, at: int) -> _Text | None:
    """What operation `at` computes is an argument instead."""
    text = function.operations[at]
    defined = _DEFINED.match(text)
    type_ = text.rpartition(" -> ")[2]
    if defined is None or ":" in defined[0].partition(" = ")[0] or '"arith.constant"' in text:
        return None
    operations = [*function.operations[:at], *function.operations[at + 1 :]]
    arguments = [*function.arguments, (defined[1], type_)]
    return _without_dead(_Text(function.head, function.name, arguments, operations))


def _returned(function: _Text, at: int) -> _Text | None:
    """The function ends with what operation `at` computes."""
    text = function.operations[at]
    defined = _DEFINED.match(text)
    type_ = text.rpartition(" -> ")[2]
    if defined is None or ":" in defined[0].partition(" = ")[0] or "tensor" not in type_:
        return None
    end = f'"func.return"({defined[1]}) : ({type_}) -> ()'
    operations = [*function.operations[: at + 1], end]
    return _without_dead(_Text(function.head, function.name, function.arguments, operations))
