# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Branches, loops, jumps and calls around some steps."""

from fuzz.linalg.builder import Builder
from fuzz.linalg.elementwise import identity
from fuzz.linalg.expressions import compute, swapped, whole
from fuzz.linalg.values import FLOATS, Value, tensor


def branch(builder: Builder, value: Value) -> Value | None:
    """Some steps from the value if an argument says so; otherwise a value of the same type."""
    rng = builder.rng
    condition = builder.argument(None, "i1")
    result = builder.fresh()
    at = len(builder.lines)
    first = builder.inside(value, rng.randint(1, 3))
    builder.line(f"scf.yield {first.name} : {first.type}")
    builder.line("} else {")
    same = [v for v in builder.values if v.type == first.type]
    if same and rng.random() < 0.8:
        other = rng.choice(same)
    else:
        other = (
            Value(builder.argument(first.shape, first.element), first.shape, first.element)
            if first.shape
            else None
        )
    if other is None:
        del builder.lines[at:]
        return None
    builder.line(f"scf.yield {other.name} : {other.type}")
    builder.line("}")
    builder.lines.insert(at, f"{result} = scf.if {condition} -> ({first.type}) {{")
    return Value(result, first.shape, first.element, first.special or other.special)


def loop(builder: Builder, value: Value) -> Value | None:
    """A loop that carries an image; its body is some steps and then one back to the type."""
    rng = builder.rng
    if value.element not in FLOATS or not value.shape:
        return None
    low = builder.scalar("arith.constant 0 : index")
    high = builder.scalar(f"arith.constant {rng.randint(1, 2)} : index")
    step = builder.scalar("arith.constant 1 : index")
    result, index, carried = builder.fresh(), builder.fresh(), builder.fresh()
    at = len(builder.lines)
    inside = Value(carried, value.shape, value.element, value.special)
    saved = list(builder.values)
    builder.values.append(inside)
    start = inside if rng.random() < 0.6 else value
    last = builder.inside(start, rng.randint(1, 2))
    if last.type != value.type:
        last = inside if last.type == inside.type else identity(builder, inside) or inside
    elif rng.random() < 0.5:
        tree = swapped(builder, "add", whole(last), whole(inside))
        last = compute(builder, tree, value.shape, value.element)
    builder.values = saved
    builder.line(f"scf.yield {last.name} : {last.type}")
    builder.line("}")
    builder.lines.insert(
        at,
        f"{result} = scf.for {index} = {low} to {high} step {step} iter_args({carried} = "
        f"{value.name}) -> ({value.type}) {{",
    )
    return Value(result, value.shape, value.element, value.special or last.special)


def jump(builder: Builder, value: Value) -> Value | None:
    """To another block, which takes the value."""
    label = f"^bb{builder.fresh()[1:]}"
    name = builder.fresh()
    if builder.rng.random() < 0.5:
        builder.line(f"cf.br {label}({value.name} : {value.type})")
    else:
        condition = builder.argument(None, "i1")
        other = f"^bb{builder.fresh()[1:]}"
        inner_name = builder.fresh()
        same = [v for v in builder.values if v.type == value.type]
        second = builder.rng.choice(same)
        builder.line(
            f"cf.cond_br {condition}, {label}({value.name} : {value.type}), "
            f"{other}({second.name} : {second.type})"
        )
        builder.line(f"{other}({inner_name}: {value.type}):")
        inner = builder.inside(
            Value(inner_name, value.shape, value.element, value.special or second.special), 1
        )
        back = inner if inner.type == value.type else Value(inner_name, value.shape, value.element)
        builder.line(f"cf.br {label}({back.name} : {value.type})")
        special = value.special or second.special or inner.special
        value = Value(value.name, value.shape, value.element, special)
    builder.line(f"{label}({name}: {value.type}):")
    return Value(name, value.shape, value.element, value.special)


def call(builder: Builder, value: Value) -> Value | None:
    """Another function, with values that fit and new arguments."""
    rng = builder.rng
    if not builder.callees:
        return None
    callee = rng.choice(builder.callees)
    operands = []
    for shape, element in callee.arguments:
        same = [
            v for v in builder.values if v.shape == shape and v.element == element and not v.special
        ]
        if same and rng.random() < 0.8:
            operands.append(rng.choice(same).name)
        else:
            operands.append(builder.argument(shape, element))
    arguments = ", ".join(tensor(s, e) for s, e in callee.arguments)
    results = ", ".join(v.type for v in callee.results)
    name = builder.fresh()
    count = len(callee.results)
    builder.line(
        f"{name}{f':{count}' if count > 1 else ''} = call @{callee.name}"
        f"({', '.join(operands)}) : ({arguments}) -> ({results})"
    )
    at = rng.randrange(count)
    chosen = callee.results[at]
    return Value(
        f"{name}#{at}" if count > 1 else name, chosen.shape, chosen.element, chosen.special
    )
