# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Activations, as importers write them, and with a part that is not as it should be."""

from collections.abc import Callable

from fuzz.linalg.builder import Builder
from fuzz.linalg.elementwise import random_expression
from fuzz.linalg.expressions import Expression, compute, swapped, whole
from fuzz.linalg.values import FLOATS, Value

# Asks with a probability whether a part of an activation is not as it should be.
Odd = Callable[[float], bool]


def activation(builder: Builder, value: Value) -> Value | None:
    """One of the usual ones, or what looks like one."""
    rng, element = builder.rng, value.element
    if element == "i1":
        return None
    x = whole(value)
    floats = element in FLOATS
    kind = rng.choice(("relu", "relu", "relu6", "hardswish", "silu", "leaky", "other"))
    usual = rng.random() < 0.6

    def odd(probability: float) -> bool:
        return not usual and rng.random() < probability

    if kind == "relu" or not floats:
        bound = rng.choice((-0.0, 1, -1)) if odd(0.4) else 0
        which = "min" if odd(0.2) else "max"
        return compute(
            builder, _clamp(builder, odd, which, x, bound, element), value.shape, element
        )
    if kind == "relu6":
        return compute(builder, _relu6(builder, odd, x, element), value.shape, element)
    if kind == "hardswish":
        gate = _relu6(
            builder, odd, swapped(builder, "add", x, ("constant", 2 if odd(0.3) else 3)), element
        )
        sixth, divisors = [("constant", 1 / 6)], []
        if rng.random() < 0.5:
            sixth, divisors = [], [("constant", 5 if odd(0.3) else 6)]
        other = gate if odd(0.2) else x
        return compute(
            builder, _product(builder, [other, gate, *sixth], divisors), value.shape, element
        )
    if kind == "silu":
        negated = ("sub", ("constant", 0.0), x) if odd(0.3) else ("neg", x)
        if odd(0.2):
            negated = x
        power = swapped(builder, "add", ("exp", negated), ("constant", 2 if odd(0.3) else 1))
        factors = [] if odd(0.3) else [x]
        return compute(builder, _product(builder, factors, [power]), value.shape, element)
    if kind == "leaky":
        slope = ("mul", x, ("constant", 0.125))
        compare = ("compare", rng.choice(("ogt", "ugt", "olt", "oge")), x, ("constant", 0.0))
        return compute(builder, ("select", compare, x, slope), value.shape, element)
    return random_expression(builder, value)


def _clamp(
    builder: Builder, odd: Odd, kind: str, x: Expression, bound: float, element: str
) -> Expression:
    """min or max of x and a number, as it may be written; or something like it."""
    rng = builder.rng
    number = ("constant", bound)
    way = rng.random()
    if way < 0.4:
        return swapped(builder, kind, x, number)
    if way < 0.5 and element in FLOATS:
        return swapped(builder, kind + "num", x, number)
    if element in FLOATS:
        predicates = ["ogt", "ugt", "oge", "uge", "olt", "ult", "ole", "ule"]
        predicates += ["oeq", "one", "une", "ueq"] if rng.random() < 0.1 else []
    else:
        predicates = ["sgt", "sge", "slt", "sle"]
    predicate = rng.choice(predicates)
    a, b = (x, number) if rng.random() < 0.5 else (number, x)
    compare = ("compare", predicate, a, b)
    if not odd(0.5):  # the one that is meant
        greater = predicate[1] == "g"
        takes_x = greater == (a == x)
        if kind == "min":
            takes_x = not takes_x
        return ("select", compare, x, number) if takes_x else ("select", compare, number, x)
    c, d = (x, number) if rng.random() < 0.5 else (number, x)
    return ("select", compare, c, d)


def _relu6(builder: Builder, odd: Odd, x: Expression, element: str) -> Expression:
    """Between two bounds, which are 0 and 6 mostly."""
    low, high = builder.rng.choice(((0, 1), (-1, 1), (3, 6), (6, 0))) if odd(0.4) else (0, 6)
    if builder.rng.random() < 0.5:
        return _clamp(
            builder, odd, "min", _clamp(builder, odd, "max", x, low, element), high, element
        )
    return _clamp(builder, odd, "max", _clamp(builder, odd, "min", x, high, element), low, element)


def _product(builder: Builder, factors: list[Expression], divisors: list[Expression]) -> Expression:
    """Factors and quotients in any order."""
    rng = builder.rng
    parts = [("mul", f) for f in factors] + [("div", d) for d in divisors]
    rng.shuffle(parts)
    # Not with a number, which could be folded with another one, and rounded.
    parts.sort(key=lambda part: part[1][0] == "constant" or (part[0] == "div" and bool(factors)))
    if parts[0][0] == "div":
        parts.insert(0, ("mul", ("constant", 1.0)))
    result = parts[0][1]
    for kind, part in parts[1:]:
        result = swapped(builder, "mul", result, part) if kind == "mul" else ("div", result, part)
    return result
