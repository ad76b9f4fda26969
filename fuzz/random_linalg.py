"""Random valid linalg: what importers write, and what they never do.

Numbers are small multiples of 1/8, so that sums of products have no error in float64.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

Shape = tuple[int, ...]
# An expression over elements: an image with a map, a constant, or an operation and its operands.
Expression = tuple

_LETTERS = ("d0", "d1", "d2", "d3", "d4", "d5")
_FLOATS = ("f32", "f16", "f64")


@dataclass(frozen=True)
class Value:
    """A tensor of a function.

    Attributes:
      name: as in the text.
      shape: static; sizes of dynamic tensors are not tracked.
      element: type of the elements.
      special: whether it may hold infinities or NaN, which removed weights do not multiply: no
        convolution should read it.
    """

    name: str
    shape: Shape
    element: str = "f32"
    special: bool = False

    @property
    def type(self) -> str:
        return tensor(self.shape, self.element)


@dataclass
class Signature:
    """A function that may be called."""

    name: str
    arguments: list[tuple[Shape, str]]
    results: list[Value]


@dataclass
class RandomModule:
    """A module: its text, and what its functions take and return."""

    text: str
    arguments: dict[str, list[tuple[Shape | None, str]]] = field(default_factory=dict)
    results: dict[str, list[Value]] = field(default_factory=dict)


def tensor(shape: Sequence[int], element: str) -> str:
    """The type of a tensor."""
    return f"tensor<{''.join(f'{n}x' for n in shape)}{element}>"


def random_module(seed: int, functions: int, *, portable: bool = False) -> RandomModule:
    """The module of a seed.

    Args:
      seed: of all that is random.
      functions: how many it has.
      portable: whether all of it may cross to IREE, on any processor: no named elementwise
        operations, no float16, no float64.
    """
    rng = random.Random(seed)
    blobs: dict[str, bytes] = {}
    parts: list[str] = []
    callees: list[Signature] = []
    module = RandomModule("")
    for i in range(functions):
        builder = _Function(rng, f"f{i}", blobs, callees, portable)
        parts.append(builder.build())
        module.results[f"f{i}"] = builder.results
        module.arguments[f"f{i}"] = builder.arguments
    resources = ""
    if blobs:
        lines = ",\n".join(
            f'      {name}: "0x04000000{data.hex().upper()}"' for name, data in blobs.items()
        )
        resources = "\n{-#\n  dialect_resources: {\n    builtin: {\n"
        resources += f"{lines}\n    }}\n  }}\n#-}}\n"
    module.text = "\n".join(parts) + resources
    return module


class _Function:
    """Writes one function."""

    def __init__(
        self,
        rng: random.Random,
        name: str,
        blobs: dict[str, bytes],
        callees: list[Signature],
        portable: bool,
    ) -> None:
        self.rng, self.name, self.blobs, self.callees = rng, name, blobs, callees
        self.lines: list[str] = []
        self.arguments: list[tuple[Shape | None, str]] = []
        self.signature: list[str] = []
        self.values: list[Value] = []
        self.numbers = 0
        self.depth = 0
        self.portable = portable
        self.results: list[Value] = []
        self.usual = False
        self.behind_convolution = False
        self.element = "f32" if portable else rng.choices(_FLOATS, (16, 3, 1))[0]
        self.specials = rng.random() < 0.15

    # Writing.

    def fresh(self) -> str:
        self.numbers += 1
        return f"%v{self.numbers}"

    def line(self, text: str) -> None:
        self.lines.append(text)

    def define(self, text: str, shape: Shape, element: str = "", special: bool = False) -> Value:
        value = Value(self.fresh(), shape, element or self.element, special)
        self.line(f"{value.name} = {text}")
        return value

    def scalar(self, text: str) -> str:
        name = self.fresh()
        self.line(f"{name} = {text}")
        return name

    def argument(self, shape: Shape | None, element: str) -> str:
        name = f"%a{len(self.arguments)}"
        self.arguments.append((shape, element))
        type_ = element if shape is None else tensor(shape, element)
        self.signature.append(f"{name}: {type_}")
        return name

    def build(self) -> str:
        rng = self.rng
        starts: list[Callable[[], Value]] = [
            self.image,
            self.image,
            self.image,
            self.rows,
            self.row,
        ]
        value = rng.choice(starts)()
        self.values = [value]
        last: Value | None = value
        for _ in range(rng.randint(2, 9)):
            last = self.step(last)
        results = [self.values[-1]]
        others = self.values[1:-1]
        results += rng.sample(others, min(len(others), rng.choice((0, 0, 0, 1, 2))))
        rng.shuffle(results)
        self.results = results
        types = ", ".join(v.type for v in results)
        names = ", ".join(v.name for v in results)
        self.line(f"return {names} : {types}")
        visibility = "private " if rng.random() < 0.1 else ""
        if None not in [shape for shape, _ in self.arguments]:
            self.callees.append(
                Signature(self.name, [(s or (), e) for s, e in self.arguments], results)
            )
        header = f"func.func {visibility}@{self.name}({', '.join(self.signature)}) -> ({types}) {{"
        return "\n".join([header, *self.lines, "}"])

    def step(self, last: Value | None) -> Value:
        """Adds an operation, mostly behind the last one."""
        rng = self.rng
        if self.behind_convolution and rng.random() < 0.6:
            self.behind_convolution = False
            method = rng.choice((self.activation, self.activation, self.addition))
            if last is not None and (result := method(last)) is not None:
                self.behind_convolution = method == self.addition
                self.values.append(result)
                return result
        for _ in range(20):
            value = last if last is not None and rng.random() < 0.75 else rng.choice(self.values)
            choices = self.applicable(value)
            method = rng.choices([m for m, _ in choices], [w for _, w in choices])[0]
            result = method(value)
            if result is not None:
                name = method.__name__
                self.behind_convolution = "convolution" in name or "matmul" in name
                self.values.append(result)
                return result
        return self.values[-1]

    def applicable(self, value: Value) -> list[tuple[Callable[[Value], Value | None], float]]:
        rank = len(value.shape)
        choices: list[tuple[Callable[[Value], Value | None], float]] = [
            (self.activation, 4),
            (self.expression, 3),
            (self.addition, 3),
            (self.reshape, 1),
            (self.transpose, 0.7),
            (self.slice, 0.5),
            (self.identity, 0.6),
            (self.through_dynamic, 0.3),
        ]
        if value.element in _FLOATS:
            if not self.portable:
                choices += [(self.cast, 0.3), (self.named_elementwise, 0.5)]
            if not value.special:
                choices.append((self.reduction, 0.5))
        else:
            choices.append((self.to_float, 4))
        if self.depth < 2:
            choices += [(self.branch, 0.7), (self.loop, 0.7)]
        if self.depth == 0:
            choices += [(self.jump, 0.4), (self.call, 0.4)]
        if not value.special:
            if rank == 4:
                choices += [
                    (self.convolution, 9),
                    (self.grouped_convolution, 3),
                    (self.depthwise_convolution, 3),
                    (self.pooling, 4),
                    (self.global_mean, 2),
                    (self.flatten, 2),
                ]
            elif rank == 3:
                choices += [(self.convolution_1d, 7), (self.batch_matmul, 4)]
            elif rank == 2:
                choices += [(self.matmul, 9)]
        if rank >= 3:
            choices.append((self.pad, 1))
        return choices

    # Inputs and constants.

    def image(self) -> Value:
        rng = self.rng
        size = rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 17))
        other = size if rng.random() < 0.6 else rng.choice((1, 1, 2, 5, 8, 16, 33))
        batch = rng.choice((1, 1, 1, 2, 3))
        shape = (batch, rng.choice((1, 2, 3, 4, 6, 8, 16, 17)), size, other)
        return Value(self.argument(shape, self.element), shape, self.element)

    def rows(self) -> Value:
        shape = (
            self.rng.choice((1, 1, 2)),
            self.rng.choice((1, 2, 4, 8, 9)),
            self.rng.randint(1, 24),
        )
        return Value(self.argument(shape, self.element), shape, self.element)

    def row(self) -> Value:
        shape = (self.rng.choice((1, 1, 2, 3, 7)), self.rng.choice((1, 2, 8, 16, 17, 32)))
        return Value(self.argument(shape, self.element), shape, self.element)

    def number(self) -> float:
        return self.rng.choice((-2, -1.5, -1, -0.75, -0.5, -0.125, 0.125, 0.25, 0.5, 1, 1.25, 2, 3))

    def constant(self, data: np.ndarray, element: str, *, special: bool = False) -> Value:
        """A constant tensor, in one of the forms that there are."""
        rng = self.rng
        kinds = {"f16": np.float16, "f32": np.float32, "f64": np.float64, "i32": np.int32}
        kind = {**kinds, "i64": np.int64}[element]
        data = data.astype(kind)
        type_ = tensor(data.shape, element)
        uniform = data.size and (data == data.flat[0]).all()
        if uniform and rng.random() < 0.9:
            text = f"dense<{self.literal(data.flat[0], element)}>"
        elif data.size == 0 or special or rng.random() < 0.4:
            text = f'dense<"0x{data.tobytes().hex().upper()}">' if data.size else "dense<>"
        elif rng.random() < 0.5:
            text = f"dense<{data.tolist()}>" if element[0] == "i" else f"dense<{self.floats(data)}>"
        else:
            name = rng.choice(("w", "features.0.weight", "conv", "a_b")) + f".{len(self.blobs)}"
            self.blobs[name] = data.tobytes()
            text = f"dense_resource<{name}>"
        return self.define(f"arith.constant {text} : {type_}", data.shape, element, special)

    @staticmethod
    def floats(data: np.ndarray) -> str:
        return str(data.astype(np.float64).tolist())

    @staticmethod
    def literal(number: float, element: str) -> str:
        if element[0] == "i":
            return str(int(number))
        if not np.isfinite(number):
            bits = {"f16": np.uint16, "f32": np.uint32, "f64": np.uint64}[element]
            kind = {"f16": np.float16, "f32": np.float32, "f64": np.float64}[element]
            width = {"f16": 4, "f32": 8, "f64": 16}[element]
            return f"0x{int(np.array(number, kind).view(bits)):0{width}X}"
        return f"{float(number):.17f}"

    def weights(self, shape: Shape, *, matrix: bool = False) -> np.ndarray:
        """[filters, channels, kernel], pruned to patterns, in blocks, at random or not at all."""
        rng = self.rng
        generator = np.random.default_rng(rng.getrandbits(32))
        numbers = np.array([-2, -1.5, -1, -0.5, -0.25, 0.25, 0.5, 1, 1.5, 2])
        data = generator.choice(numbers, shape)
        how = rng.choice(("dense", "patterns", "patterns", "patterns", "random", "blocks", "odd"))
        flat = data.reshape(shape[0], shape[1], -1)
        positions = flat.shape[2]
        if how == "patterns" and not matrix:
            entries = rng.randint(1, positions)
            patterns = [
                sorted(rng.sample(range(positions), entries)) for _ in range(rng.randint(1, 5))
            ]
            masks = np.zeros((len(patterns), positions))
            for mask, pattern in zip(masks, patterns, strict=True):
                mask[pattern] = 1
            filters = rng.choice((1, shape[0]))  # alike or not
            ids = generator.integers(0, len(patterns), (filters, shape[1]))
            flat *= masks[np.broadcast_to(ids, flat.shape[:2])]
            if rng.random() < 0.5:
                flat *= generator.random((filters, shape[1], 1)) < rng.choice((0.3, 0.7, 0.9))
        elif how == "random":
            flat *= generator.random(flat.shape) < rng.choice((0.1, 0.5, 0.9))
        elif how == "blocks" or (how == "patterns" and matrix):
            block = rng.choice((1, 2, 4, 8, shape[0]))
            kept = generator.random((-(-shape[0] // block), shape[1])) < rng.choice((0.1, 0.3, 0.5))
            flat *= np.repeat(kept, block, axis=0)[: shape[0], :, None]
        elif how == "odd":
            flat[...] = rng.choice((0, 0, 1, -0.0))
        return data

    def filled(self, shape: Shape, number: float, element: str) -> Value:
        """A tensor of one number."""
        rng = self.rng
        type_ = tensor(shape, element)
        way = rng.random()
        literal = self.literal(number, element)
        special = not np.isfinite(number)
        if way < 0.3:
            return self.define(
                f"arith.constant dense<{literal}> : {type_}", shape, element, special
            )
        scalar = self.scalar(f"arith.constant {literal} : {element}")
        if way < 0.4:
            return self.define(f"tensor.splat {scalar} : {type_}", shape, element, special)
        empty = self.empty(shape, element)
        return self.define(
            f"linalg.fill ins({scalar} : {element}) outs({empty} : {type_}) -> {type_}",
            shape,
            element,
            special,
        )

    def empty(self, shape: Shape, element: str) -> str:
        return self.scalar(f"tensor.empty() : {tensor(shape, element)}")

    def bias(self, filters: int, element: str) -> Value:
        """Numbers along the filters: constant mostly."""
        rng = self.rng
        if rng.random() < 0.2:
            return Value(self.argument((filters,), element), (filters,), element)
        data = np.array([self.number() for _ in range(filters)], np.float64)
        special = self.specials and rng.random() < 0.5
        if special and element in _FLOATS:
            data[rng.randrange(filters)] = rng.choice((np.inf, -np.inf, np.nan, -0.0))
        return self.constant(data, element, special=special)

    def initial(self, shape: Shape, element: str, channel: int) -> tuple[str, bool]:
        """What sums begin with: zeros mostly, a bias along a dimension, or something else."""
        rng = self.rng
        way = rng.random()
        if way < 0.45 or element[0] == "i":
            return self.filled(shape, rng.choice((0, 0, 0, 0, -0.0)), element).name, False
        type_ = tensor(shape, element)
        if way < 0.8:
            bias = self.bias(shape[channel], element)
            dimensions = [d for d in range(len(shape)) if d != channel]
            empty = self.empty(shape, element)
            name = self.scalar(
                f"linalg.broadcast ins({bias.name} : {bias.type}) outs({empty} : {type_}) "
                f"dimensions = {dimensions}"
            )
            return name, bias.special
        if way < 0.87:
            return self.filled(shape, self.number(), element).name, False
        if way < 0.94:
            data = np.array([self.number() for _ in range(int(np.prod(shape)))])
            return self.constant(data.reshape(shape), element).name, False
        same = [v for v in self.values if v.shape == shape and v.element == element]
        if same:
            value = rng.choice(same)
            return value.name, value.special
        return self.argument(shape, element), False

    # Elementwise.

    def generic(
        self,
        inputs: Sequence[tuple[Value | str, str]],
        shape: Shape,
        body: Callable[[list[str]], str],
        *,
        element: str,
        input_elements: Sequence[str],
        special: bool,
    ) -> Value:
        """A parallel generic; an input is a tensor or a scalar, with the results of its map."""
        dims = ", ".join(_LETTERS[: len(shape)])
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
            self.empty(shape, element)
            if self.rng.random() < 0.9
            else self.filled(shape, 0, element).name
        )
        type_ = tensor(shape, element)
        arguments = [self.fresh() for _ in names]
        out = self.fresh()
        result = self.fresh()
        header = ", ".join(f"{n}: {e}" for n, e in zip(arguments, input_elements, strict=True))
        ins = f"ins({', '.join(names)} : {', '.join(types)}) " if names else ""
        self.line(
            f"{result} = linalg.generic {{indexing_maps = [{', '.join(maps)}], iterator_types = "
            f"[{kinds}]}} {ins}outs({empty} : {type_}) {{"
        )
        self.line(f"^bb0({header}{', ' if header else ''}{out}: {element}):")
        yielded = body([*arguments, out])
        self.line(f"linalg.yield {yielded} : {element}")
        self.line(f"}} -> {type_}")
        return Value(result, shape, element, special)

    def compute(self, expression: Expression, shape: Shape, element: str) -> Value:
        """An elementwise expression, as one operation or as several."""
        split = self.rng.choice((0.0, 0.0, 0.3, 1.0))
        return self.materialise(expression, shape, element, split)

    def materialise(
        self, expression: Expression, shape: Shape, element: str, split: float
    ) -> Value:
        rng = self.rng
        kind, *rest = expression
        if kind != "?":
            prepared = tuple(
                self.prepare(part, shape, element, split) if isinstance(part, tuple) else part
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
                    constants[node] = self.number_text(node[1], element)
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
                    return constants.get(node) or self.number_text(node[1], element)
                return self.operation(
                    kind, [emit(p) if isinstance(p, tuple) else p for p in node[1:]], element
                )

            return emit(expression)

        return self.generic(
            [(value, results) for value, results, _ in leaves],
            shape,
            body,
            element=result_element,
            input_elements=[e for _, _, e in leaves],
            special=special,
        )

    def prepare(self, part: Expression, shape: Shape, element: str, split: float) -> Expression:
        """Makes an operand an image of its own, or not."""
        if part[0] in ("image", "scalar", "constant"):
            return part
        if self.rng.random() < split:
            value = self.materialise(part, shape, element, split)
            return self.whole(value)
        inner = tuple(
            self.prepare(p, shape, element, split) if isinstance(p, tuple) else p for p in part[1:]
        )
        return (part[0], *inner)

    def number_text(self, number: float, element: str) -> str:
        """A constant, which may be rounded where it is used."""
        if element == "f16" and self.rng.random() < 0.3:
            wide = self.scalar(f"arith.constant {self.literal(number, 'f32')} : f32")
            return self.scalar(f"arith.truncf {wide} : f32 to f16")
        return self.scalar(f"arith.constant {self.literal(number, element)} : {element}")

    def operation(self, kind: str, operands: list[str], element: str) -> str:
        if kind == "compare":
            prefix = "arith.cmpf" if element in _FLOATS else "arith.cmpi"
            predicate, a, b = operands
            return self.scalar(f"{prefix} {predicate}, {a}, {b} : {element}")
        if kind == "select":
            return self.scalar(f"arith.select {', '.join(operands)} : {element}")
        suffix = "f" if element in _FLOATS else "i"
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
        return self.scalar(f"{names[kind]} {', '.join(operands)} : {element}")

    @staticmethod
    def whole(value: Value) -> Expression:
        return ("image", value, ", ".join(_LETTERS[: len(value.shape)]))

    def swapped(self, kind: str, a: Expression, b: Expression) -> Expression:
        return (kind, a, b) if self.rng.random() < 0.5 else (kind, b, a)

    def clamp(self, kind: str, x: Expression, bound: float, element: str) -> Expression:
        """min or max of x and a number, as it may be written; or something like it."""
        rng = self.rng
        number = ("constant", bound)
        way = rng.random()
        if way < 0.4:
            return self.swapped(kind, x, number)
        if way < 0.5 and element in _FLOATS:
            return self.swapped(kind + "num", x, number)
        if element in _FLOATS:
            predicates = ["ogt", "ugt", "oge", "uge", "olt", "ult", "ole", "ule"]
            predicates += ["oeq", "one", "une", "ueq"] if rng.random() < 0.1 else []
        else:
            predicates = ["sgt", "sge", "slt", "sle"]
        predicate = rng.choice(predicates)
        a, b = (x, number) if rng.random() < 0.5 else (number, x)
        compare = ("compare", predicate, a, b)
        if not self.odd(0.5):  # the one that is meant
            greater = predicate[1] == "g"
            takes_x = greater == (a == x)
            if kind == "min":
                takes_x = not takes_x
            return ("select", compare, x, number) if takes_x else ("select", compare, number, x)
        c, d = (x, number) if rng.random() < 0.5 else (number, x)
        return ("select", compare, c, d)

    def odd(self, probability: float) -> bool:
        """Whether a part of an activation is not as it should be."""
        return not self.usual and self.rng.random() < probability

    def relu6(self, x: Expression, element: str) -> Expression:
        low, high = self.rng.choice(((0, 1), (-1, 1), (3, 6), (6, 0))) if self.odd(0.4) else (0, 6)
        if self.rng.random() < 0.5:
            return self.clamp("min", self.clamp("max", x, low, element), high, element)
        return self.clamp("max", self.clamp("min", x, high, element), low, element)

    def product(self, factors: list[Expression], divisors: list[Expression]) -> Expression:
        """Factors and quotients in any order."""
        rng = self.rng
        parts = [("mul", f) for f in factors] + [("div", d) for d in divisors]
        rng.shuffle(parts)
        # Not with a number, which could be folded with another one, and rounded.
        parts.sort(
            key=lambda part: part[1][0] == "constant" or (part[0] == "div" and bool(factors))
        )
        if parts[0][0] == "div":
            parts.insert(0, ("mul", ("constant", 1.0)))
        result = parts[0][1]
        for kind, part in parts[1:]:
            result = self.swapped("mul", result, part) if kind == "mul" else ("div", result, part)
        return result

    def activation(self, value: Value) -> Value | None:
        rng, element = self.rng, value.element
        if element == "i1":
            return None
        x = self.whole(value)
        floats = element in _FLOATS
        kind = rng.choice(("relu", "relu", "relu6", "hardswish", "silu", "leaky", "other"))
        self.usual = rng.random() < 0.6
        if kind == "relu" or not floats:
            bound = rng.choice((-0.0, 1, -1)) if self.odd(0.4) else 0
            which = "min" if self.odd(0.2) else "max"
            return self.compute(self.clamp(which, x, bound, element), value.shape, element)
        if kind == "relu6":
            return self.compute(self.relu6(x, element), value.shape, element)
        if kind == "hardswish":
            gate = self.relu6(
                self.swapped("add", x, ("constant", 2 if self.odd(0.3) else 3)), element
            )
            sixth, divisors = [("constant", 1 / 6)], []
            if rng.random() < 0.5:
                sixth, divisors = [], [("constant", 5 if self.odd(0.3) else 6)]
            other = gate if self.odd(0.2) else x
            return self.compute(self.product([other, gate, *sixth], divisors), value.shape, element)
        if kind == "silu":
            negated = ("sub", ("constant", 0.0), x) if self.odd(0.3) else ("neg", x)
            if self.odd(0.2):
                negated = x
            power = self.swapped("add", ("exp", negated), ("constant", 2 if self.odd(0.3) else 1))
            factors = [] if self.odd(0.3) else [x]
            return self.compute(self.product(factors, [power]), value.shape, element)
        if kind == "leaky":
            slope = ("mul", x, ("constant", 0.125))
            compare = ("compare", rng.choice(("ogt", "ugt", "olt", "oge")), x, ("constant", 0.0))
            return self.compute(("select", compare, x, slope), value.shape, element)
        return self.expression(value)

    def expression(self, value: Value) -> Value | None:
        """A random elementwise expression of images of one shape, rows, numbers and scalars."""
        rng, element = self.rng, value.element
        if element == "i1" or not value.shape:
            return None
        same = [v for v in self.values if v.shape == value.shape and v.element == element]
        dims = _LETTERS[: len(value.shape)]

        def leaf() -> Expression:
            way = rng.random()
            if way < 0.5:
                return self.whole(rng.choice(same))
            if way < 0.7:
                return ("constant", self.number() if element in _FLOATS else rng.randint(-3, 3))
            if way < 0.78:
                return ("scalar", self.argument(None, element))
            if way < 0.84:
                rank0 = self.constant(np.array(self.number()), element)
                return ("image", rank0, "")
            if way < 0.9 and len(value.shape) > 1:
                d = rng.randrange(len(value.shape))
                return ("image", self.bias(value.shape[d], element), dims[d])
            if way < 0.95:
                shape = tuple(n if rng.random() < 0.5 else 1 for n in value.shape)
                results = ", ".join(
                    d if n == m and (n > 1 or rng.random() < 0.5) else "0"
                    for d, n, m in zip(dims, shape, value.shape, strict=True)
                )
                data = np.array([self.number() for _ in range(int(np.prod(shape)))])
                return ("image", self.constant(data.reshape(shape), element), results)
            square = [i for i in range(1, len(dims)) if value.shape[i] == value.shape[i - 1]]
            if square:
                i = rng.choice(square)
                turned = [*dims[: i - 1], dims[i], dims[i - 1], *dims[i + 1 :]]
                return ("image", rng.choice(same), ", ".join(turned))
            return self.whole(rng.choice(same))

        def node(depth: int) -> Expression:
            if depth == 0 or rng.random() < 0.2:
                return leaf()
            kinds = ["add", "add", "sub", "mul", "max", "min"]
            if element in _FLOATS:
                kinds += ["neg", "abs"]
            kind = rng.choice(kinds)
            if kind in ("neg", "abs"):
                return (kind, node(depth - 1))
            return (kind, node(depth - 1), node(depth - 1))

        tree = node(rng.choice((1, 1, 2, 3)))
        if tree[0] in ("constant", "scalar"):
            return None
        if tree[0] == "image":
            tree = ("add", tree, self.whole(value))
        return self.compute(tree, value.shape, element)

    def addition(self, value: Value) -> Value | None:
        """Another image is added, or a bias."""
        rng, element = self.rng, value.element
        if element == "i1" or not value.shape:
            return None
        dims = _LETTERS[: len(value.shape)]
        x = self.whole(value)
        if rng.random() < 0.4 and len(value.shape) > 1:
            channel = 1 if rng.random() < 0.8 else rng.randrange(len(value.shape))
            bias = self.bias(value.shape[channel], element)
            return self.compute(
                self.swapped("add", x, ("image", bias, dims[channel])), value.shape, element
            )
        same = [v for v in self.values if v.shape == value.shape and v.element == element]
        if len(same) == 1 and rng.random() < 0.7:
            name = self.argument(value.shape, element)
            special = self.specials and element in _FLOATS
            same.append(Value(name, value.shape, element, special))
        other = rng.choice(same)
        if rng.random() < 0.1 and element in _FLOATS:
            special = value.special or other.special
            return self.define(
                f"arith.addf {value.name}, {other.name} : {value.type}",
                value.shape,
                element,
                special,
            )
        return self.compute(self.swapped("add", x, self.whole(other)), value.shape, element)

    def named_elementwise(self, value: Value) -> Value | None:
        rng, element, type_ = self.rng, value.element, value.type
        empty = self.empty(value.shape, element)
        same = [v for v in self.values if v.shape == value.shape and v.element == element]
        other = rng.choice(same)
        special = value.special or other.special
        if rng.random() < 0.5:
            name = rng.choice(("add", "sub", "mul", "max", "min"))
            return self.define(
                f"linalg.{name} ins({value.name}, {other.name} : {type_}, {type_}) "
                f"outs({empty} : {type_}) -> {type_}",
                value.shape,
                element,
                special,
            )
        name = rng.choice(("abs", "negf", "floor", "square"))
        return self.define(
            f"linalg.{name} ins({value.name} : {type_}) outs({empty} : {type_}) -> {type_}",
            value.shape,
            element,
            special,
        )

    def identity(self, value: Value) -> Value | None:
        """A generic that copies, or reads its output."""
        rng = self.rng
        if not value.shape:
            return None
        if rng.random() < 0.3:
            index = self.rng.randrange(len(value.shape))
            if value.element not in _FLOATS:
                return None

            def add_index(arguments: list[str]) -> str:
                i = self.scalar(f"linalg.index {index} : index")
                j = self.scalar(f"arith.index_cast {i} : index to i32")
                f = self.scalar(f"arith.sitofp {j} : i32 to {value.element}")
                return self.scalar(f"arith.addf {arguments[0]}, {f} : {value.element}")

            body = add_index
        else:

            def copy(arguments: list[str]) -> str:
                return arguments[0]

            body = copy
        return self.generic(
            [(value, ", ".join(_LETTERS[: len(value.shape)]))],
            value.shape,
            body,
            element=value.element,
            input_elements=[value.element],
            special=value.special,
        )

    def cast(self, value: Value) -> Value | None:
        """To another float and maybe back."""
        rng = self.rng
        other = rng.choice([e for e in _FLOATS if e != value.element])
        order = ("f16", "f32", "f64")
        name = "extf" if order.index(other) > order.index(value.element) else "truncf"
        if rng.random() < 0.5:
            return self.define(
                f"arith.{name} {value.name} : {value.type} to {tensor(value.shape, other)}",
                value.shape,
                other,
                special=value.special or name == "truncf",
            )

        def body(arguments: list[str]) -> str:
            return self.scalar(f"arith.{name} {arguments[0]} : {value.element} to {other}")

        return self.generic(
            [(value, ", ".join(_LETTERS[: len(value.shape)]))],
            value.shape,
            body,
            element=other,
            input_elements=[value.element],
            special=value.special or name == "truncf",
        )

    def to_float(self, value: Value) -> Value | None:
        if value.element == "i1":
            return None
        return self.define(
            f"arith.sitofp {value.name} : {value.type} to {tensor(value.shape, 'f32')}",
            value.shape,
            "f32",
            value.special,
        )

    # Shapes.

    def reshape(self, value: Value) -> Value | None:
        """Joins dimensions, or splits one."""
        rng, shape = self.rng, value.shape
        if len(shape) >= 2 and rng.random() < 0.5:
            first = rng.randrange(len(shape) - 1)
            last = rng.randint(first + 1, len(shape) - 1)
            return self.collapse(value, first, last)
        if not shape or len(shape) > 4:
            return None
        at = rng.randrange(len(shape))
        n = shape[at]
        parts = rng.choice([p for p in range(1, n + 1) if n % p == 0])
        sizes = (parts, n // parts) if rng.random() < 0.7 else (parts, n // parts, 1)
        if len(shape) + len(sizes) - 1 > 5:
            return None
        return self.expand(value, at, sizes)

    def collapse(self, value: Value, first: int, last: int) -> Value:
        shape = value.shape
        joined = (*shape[:first], int(np.prod(shape[first : last + 1])), *shape[last + 1 :])
        groups = [[d] for d in range(first)] + [list(range(first, last + 1))]
        groups += [[d] for d in range(last + 1, len(shape))]
        return self.define(
            f"tensor.collapse_shape {value.name} {groups} : {value.type} into "
            f"{tensor(joined, value.element)}",
            joined,
            value.element,
            value.special,
        )

    def expand(self, value: Value, at: int, sizes: Shape) -> Value:
        shape = (*value.shape[:at], *sizes, *value.shape[at + 1 :])
        extra = len(sizes) - 1
        groups = [[d] for d in range(at)] + [list(range(at, at + extra + 1))]
        groups += [[d + extra] for d in range(at + 1, len(value.shape))]
        return self.define(
            f"tensor.expand_shape {value.name} {groups} output_shape {list(shape)} : "
            f"{value.type} into {tensor(shape, value.element)}",
            shape,
            value.element,
            value.special,
        )

    def flatten(self, value: Value) -> Value | None:
        if int(np.prod(value.shape[1:])) > 300:
            return None
        return self.collapse(value, 1, len(value.shape) - 1)

    def transpose(self, value: Value) -> Value | None:
        rng = self.rng
        if not value.shape:
            return None
        order = list(range(len(value.shape)))
        if rng.random() < 0.6:
            rng.shuffle(order)
        return self.transposed(value, order)

    def transposed(self, value: Value, order: list[int]) -> Value:
        shape = tuple(value.shape[d] for d in order)
        empty = self.empty(shape, value.element)
        if self.rng.random() < 0.2:
            inverse = [f"d{order.index(d)}" for d in range(len(order))]

            def copy(arguments: list[str]) -> str:
                return arguments[0]

            return self.generic(
                [(value, ", ".join(inverse))],
                shape,
                copy,
                element=value.element,
                input_elements=[value.element],
                special=value.special,
            )
        return self.define(
            f"linalg.transpose ins({value.name} : {value.type}) outs({empty} : "
            f"{tensor(shape, value.element)}) permutation = {order}",
            shape,
            value.element,
            value.special,
        )

    def slice(self, value: Value) -> Value | None:
        rng = self.rng
        if not value.shape:
            return None
        offsets, sizes, strides = [], [], []
        for n in value.shape:
            stride = rng.choice((1, 1, 1, 2)) if n > 1 else 1
            offset = rng.choice((0, 0, rng.randrange(n)))
            most = (n - offset - 1) // stride + 1
            offsets.append(offset)
            sizes.append(rng.choice((most, most, rng.randint(1, most))))
            strides.append(stride)
        shape = tuple(sizes)
        part = self.define(
            f"tensor.extract_slice {value.name}{offsets} {sizes} {strides} : {value.type} to "
            f"{tensor(shape, value.element)}",
            shape,
            value.element,
            value.special,
        )
        if rng.random() < 0.4:
            return self.define(
                f"tensor.insert_slice {part.name} into {value.name}{offsets} {sizes} {strides} : "
                f"{part.type} into {value.type}",
                value.shape,
                value.element,
                value.special,
            )
        if rng.random() < 0.3 and value.shape[1:] == shape[1:]:
            joined = (value.shape[0] + shape[0], *shape[1:])
            return self.define(
                f"tensor.concat dim(0) {value.name}, {part.name} : ({value.type}, {part.type}) -> "
                f"{tensor(joined, value.element)}",
                joined,
                value.element,
                value.special,
            )
        return part

    def through_dynamic(self, value: Value) -> Value | None:
        """To a tensor of unknown sizes and back, with an operation in between or without."""
        rng = self.rng
        if not value.shape:
            return None
        sizes = [None if rng.random() < 0.5 else n for n in value.shape]
        unknown = f"tensor<{''.join('?x' if n is None else f'{n}x' for n in sizes)}{value.element}>"
        name = self.scalar(f"tensor.cast {value.name} : {value.type} to {unknown}")
        special = value.special
        if rng.random() < 0.5 and value.element in _FLOATS:
            name = self.scalar(f"arith.addf {name}, {name} : {unknown}")
        return self.define(
            f"tensor.cast {name} : {unknown} to {value.type}", value.shape, value.element, special
        )

    def pad(
        self,
        value: Value,
        low: Sequence[int] | None = None,
        high: Sequence[int] | None = None,
        number: float | None = None,
    ) -> Value | None:
        rng = self.rng
        rank = len(value.shape)
        if low is None or high is None:
            low = [rng.choice((0, 0, 0, 1)) for _ in range(rank - 2)]
            low = [rng.choice((0, 0, 0, 0, 1)), rng.choice((0, 0, 0, 0, 1)), *low]
            high = [rng.choice((0, 0, n, n + 1)) for n in low]
        if number is None:
            number = rng.choices((0, 1, -np.inf, -0.0), (6, 1, 1, 1))[0]
        element = value.element
        if element == "i1":
            return None
        if element[0] == "i":
            number = 0
        shape = tuple(a + n + b for a, n, b in zip(low, value.shape, high, strict=True))
        indices = ", ".join(f"{self.fresh()}: index" for _ in shape)
        inside = rng.random() < 0.3
        literal = f"arith.constant {self.literal(number, element)} : {element}"
        outer = "" if inside else self.scalar(literal)
        result = self.fresh()
        self.line(f"{result} = tensor.pad {value.name} low{list(low)} high{list(high)} {{")
        self.line(f"^bb0({indices}):")
        name = self.scalar(literal) if inside else outer
        self.line(f"tensor.yield {name} : {element}")
        self.line(f"}} : {value.type} to {tensor(shape, element)}")
        return Value(result, shape, element, value.special or not np.isfinite(number))

    def reduction(self, value: Value) -> Value | None:
        """A sum or a maximum over some dimensions."""
        rng, shape, element = self.rng, value.shape, value.element
        if not shape or int(np.prod(shape)) > 400:
            return None
        over = sorted(rng.sample(range(len(shape)), rng.randint(1, min(2, len(shape)))))
        kept = [d for d in range(len(shape)) if d not in over]
        if not kept and rng.random() < 0.5:
            return None
        maximum = rng.random() < 0.3
        out_shape = tuple(shape[d] for d in kept)
        init = self.filled(out_shape, -np.inf if maximum else 0, element)
        return self.reduce(value, kept, ", ".join(_LETTERS[d] for d in kept), init, maximum)

    def reduce(
        self, value: Value, kept: Sequence[int], results: str, init: Value, maximum: bool
    ) -> Value:
        element = value.element
        dims = ", ".join(_LETTERS[: len(value.shape)])
        kinds = ", ".join(
            '"parallel"' if d in kept else '"reduction"' for d in range(len(value.shape))
        )
        a, b, name = self.fresh(), self.fresh(), self.fresh()
        self.line(
            f"{name} = linalg.generic {{indexing_maps = [affine_map<({dims}) -> ({dims})>, "
            f"affine_map<({dims}) -> ({results})>], iterator_types = [{kinds}]}} "
            f"ins({value.name} : {value.type}) outs({init.name} : {init.type}) {{"
        )
        self.line(f"^bb0({a}: {element}, {b}: {element}):")
        if self.rng.random() < 0.5:
            a, b = b, a
        total = self.operation("max" if maximum else "add", [a, b], element)
        self.line(f"linalg.yield {total} : {element}")
        self.line(f"}} -> {init.type}")
        return Value(name, init.shape, element, value.special)

    # Convolutions, poolings and products.

    def geometry(
        self, size: Sequence[int], kernel: Sequence[int]
    ) -> tuple[list[int], list[int], list[int]] | None:
        """Strides, dilations and the sizes of the output, or None where the kernel is too large."""
        rng = self.rng
        stride = rng.choices((1, 2, 3), (7, 3, 1))[0]
        strides = [stride, stride if rng.random() < 0.8 else rng.choice((1, 2))]
        dilation = rng.choices((1, 2, 3), (8, 2, 1))[0]
        dilations = [dilation, dilation if rng.random() < 0.9 else 1]
        out = []
        for d in (0, 1):
            extent = (kernel[d] - 1) * dilations[d] + 1
            if extent > size[d]:
                return None
            out.append((size[d] - extent) // strides[d] + 1)
            if out[d] == 1 and rng.random() < 0.05:
                strides[d] = rng.choice((1000, 1 << 20, (1 << 31) + 1, 1 << 40))
            if kernel[d] == 1 and rng.random() < 0.05:
                dilations[d] = rng.choice((7, 1 << 20, (1 << 31) + 1, 1 << 40))
            if out[d] > 1 and not self.portable and rng.random() < 0.03:
                out[d] -= 1  # linalg takes less than there is
        return strides, dilations, out

    def kernel(self, size: Sequence[int]) -> list[int]:
        rng = self.rng
        k = rng.choices((1, 2, 3, 5, 7, 8), (4, 2, 8, 2, 1, 1))[0]
        kernel = [k, k if rng.random() < 0.85 else rng.choice((1, 2, 3))]
        return [min(n, m) if rng.random() < 0.9 else n for n, m in zip(kernel, size, strict=True)]

    def padded(self, value: Value) -> Value:
        """As before a convolution: with zeros mostly."""
        rng = self.rng
        if rng.random() < 0.5:
            return value
        before = [0] * (len(value.shape) - 2)
        sides = [rng.choice((0, 1, 1, 2)) for _ in before]
        low = [0, 0, *sides]
        high = [0, 0, *(n if rng.random() < 0.8 else rng.choice((0, 1)) for n in sides)]
        number = rng.choices((0, 1, -0.0), (10, 1, 1))[0]
        return self.pad(value, low, high, number) or value

    def weights_value(self, data: np.ndarray, element: str) -> Value:
        """Weights as a constant, maybe behind a reshape; seldom as an argument."""
        rng = self.rng
        if rng.random() < 0.04:
            return Value(self.argument(data.shape, element), data.shape, element)
        if rng.random() < 0.1 and data.ndim == 4:
            flat = self.constant(data.reshape(data.shape[0], -1), element)
            return self.expand(flat, 1, data.shape[1:])
        return self.constant(data, element)

    @staticmethod
    def pair(numbers: Sequence[int]) -> str:
        if len(set(numbers)) == 1:
            return f"dense<{numbers[0]}> : vector<{len(numbers)}xi64>"
        return f"dense<{list(numbers)}> : vector<{len(numbers)}xi64>"

    def conv(
        self,
        name: str,
        image: Value,
        weights: Value,
        out: Shape,
        strides: list[int],
        dilations: list[int],
        channel: int = 1,
    ) -> Value:
        init, special = self.initial(out, image.element, channel)
        type_ = tensor(out, image.element)
        return self.define(
            f"linalg.{name} {{strides = {self.pair(strides)}, dilations = {self.pair(dilations)}}} "
            f"ins({image.name}, {weights.name} : {image.type}, {weights.type}) "
            f"outs({init} : {type_}) -> {type_}",
            out,
            image.element,
            special,
        )

    def convolution(self, value: Value) -> Value | None:
        rng = self.rng
        image = self.padded(value)
        n, c, h, w = image.shape
        kernel = self.kernel((h, w))
        geometry = self.geometry((h, w), kernel)
        if geometry is None:
            return None
        strides, dilations, out = geometry
        filters = rng.choice((1, 2, 3, 4, 8, 8, 16, 17))
        if rng.random() < 0.3:
            filters = value.shape[1]
        if image.element[0] == "i" and image.element not in ("i32", "i64"):
            return None
        data = self.weights((filters, c, *kernel))
        weights = self.weights_value(data, image.element)
        return self.conv(
            "conv_2d_nchw_fchw", image, weights, (n, filters, *out), strides, dilations
        )

    def grouped_convolution(self, value: Value) -> Value | None:
        rng = self.rng
        image = self.padded(value)
        n, c, h, w = image.shape
        kernel = self.kernel((h, w))
        geometry = self.geometry((h, w), kernel)
        if geometry is None or image.element[0] == "i":
            return None
        strides, dilations, out = geometry
        groups = rng.choice([g for g in (1, 2, 3, 4, 8) if c % g == 0])
        filters = rng.choice((1, 2, 4))
        split = self.expand(image, 1, (groups, c // groups))
        data = self.weights((groups * filters, c // groups, *kernel))
        if rng.random() < 0.5:
            flat = self.weights_value(data, image.element)
            weights = self.expand(flat, 0, (groups, filters))
        else:
            weights = self.weights_value(
                data.reshape(groups, filters, *data.shape[1:]), image.element
            )
        shape = (n, groups, filters, *out)
        if rng.random() < 0.5:
            joined = (n, groups * filters, *out)
            init, special = self.initial(joined, image.element, 1)
            begin = self.expand(Value(init, joined, image.element), 1, (groups, filters)).name
        else:
            init = self.filled(shape, 0, image.element)
            begin, special = init.name, False
        type_ = tensor(shape, image.element)
        result = self.define(
            f"linalg.conv_2d_ngchw_gfchw {{strides = {self.pair(strides)}, dilations = "
            f"{self.pair(dilations)}}} ins({split.name}, {weights.name} : {split.type}, "
            f"{weights.type}) outs({begin} : {type_}) -> {type_}",
            shape,
            image.element,
            special,
        )
        return self.collapse(result, 1, 2)

    def depthwise_convolution(self, value: Value) -> Value | None:
        image = self.padded(value)
        n, c, h, w = image.shape
        kernel = self.kernel((h, w))
        geometry = self.geometry((h, w), kernel)
        if geometry is None or image.element[0] == "i":
            return None
        strides, dilations, out = geometry
        data = self.weights((c, 1, *kernel))
        if self.rng.random() < 0.5:
            whole = self.weights_value(data, image.element)
            weights = self.collapse(whole, 0, 1)
        else:
            weights = self.weights_value(data[:, 0], image.element)
        return self.conv(
            "depthwise_conv_2d_nchw_chw", image, weights, (n, c, *out), strides, dilations
        )

    def convolution_1d(self, value: Value) -> Value | None:
        rng = self.rng
        if value.element not in _FLOATS:
            return None
        image = self.padded(value)
        n, c, length = image.shape
        if rng.random() < 0.2:  # as a convolution of a column
            column = self.expand(image, 2, (length, 1))
            result = (
                self.depthwise_convolution(column)
                if rng.random() < 0.5
                else self.grouped_convolution(column)
            )
            return None if result is None or result.shape[3] != 1 else self.collapse(result, 2, 3)
        kernel = rng.choice((1, 2, 3, 5))
        geometry = self.geometry((length, 1), (kernel, 1))
        if geometry is None:
            return None
        strides, dilations, out = geometry
        filters = rng.choice((1, 2, 4, 8))
        weights = self.weights_value(self.weights((filters, c, kernel)), image.element)
        return self.conv(
            "conv_1d_ncw_fcw", image, weights, (n, filters, out[0]), strides[:1], dilations[:1]
        )

    def pooling(self, value: Value) -> Value | None:
        rng = self.rng
        if value.element not in _FLOATS:
            return None
        kind = rng.choice(("max", "max", "sum", "sum", "sum"))
        neutral = -np.inf if kind == "max" else 0
        image = value
        if rng.random() < 0.4:
            low = [0, 0, *(rng.choice((0, 1, 1)) for _ in (0, 1))]
            high = [0, 0, *(rng.choice((n, n, 0, 1)) for n in low[2:])]
            image = self.pad(value, low, high, neutral if rng.random() < 0.9 else 1) or value
        n, c, h, w = image.shape
        kernel = [min(rng.choice((1, 2, 2, 3, 3, 5)), h), min(rng.choice((1, 2, 2, 3, 3)), w)]
        if rng.random() < 0.15:
            kernel = [h, w]
        geometry = self.geometry((h, w), kernel)
        if geometry is None:
            return None
        strides, dilations, out = geometry
        element = image.element
        window = self.empty(tuple(kernel), element)
        shape = (n, c, *out)
        begin = neutral if rng.random() < 0.95 else 1
        init = self.filled(shape, begin, element)
        type_ = tensor(shape, element)
        result = self.define(
            f"linalg.pooling_nchw_{kind} {{strides = {self.pair(strides)}, dilations = "
            f"{self.pair(dilations)}}} ins({image.name}, {window} : {image.type}, "
            f"{tensor(kernel, element)}) outs({init.name} : {type_}) -> {type_}",
            shape,
            element,
            special=image.special and kind != "max",
        )
        if kind == "sum" and rng.random() < 0.9:
            return self.mean(result, kernel[0] * kernel[1])
        return result

    def mean(self, total: Value, area: int) -> Value:
        """A sum divided by the positions, or by something else."""
        rng = self.rng
        divisor = area if rng.random() < 0.9 else rng.choice((1, 2, 9))
        x = self.whole(total)
        tree = (
            ("div", x, ("constant", divisor))
            if rng.random() < 0.9
            else ("mul", x, ("constant", 1 / divisor))
        )
        return self.compute(tree, total.shape, total.element)

    def global_mean(self, value: Value) -> Value | None:
        rng = self.rng
        n, c, h, w = value.shape
        if value.element not in _FLOATS or h * w > 150:
            return None
        image = self.padded(value) if rng.random() < 0.3 else value
        whole = rng.random() < 0.5
        shape = (n, c, 1, 1) if whole else (n, c)
        init = self.filled(shape, 0 if rng.random() < 0.95 else 1, value.element)
        total = self.reduce(image, (0, 1), "d0, d1, 0, 0" if whole else "d0, d1", init, False)
        return self.mean(total, image.shape[2] * image.shape[3])

    def matmul(self, value: Value) -> Value | None:
        rng, element = self.rng, value.element
        if element not in _FLOATS:
            return None
        rows, channels = value.shape
        filters = channels if rng.random() < 0.2 else rng.choice((1, 2, 8, 10, 16, 17, 32))
        data = self.weights((filters, channels), matrix=True)
        way = rng.random()
        shape = (rows, filters)
        type_ = tensor(shape, element)
        if way < 0.75:
            matrix = self.transposed(self.weights_value(data, element), [1, 0])
        elif way < 0.85 and filters == channels:
            matrix = self.transposed(self.weights_value(data, element), [0, 1])
        else:
            matrix = self.weights_value(np.ascontiguousarray(data.T), element)
        if rng.random() < 0.85:
            begin, special = self.filled(shape, 0, element).name, False
        else:
            begin, special = self.initial(shape, element, 1)
        maps = ""
        if way >= 0.95:
            matrix = self.weights_value(data, element)
            maps = (
                "indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, "
                "affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>] "
            )
        result = self.define(
            f"linalg.matmul {maps}ins({value.name}, {matrix.name} : {value.type}, {matrix.type}) "
            f"outs({begin} : {type_}) -> {type_}",
            shape,
            element,
            special,
        )
        return self.behind_product(result)

    def behind_product(self, result: Value) -> Value:
        """A bias, as it is added mostly."""
        if self.rng.random() < 0.5:
            return result
        last = len(result.shape) - 1
        bias = self.bias(result.shape[last], result.element)
        tree = self.swapped("add", self.whole(result), ("image", bias, _LETTERS[last]))
        return self.compute(tree, result.shape, result.element)

    def batch_matmul(self, value: Value) -> Value | None:
        rng, element = self.rng, value.element
        if element not in _FLOATS:
            return None
        batch, rows, channels = value.shape
        filters = rng.choice((1, 2, 8, 16))
        matrix = self.transposed(
            self.weights_value(self.weights((filters, channels), matrix=True), element), [1, 0]
        )

        def copy(arguments: list[str]) -> str:
            return arguments[0]

        matrices = self.generic(
            [(matrix, "d1, d2")],
            (batch, channels, filters),
            copy,
            element=element,
            input_elements=[element],
            special=False,
        )
        shape = (batch, rows, filters)
        init = self.filled(shape, 0, element)
        result = self.define(
            f"linalg.batch_matmul ins({value.name}, {matrices.name} : {value.type}, "
            f"{matrices.type}) outs({init.name} : {init.type}) -> {init.type}",
            shape,
            element,
        )
        return self.behind_product(result)

    # Control flow.

    def inner(self, start: Value, steps: int) -> Value:
        """Some steps from a value in a region; what they make is not seen outside."""
        saved = list(self.values)
        self.depth += 1
        last: Value = start
        for _ in range(steps):
            last = self.step(last)
        self.depth -= 1
        self.values = saved
        return last

    def branch(self, value: Value) -> Value | None:
        rng = self.rng
        condition = self.argument(None, "i1")
        result = self.fresh()
        at = len(self.lines)
        first = self.inner(value, rng.randint(1, 3))
        self.line(f"scf.yield {first.name} : {first.type}")
        self.line("} else {")
        same = [v for v in self.values if v.type == first.type]
        if same and rng.random() < 0.8:
            other = rng.choice(same)
        else:
            other = (
                Value(self.argument(first.shape, first.element), first.shape, first.element)
                if first.shape
                else None
            )
        if other is None:
            del self.lines[at:]
            return None
        self.line(f"scf.yield {other.name} : {other.type}")
        self.line("}")
        self.lines.insert(at, f"{result} = scf.if {condition} -> ({first.type}) {{")
        return Value(result, first.shape, first.element, first.special or other.special)

    def loop(self, value: Value) -> Value | None:
        """A loop that carries an image; its body is some steps and then one back to the type."""
        rng = self.rng
        if value.element not in _FLOATS or not value.shape:
            return None
        low = self.scalar("arith.constant 0 : index")
        high = self.scalar(f"arith.constant {rng.randint(1, 2)} : index")
        step = self.scalar("arith.constant 1 : index")
        result, index, carried = self.fresh(), self.fresh(), self.fresh()
        at = len(self.lines)
        inside = Value(carried, value.shape, value.element, value.special)
        saved = list(self.values)
        self.values.append(inside)
        start = inside if rng.random() < 0.6 else value
        last = self.inner(start, rng.randint(1, 2))
        if last.type != value.type:
            last = inside if last.type == inside.type else self.identity(inside) or inside
        elif rng.random() < 0.5:
            tree = self.swapped("add", self.whole(last), self.whole(inside))
            last = self.compute(tree, value.shape, value.element)
        self.values = saved
        self.line(f"scf.yield {last.name} : {last.type}")
        self.line("}")
        self.lines.insert(
            at,
            f"{result} = scf.for {index} = {low} to {high} step {step} iter_args({carried} = "
            f"{value.name}) -> ({value.type}) {{",
        )
        return Value(result, value.shape, value.element, value.special or last.special)

    def jump(self, value: Value) -> Value | None:
        """To another block, which takes the value."""
        label = f"^bb{self.fresh()[1:]}"
        name = self.fresh()
        if self.rng.random() < 0.5:
            self.line(f"cf.br {label}({value.name} : {value.type})")
        else:
            condition = self.argument(None, "i1")
            other = f"^bb{self.fresh()[1:]}"
            inner_name = self.fresh()
            same = [v for v in self.values if v.type == value.type]
            second = self.rng.choice(same)
            self.line(
                f"cf.cond_br {condition}, {label}({value.name} : {value.type}), "
                f"{other}({second.name} : {second.type})"
            )
            self.line(f"{other}({inner_name}: {value.type}):")
            inner = self.inner(
                Value(inner_name, value.shape, value.element, value.special or second.special), 1
            )
            back = (
                inner if inner.type == value.type else Value(inner_name, value.shape, value.element)
            )
            self.line(f"cf.br {label}({back.name} : {value.type})")
            special = value.special or second.special or inner.special
            value = Value(value.name, value.shape, value.element, special)
        self.line(f"{label}({name}: {value.type}):")
        return Value(name, value.shape, value.element, value.special)

    def call(self, value: Value) -> Value | None:
        rng = self.rng
        if not self.callees:
            return None
        callee = rng.choice(self.callees)
        operands = []
        for shape, element in callee.arguments:
            same = [
                v
                for v in self.values
                if v.shape == shape and v.element == element and not v.special
            ]
            if same and rng.random() < 0.8:
                operands.append(rng.choice(same).name)
            else:
                operands.append(self.argument(shape, element))
        arguments = ", ".join(tensor(s, e) for s, e in callee.arguments)
        results = ", ".join(v.type for v in callee.results)
        name = self.fresh()
        count = len(callee.results)
        self.line(
            f"{name}{f':{count}' if count > 1 else ''} = call @{callee.name}"
            f"({', '.join(operands)}) : ({arguments}) -> ({results})"
        )
        at = rng.randrange(count)
        chosen = callee.results[at]
        return Value(
            f"{name}#{at}" if count > 1 else name, chosen.shape, chosen.element, chosen.special
        )
