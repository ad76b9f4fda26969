# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Trees of elementwise operations, written as one operation or as several."""

from collections.abc import Callable, Sequence

from fuzz.linalg.builder import Builder
from fuzz.linalg.constants import filled, literal
from fuzz.linalg.values import FLOATS, LETTERS, Shape, Value, tensor

# An expression over elements: an image with a map, a constant, or an operation and its operands.
Expression = tuple


def whole(value: Value) -> Expression:
    """The image, read where it is written to."""
    return ("image", value, ", ".join(LETTERS[: len(value.shape)]))


def swapped(builder: Builder, kind: str, a: Expression, b: Expression) -> Expression:
    """An operation of two operands, in either order."""
    return (kind, a, b) if builder.rng.random() < 0.5 else (kind, b, a)


def compute(builder: Builder, expression: Expression, shape: Shape, element: str) -> Value:
    """An elementwise expression, as one operation or as several."""
    split = builder.rng.choice((0.0, 0.0, 0.3, 1.0))
    return _materialise(builder, expression, shape, element, split)


def _materialise(
    builder: Builder, expression: Expression, shape: Shape, element: str, split: float
) -> Value:
    """Writes a generic; parts of the expression become ones of their own."""
    rng = builder.rng
    kind, *rest = expression
    prepared = tuple(
        _prepare(builder, part, shape, element, split) if isinstance(part, tuple) else part
        for part in rest
    )
    expression = (kind, *prepared)
    leaves: list[tuple[Value | str, str, str]] = []
    constants: dict[tuple, str] = {}
    special = False
    repeat = rng.random() < 0.2

    def collect(node: Expression) -> None:
        nonlocal special
        if node[0] == "image":
            leaf = (node[1], node[2], node[1].element)
            special |= node[1].special
            if repeat or leaf not in leaves:
                leaves.append(leaf)
        elif node[0] == "scalar":
            leaf = (node[1], "", element)
            if leaf not in leaves:
                leaves.append(leaf)
        elif node[0] == "constant":
            if rng.random() < 0.6:
                constants[node] = _number_text(builder, node[1], element)
        else:
            for part in node[1:]:
                if isinstance(part, tuple):
                    collect(part)

    collect(expression)
    result_element = "i1" if expression[0] == "compare" else element

    def body(arguments: list[str]) -> str:
        def emit(node: Expression) -> str:
            kind = node[0]
            if kind == "image":
                places = [i for i, leaf in enumerate(leaves) if leaf[:2] == node[1:]]
                return arguments[rng.choice(places)]
            if kind == "scalar":
                return arguments[[leaf[0] for leaf in leaves].index(node[1])]
            if kind == "constant":
                return constants.get(node) or _number_text(builder, node[1], element)
            return operation(
                builder, kind, [emit(p) if isinstance(p, tuple) else p for p in node[1:]], element
            )

        return emit(expression)

    return generic(
        builder,
        [(value, results) for value, results, _ in leaves],
        shape,
        body,
        element=result_element,
        input_elements=[e for _, _, e in leaves],
        special=special,
    )


def _prepare(
    builder: Builder, part: Expression, shape: Shape, element: str, split: float
) -> Expression:
    """Makes an operand an image of its own, or not."""
    if part[0] in ("image", "scalar", "constant"):
        return part
    if builder.rng.random() < split:
        value = _materialise(builder, part, shape, element, split)
        return whole(value)
    inner = tuple(
        _prepare(builder, p, shape, element, split) if isinstance(p, tuple) else p for p in part[1:]
    )
    return (part[0], *inner)


def _number_text(builder: Builder, number: float, element: str) -> str:
    """A constant, which may be rounded where it is used."""
    if element == "f16" and builder.rng.random() < 0.3:
        wide = builder.scalar(f"arith.constant {literal(number, 'f32')} : f32")
        return builder.scalar(f"arith.truncf {wide} : f32 to f16")
    return builder.scalar(f"arith.constant {literal(number, element)} : {element}")


def operation(builder: Builder, kind: str, operands: list[str], element: str) -> str:
    """Writes an operation on scalars."""
    if kind == "compare":
        prefix = "arith.cmpf" if element in FLOATS else "arith.cmpi"
        predicate, a, b = operands
        return builder.scalar(f"{prefix} {predicate}, {a}, {b} : {element}")
    if kind == "select":
        return builder.scalar(f"arith.select {', '.join(operands)} : {element}")
    suffix = "f" if element in FLOATS else "i"
    names = {
        "add": f"arith.add{suffix}",
        "sub": f"arith.sub{suffix}",
        "mul": f"arith.mul{suffix}",
        "div": "arith.divf",
        "max": "arith.maximumf" if suffix == "f" else "arith.maxsi",
        "min": "arith.minimumf" if suffix == "f" else "arith.minsi",
        "maxnum": "arith.maxnumf",
        "minnum": "arith.minnumf",
        "neg": "arith.negf",
        "exp": "math.exp",
        "abs": "math.absf",
        "tanh": "math.tanh",
    }
    return builder.scalar(f"{names[kind]} {', '.join(operands)} : {element}")


def generic(
    builder: Builder,
    inputs: Sequence[tuple[Value | str, str]],
    shape: Shape,
    body: Callable[[list[str]], str],
    *,
    element: str,
    input_elements: Sequence[str],
    special: bool,
) -> Value:
    """A parallel generic; an input is a tensor or a scalar, with the results of its map."""
    dims = ", ".join(LETTERS[: len(shape)])
    maps = [f"affine_map<({dims}) -> ({results})>" for _, results in inputs]
    maps.append(f"affine_map<({dims}) -> ({dims})>")
    kinds = ", ".join('"parallel"' for _ in shape)
    names = [v.name if isinstance(v, Value) else v for v, _ in inputs]
    types = [
        v.type if isinstance(v, Value) else e
        for (v, _), e in zip(inputs, input_elements, strict=True)
    ]
    # Its own element type says whether the output is read.
    empty = (
        builder.empty(shape, element)
        if builder.rng.random() < 0.9
        else filled(builder, shape, 0, element).name
    )
    type_ = tensor(shape, element)
    arguments = [builder.fresh() for _ in names]
    out = builder.fresh()
    result = builder.fresh()
    header = ", ".join(f"{n}: {e}" for n, e in zip(arguments, input_elements, strict=True))
    ins = f"ins({', '.join(names)} : {', '.join(types)}) " if names else ""
    builder.line(
        f"{result} = linalg.generic {{indexing_maps = [{', '.join(maps)}], iterator_types = "
        f"[{kinds}]}} {ins}outs({empty} : {type_}) {{"
    )
    builder.line(f"^bb0({header}{', ' if header else ''}{out}: {element}):")
    yielded = body([*arguments, out])
    builder.line(f"linalg.yield {yielded} : {element}")
    builder.line(f"}} -> {type_}")
    return Value(result, shape, element, special)
