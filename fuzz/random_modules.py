"""Random torch modules from a grammar of layers and operators, as the text of a program.

A module is a list of steps, each an expression of earlier values. While it is made, each step is
run, so that the grammar need not know what fits together: what PyTorch refuses is not taken.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_VALUE = re.compile(r"(?<!self\.)\bv\d+\b")
# Values beyond this are not taken on: sums of them would say nothing about their small addends.
_LARGEST = 1e3
_MOST_ELEMENTS = 20000
_TRIES = 12


@dataclass(frozen=True)
class Input:
    """One argument of `forward`.

    Attributes:
      shape: of the tensor.
      make: an expression that makes it, after a seed was set.
    """

    shape: tuple[int, ...]
    make: str


@dataclass(frozen=True)
class Step:
    """One line of `forward`.

    Attributes:
      value: the name of what it computes.
      expression: of earlier values; `self.NUMBER` is its layer.
      layer: an expression that makes the layer, or empty.
      like: an expression that makes an input to replace it with, or empty.
      shape, dtype: of what it computes.
      jumps: whether a small change of what it reads may become a large one.
    """

    value: str
    expression: str
    layer: str
    like: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    jumps: bool

    @property
    def reads(self) -> list[str]:
        return _VALUE.findall(self.expression)


@dataclass(frozen=True)
class Program:
    """A module, its inputs, and what is done with it.

    Attributes:
      inputs: of `forward`, by name.
      steps: of `forward`, in order.
      outputs: names of values.
      result: how they are returned; `{}` stands for their names.
      preparation: what is done to the model before it is compiled, a line each.
      spoil: what is written into the inputs, a line; or empty.
      target, precision: as for `patternc.compile`.
    """

    inputs: dict[str, Input]
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    result: str
    preparation: tuple[str, ...]
    spoil: str
    target: str
    precision: str

    @property
    def jumps(self) -> bool:
        return any(step.jumps for step in self.steps)

    def text(self) -> str:
        """A program that defines `model` and `inputs`, and compares when it is run."""
        layers = [
            line
            for step in self.steps
            if step.layer
            for line in (
                f"        torch.manual_seed({step.value[1:]})",
                f"        self.{step.value} = {step.layer}",
            )
        ]
        forward = [f"        {step.value} = {step.expression}" for step in self.steps]
        inputs = [
            line
            for name, value in self.inputs.items()
            for line in (f"torch.manual_seed(SEED + {name[1:]})", f"{name} = {value.make}")
        ]
        names = ", ".join(self.inputs)
        prepared = [f"    {line}" for line in self.preparation]
        return "\n".join(
            [
                "import torch",
                "from torch import nn",
                "from torch.nn import functional as F",
                "",
                "import patternc",
                "",
                "SEED = 0",
                "",
                "",
                "class Model(nn.Module):",
                "    def __init__(self):",
                "        super().__init__()",
                *layers,
                "",
                f"    def forward(self, {names}):",
                *forward,
                f"        return {self.returned()}",
                "",
                "",
                "model = Model().eval()",
                "torch.manual_seed(0)",
                "with torch.no_grad():",
                *(prepared or ["    pass"]),
                *inputs,
                *([self.spoil] if self.spoil else []),
                f"inputs = ({names},)",
                "",
                'if __name__ == "__main__":',
                f"    options = {{'target': '{self.target}', 'precision': '{self.precision}'}}",
                "    compiled = patternc.compile(model, inputs, **options)",
                '    print("PyTorch:", model(*inputs))',
                '    print("patternc:", compiled(*inputs))',
                "",
            ]
        )

    def returned(self) -> str:
        if self.result == "dict":
            return "{" + ", ".join(f"'{name}': {name}" for name in self.outputs) + "}"
        if self.result == "nested":
            first, *others = self.outputs
            return f"{{'first': {first}, 'others': [{', '.join(others)}]}}"
        if len(self.outputs) == 1:
            return self.outputs[0]
        brackets = "[]" if self.result == "list" else "()"
        return f"{brackets[0]}{', '.join(self.outputs)}{brackets[1]}"


def smaller(program: Program) -> Iterator[Program]:
    """Programs with less in them, the least first."""
    for step in program.steps[:-1]:
        yield _needed(replace(program, outputs=(step.value,), result="tuple"))
    if len(program.outputs) > 1:
        for value in program.outputs:
            yield _needed(replace(program, outputs=(value,), result="tuple"))
    for i, step in reversed(list(enumerate(program.steps))):
        if step.like and step.value not in program.outputs:
            steps = program.steps[:i] + program.steps[i + 1 :]
            inputs = program.inputs | {step.value: Input(step.shape, step.like)}
            yield _needed(replace(program, inputs=inputs, steps=steps))
        for read in step.reads:
            if _kind(program, read) == (step.shape, step.dtype):
                yield _needed(_without(program, i, read))
    for i in range(len(program.preparation)):
        lines = program.preparation[:i] + program.preparation[i + 1 :]
        yield replace(program, preparation=lines)
    if program.spoil:
        yield replace(program, spoil="")
    if program.result != "tuple":
        yield replace(program, result="tuple")
    if (program.target, program.precision) != ("llvm-cpu", "float32"):
        yield replace(program, target="llvm-cpu", precision="float32")


def unpruned(program: Program) -> Program:
    """The program without `prune_`."""
    lines = tuple(line for line in program.preparation if "prune_" not in line)
    return replace(program, preparation=lines)


def _kind(program: Program, name: str) -> tuple[tuple[int, ...], torch.dtype] | None:
    for step in program.steps:
        if step.value == name:
            return step.shape, step.dtype
    made = program.inputs[name]
    return (made.shape, torch.float32) if "randn" in made.make else None


def _without(program: Program, i: int, read: str) -> Program:
    """The program where what step `i` reads takes its place."""
    gone = program.steps[i].value

    def renamed(text: str) -> str:
        return re.sub(rf"(?<!self\.)\b{gone}\b", read, text)

    steps = [replace(s, expression=renamed(s.expression)) for s in program.steps[i + 1 :]]
    outputs = tuple(dict.fromkeys(read if o == gone else o for o in program.outputs))
    return replace(program, steps=(*program.steps[:i], *steps), outputs=outputs)


def _needed(program: Program) -> Program:
    """The program without what nothing reads."""
    live, steps = set(program.outputs), []
    for step in reversed(program.steps):
        if step.value in live:
            live.update(step.reads)
            steps.append(step)
    inputs = {name: value for name, value in program.inputs.items() if name in live}
    spoil = program.spoil if all(n in inputs for n in _VALUE.findall(program.spoil)) else ""
    return replace(program, inputs=inputs, steps=tuple(reversed(steps)), spoil=spoil)


# The grammar: what makes a value is a function of a generator and the values that there are.


class Maker:
    """The values of a module that is being made."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.inputs: dict[str, Input] = {}
        self.steps: list[Step] = []
        self.values: dict[str, Tensor] = {}

    def add_input(self, shape: tuple[int, ...], make: str) -> str:
        name = f"v{len(self.values)}"
        self.inputs[name] = Input(shape, make)
        torch.manual_seed(len(self.values))
        self.values[name] = eval(make, _NAMES)
        return name

    def add(self, expression: str, layer: str = "", *, jumps: bool = False) -> str | None:
        """Takes a step on, if PyTorch takes it and its result is of use."""
        name = f"v{len(self.values)}"
        expression = expression.replace("self.NUMBER", f"self.{name}")
        try:
            torch.manual_seed(int(name[1:]))
            made = eval(layer, _NAMES).eval() if layer else None
            holder = SimpleNamespace(**{name: made})
            with torch.no_grad():
                value = eval(expression, _NAMES | self.values | {"self": holder})
        except (RuntimeError, ValueError, TypeError, IndexError, AssertionError):
            return None
        except NotImplementedError:
            return None
        if not isinstance(value, Tensor) or not 0 < value.numel() <= _MOST_ELEMENTS:
            return None
        if value.is_floating_point() and not value.abs().max() <= _LARGEST:
            return None
        self.values[name] = value
        shape, like = tuple(value.shape), ""
        if value.dtype == torch.float32:
            like = f"torch.randn{shape}" if shape else "torch.randn(())"
        elif value.dtype == torch.bool:
            like = f"torch.rand{shape} < 0.5" if shape else "torch.rand(()) < 0.5"
        self.steps.append(Step(name, expression, layer, like, shape, value.dtype, jumps))
        return name

    def pick(
        self,
        *ranks: int,
        where: Callable[[Tensor], bool] = lambda value: value.dtype == torch.float32,
    ) -> str | None:
        """One of the values of these ranks, newer ones rather than older."""
        found = [
            name
            for name, value in self.values.items()
            if (not ranks or value.dim() in ranks) and where(value)
        ]
        if not found:
            return None
        return self.random.choice(found[-3:] if self.random.random() < 0.8 else found)

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.values[name].shape)


_NAMES: dict[str, Any] = {"torch": torch, "nn": nn, "F": functional}

_Rule = Callable[[Maker], object]
_RULES: list[tuple[float, _Rule]] = []


def _rule(weight: float) -> Callable[[_Rule], _Rule]:
    def add(rule: _Rule) -> _Rule:
        _RULES.append((weight, rule))
        return rule

    return add


def _divisors(*numbers: int) -> list[int]:
    return [d for d in range(1, min(numbers) + 1) if all(n % d == 0 for n in numbers)]


@_rule(22)
def _convolution(m: Maker) -> object:
    r, x = m.random, m.pick(3, 4, 4, 5)
    if x is None:
        return None
    shape = m.shape(x)
    rank, channels = len(shape) - 2, shape[1]
    kernel = tuple(r.choice([1, 1, 2, 3, 3, 3, 4, 5, 7, 8]) for _ in range(rank))
    if r.random() < 0.7:
        kernel = kernel[:1] * rank
    groups = r.choice([1, 1, 1, channels, r.choice(_divisors(channels))])
    filters = (
        groups * r.choice([1, 1, 2, 3, 4, 8]) if groups > 1 else r.choice([1, 3, 4, 8, 16, 20])
    )
    stride = r.choice([1, 1, 1, 2, 3, tuple(r.choice([1, 2]) for _ in range(rank))])
    dilation = r.choice([1, 1, 1, 2, 3, tuple(r.choice([1, 2]) for _ in range(rank))])
    padding: Any = r.choice([0, 1, tuple(k // 2 for k in kernel), kernel[0] // 2])
    if r.random() < 0.1 and stride == 1:
        padding = "same"
    mode = r.choice(["zeros"] * 7 + ["reflect", "replicate", "circular"])
    bias = r.random() < 0.7
    layer = (
        f"nn.Conv{rank}d({channels}, {filters}, {kernel}, stride={stride}, padding={padding!r}, "
        f"dilation={dilation}, groups={groups}, bias={bias}, padding_mode={mode!r})"
    )
    return m.add(f"self.NUMBER({x})", layer)


@_rule(3)
def _transposed_convolution(m: Maker) -> object:
    r, x = m.random, m.pick(3, 4, 4, 5)
    if x is None:
        return None
    rank, channels = len(m.shape(x)) - 2, m.shape(x)[1]
    groups = r.choice([1, 1, r.choice(_divisors(channels))])
    stride = r.choice([1, 2, 2, 3])
    return m.add(
        f"self.NUMBER({x})",
        f"nn.ConvTranspose{rank}d({channels}, {groups * r.choice([1, 2, 4])}, "
        f"{r.choice([1, 2, 3, 4])}, stride={stride}, padding={r.choice([0, 0, 1])}, "
        f"output_padding={r.choice([0, 0, stride - 1])}, groups={groups}, "
        f"bias={r.random() < 0.7}, dilation={r.choice([1, 1, 1, 2])})",
    )


@_rule(6)
def _norm(m: Maker) -> object:
    r, x = m.random, m.pick(2, 3, 4, 5)
    if x is None:
        return None
    shape = m.shape(x)
    channels, affine = shape[1], r.random() < 0.8
    rank = max(len(shape) - 2, 1)
    last = shape[-r.choice([1, 1, 2]) :]
    layer = r.choice(
        [
            *[f"nn.BatchNorm{rank}d({channels}, affine={affine})"] * 3,
            f"nn.BatchNorm{rank}d({channels}, track_running_stats=False)",
            f"nn.InstanceNorm{rank}d({channels}, affine={affine})",
            f"nn.GroupNorm({r.choice(_divisors(channels))}, {channels}, affine={affine})",
            f"nn.LayerNorm({list(last)}, elementwise_affine={affine})",
            f"nn.RMSNorm({list(last)}, eps=1e-5, elementwise_affine={affine})",
            f"nn.LocalResponseNorm({r.choice([2, 3, 5])})",
        ]
    )
    return m.add(f"self.NUMBER({x})", layer)


@_rule(12)
def _activation(m: Maker) -> object:
    r, x = m.random, m.pick()
    if x is None:
        return None
    layers = """
        ReLU() ReLU() ReLU() ReLU6() SiLU() Hardswish() Hardsigmoid() Hardtanh(-0.5,2) ELU() CELU()
        SELU() GELU() GELU('tanh') LeakyReLU(0.1) Sigmoid() Tanh() Softplus() Softsign() Mish()
        Hardshrink(0.2) Softshrink(0.2) Tanhshrink() Threshold(0.1,-1.0) LogSigmoid() RReLU()
        PReLU() GLU(1) Softmax(-1) Softmax(1) LogSoftmax(-1) LogSoftmax(1) Softmin(1) Dropout()
        """.split()
    layer = r.choice(layers)
    if layer == "PReLU()" and len(m.shape(x)) > 1 and r.random() < 0.5:
        layer = f"PReLU({m.shape(x)[1]})"
    return m.add(f"self.NUMBER({x})", f"nn.{layer}", jumps=layer.startswith(("Hardsh", "Thresh")))


@_rule(6)
def _pooling(m: Maker) -> object:
    r, x = m.random, m.pick(3, 4, 4, 5)
    if x is None:
        return None
    rank = len(m.shape(x)) - 2
    kernel: Any = r.choice([2, 2, 3, 3, tuple(r.choice([1, 2, 3]) for _ in range(rank))])
    stride, ceil = r.choice([None, 1, 2, 2, 3]), r.random() < 0.25
    padding = r.choice([0, 0, 1])
    outside = f"stride={stride}, padding={padding}, ceil_mode={ceil}"
    size = r.choice([1, 1, 2, 3, 5, tuple(r.choice([1, 2, 3]) for _ in range(rank))])
    counted = f"count_include_pad={r.random() < 0.6}"
    divisor = f", divisor_override={r.choice([2, 5])}" if rank > 1 and r.random() < 0.1 else ""
    layer = r.choice(
        [
            *[f"nn.MaxPool{rank}d({kernel}, {outside}, dilation={r.choice([1, 1, 1, 2])})"] * 2,
            *[f"nn.AvgPool{rank}d({kernel}, {outside}, {counted}{divisor})"] * 2,
            f"nn.AdaptiveAvgPool{rank}d({size})",
            f"nn.AdaptiveMaxPool{rank}d({size})",
            f"nn.LPPool{min(rank, 2)}d(2, 2)",
        ]
    )
    return m.add(f"self.NUMBER({x})", layer)


@_rule(7)
def _linear(m: Maker) -> object:
    r, x = m.random, m.pick()
    if x is None or not m.shape(x):
        return None
    columns = m.shape(x)[-1]
    rows = r.choice([1, 3, 8, 16, 20, 32, 48])
    if r.random() < 0.05 and (y := m.pick(2)):
        features = m.shape(y)[-1]
        return m.add(f"self.NUMBER({x}, {y})", f"nn.Bilinear({columns}, {features}, {rows})")
    return m.add(f"self.NUMBER({x})", f"nn.Linear({columns}, {rows}, bias={r.random() < 0.7})")


@_rule(3)
def _attention(m: Maker) -> object:
    r, x = m.random, m.pick(3, 3, 4)
    if x is None:
        return None
    shape = m.shape(x)
    size = shape[-1]
    heads = r.choice(_divisors(size)[:4])
    if len(shape) == 4 or r.random() < 0.4:
        causal = r.random() < 0.3
        return m.add(f"F.scaled_dot_product_attention({x}, {x}, {x}, is_causal={causal})")
    if r.random() < 0.3:
        return m.add(
            f"self.NUMBER({x})",
            f"nn.TransformerEncoderLayer({size}, {heads}, {r.choice([8, 16])}, batch_first=True, "
            f"norm_first={r.random() < 0.5}, activation='{r.choice(['relu', 'gelu'])}')",
        )
    return m.add(
        f"self.NUMBER({x}, {x}, {x})[0]",
        f"nn.MultiheadAttention({size}, {heads}, batch_first={r.random() < 0.7}, "
        f"bias={r.random() < 0.7})",
    )


@_rule(3)
def _recurrent(m: Maker) -> object:
    r, x = m.random, m.pick(2, 3)
    if x is None or (len(m.shape(x)) == 3 and max(m.shape(x)[:2]) > 6):
        return None
    size, hidden = m.shape(x)[-1], r.choice([4, 8, 16])
    kind = r.choice(["RNN", "GRU", "LSTM"])
    if len(m.shape(x)) == 2:
        index = "[0]" if kind == "LSTM" else ""
        return m.add(f"self.NUMBER({x}){index}", f"nn.{kind}Cell({size}, {hidden})")
    return m.add(
        f"self.NUMBER({x})[{0 if r.random() < 0.7 or kind == 'LSTM' else 1}]",
        f"nn.{kind}({size}, {hidden}, num_layers={r.choice([1, 1, 2])}, "
        f"batch_first={r.random() < 0.7}, bidirectional={r.random() < 0.3}, "
        f"bias={r.random() < 0.8})",
    )


@_rule(4)
def _resampling(m: Maker) -> object:
    r, x = m.random, m.pick(3, 4, 4, 5)
    if x is None:
        return None
    rank = len(m.shape(x)) - 2
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[rank]
    mode = r.choice(["nearest", "nearest", "nearest-exact", linear, linear, "bicubic", "area"])
    to = r.choice(["scale_factor=2", "scale_factor=1.5", "scale_factor=0.5", "size"])
    if to == "size":
        to = f"size={tuple(r.randint(1, 9) for _ in range(rank))}"
    corners = f", align_corners={r.random() < 0.4}" if mode in (linear, "bicubic") else ""
    square = r.random() < 0.2 and rank == 2
    if square and (c := m.shape(x)[1]) % 4 == 0 and c:
        return m.add(f"F.pixel_shuffle({x}, 2)")
    if square:
        return m.add(f"F.pixel_unshuffle({x}, 2)")
    # What lies between two pixels is rounded to one of them.
    return m.add(
        f"F.interpolate({x}, {to}, mode='{mode}'{corners})", jumps=mode.startswith("nearest")
    )


@_rule(8)
def _shape(m: Maker) -> object:
    r, x = m.random, m.pick()
    if x is None or not m.shape(x):
        return None
    shape = m.shape(x)
    rank = len(shape)
    d = r.randrange(rank)
    size = shape[d]
    order = list(range(rank))
    r.shuffle(order)
    start = r.randrange(size)
    at = ":, " * d
    factors = _divisors(size)
    factor = r.choice(factors)
    pads = [r.choice([0, 1, 2]) for _ in range(2 * r.randint(1, min(rank, 3)))]
    mode = r.choice(["constant", "constant", "reflect", "replicate", "circular"])
    fill = f", value={r.choice([0.0, 1.5, -2.0])}" if mode == "constant" else ""
    ends = r.choice([size, min(size, start + r.randint(1, 4))])
    split = [*shape[:d], factor, size // factor, *shape[d + 1 :]]
    return m.add(
        r.choice(
            [
                f"{x}.permute({order})",
                f"{x}.permute({order}).contiguous()",
                f"{x}.transpose({d}, {r.randrange(rank)})",
                f"{x}.flatten({d})",
                f"{x}.flatten(1)" if rank > 1 else f"{x}[None]",
                f"{x}.reshape({split})",
                f"{x}.reshape({split}).transpose({d}, {d + 1}).reshape({list(shape)})",
                f"{x}.unflatten({d}, ({factor}, {size // factor}))",
                f"{x}.unsqueeze({d})",
                f"{x}.squeeze({d})",
                f"{x}.flip({d})",
                f"{x}.roll({r.randint(1, 3)}, {d})",
                f"F.pad({x}, {pads}, mode='{mode}'{fill})",
                f"{x}[{at}{start}:{ends}:{r.choice([1, 1, 2, 3])}]",
                f"{x}[{at}{start}]",
                f"{x}[..., {r.choice([0, -1])}]",
                f"{x}.narrow({d}, {start}, {size - start})",
                f"{x}.chunk({r.choice([2, 3])}, {d})[-1]",
                f"{x}.split({r.choice([1, 2, 3])}, {d})[0]",
                f"{x}.unbind({d})[-1]",
                f"{x}.expand({r.choice([2, 3])}, {', '.join(['-1'] * rank)})",
                f"{x}.repeat({', '.join(str(r.choice([1, 1, 2])) for _ in shape)})",
                f"{x}.repeat_interleave(2, {d})",
                f"{x}.unfold({d}, {r.randint(1, min(size, 3))}, {r.choice([1, 2])})",
                f"{x}.tril() if {rank} > 1 else {x}",
                f"{x}.rot90(1, ({d}, {(d + 1) % rank}))",
                f"{x}.diagonal()",
                f"{x}.clone()",
                f"F.unfold({x}, {r.choice([1, 2, 3])}, padding=1)",
                f"F.channel_shuffle({x}, {r.choice(factors)})",
            ]
        )
    )


@_rule(5)
def _join(m: Maker) -> object:
    r, x = m.random, m.pick()
    if x is None or not m.shape(x):
        return None
    shape = m.shape(x)
    d = r.randrange(len(shape))

    def fits(value: Tensor) -> bool:
        other = tuple(value.shape)
        same = len(other) == len(shape) and other[:d] + other[d + 1 :] == shape[:d] + shape[d + 1 :]
        return value.dtype == torch.float32 and same

    y = m.pick(where=fits)
    return m.add(
        r.choice(
            [
                *[f"torch.cat([{x}, {y}], {d})"] * 3,
                f"torch.cat([{y}, {x}, {y}], {d})",
                f"torch.stack([{x}, {x}], {d})",
                f"torch.hstack([{x}, {y}])",
            ]
        )
    )


@_rule(10)
def _arithmetic(m: Maker) -> object:
    r, x = m.random, m.pick()
    if x is None:
        return None

    def broadcasts(value: Tensor) -> bool:
        try:
            torch.broadcast_shapes(value.shape, m.shape(x))
        except RuntimeError:
            return False
        return value.dtype == torch.float32

    y = m.pick(where=broadcasts)
    number = r.choice([0.5, 2, -1.5, 3])
    plain = [
        *[f"{x} + {y}"] * 4,
        *[f"{x} * {y}"] * 2,
        f"{x} - {y}",
        f"{x} / ({y}.abs() + 1)",
        f"{x} + {number}",
        f"{x} * {number}",
        f"{number} - {x}",
        f"{x} / {number}",
        f"torch.add({x}, {y}, alpha={number})",
        f"torch.maximum({x}, {y})",
        f"torch.minimum({x}, {y})",
        f"torch.lerp({x}, {y}, 0.3)",
        f"torch.addcmul({x}, {x}, {y}, value=0.5)",
        f"{x}.clamp({-abs(number)}, {abs(number)})",
        f"{x}.clamp(min={number})",
        f"{x}.clamp(max={number})",
        f"{x} ** 2",
        f"{x} ** 3",
        f"({x}.abs() + 0.1) ** {number}",
        f"{x}.abs()",
        f"{x}.neg()",
        f"{x}.exp().clamp(max=50)",
        f"({x}.abs() + 0.1).log()",
        f"{x}.abs().log1p()",
        f"{x}.clamp(max=3).expm1()",
        f"({x}.abs() + 0.1).sqrt()",
        f"({x}.abs() + 0.1).rsqrt()",
        f"({x}.abs() + 0.5).reciprocal()",
        f"{x}.square()",
        f"{x}.sin()",
        f"{x}.cos()",
        f"{x}.atan()",
        f"torch.atan2({x}, {y}.abs() + 0.1)",
        f"{x}.erf()",
        f"{x}.sinh()",
        f"{x}.asinh()",
        f"torch.hypot({x}, {y})",
        f"torch.logaddexp({x}, {y})",
        f"F.normalize({x}, dim=-1)",
        f"F.cosine_similarity({x}, {y}, dim=-1)",
        f"torch.dist({x}, {y})",
        f"{x}.nan_to_num()",
        f"torch.addcdiv({x}, {x}, {y}.abs() + 1)",
    ]
    jumping = [
        f"{x}.fmod(2.5)",
        f"{x}.remainder(2.5)",
        f"{x}.sign()",
        f"{x}.floor()",
        f"{x}.ceil()",
        f"{x}.round()",
        f"{x}.trunc()",
        f"{x}.frac()",
        f"torch.where({x} > {y}, {x}, {y} * 2)",
        f"torch.where({x} > 0.1, {x}, torch.zeros_like({x}))",
        f"{x}.masked_fill({x} < 0, -1.0)",
        f"{x} * ({x} >= {y})",
        f"{x} * ({x} != 0).to(torch.float32)",
        f"torch.where(({x} > 0) & ({y} < 1) | ({x} <= -1), {x}, {y})",
        f"torch.heaviside({x}, {y})",
        f"({x} > 0.3).to(torch.float32)",
        f"{x}.div({y}.abs() + 1, rounding_mode='floor')",
        f"{x}.isnan().to(torch.float32) + {x}",
    ]
    if r.random() < 0.75:
        return m.add(r.choice(plain))
    return m.add(r.choice(jumping), jumps=True)


@_rule(6)
def _reduction(m: Maker) -> object:
    r, x = m.random, m.pick()
    if x is None or not m.shape(x):
        return None
    rank = len(m.shape(x))
    dims = r.sample(range(rank), r.randint(1, min(rank, 2)))
    d = dims[0]
    keep = f"keepdim={r.random() < 0.5}"
    return m.add(
        *r.choice(
            [
                *[(f"{x}.mean({dims}, {keep})",)] * 3,
                *[(f"{x}.sum({dims}, {keep})",)] * 2,
                (f"{x}.amax({dims}, {keep})",),
                (f"{x}.amin({dims}, {keep})",),
                (f"{x}.max({d}, {keep})[0]",),
                (f"{x}.var({dims}, {keep})",),
                (f"{x}.std({d}, {keep}, correction=0)",),
                (f"torch.logsumexp({x}, {dims}, {keep})",),
                (f"{x}.norm(dim={d}, {keep})",),
                (f"torch.linalg.vector_norm({x}, ord={r.choice([1, 2, 3])}, dim={d})",),
                (f"{x}.clamp(-1.2, 1.2).prod({d}, {keep})",),
                (f"{x}.mean()",),
                (f"{x}.sum()",),
                (f"{x}.max()",),
                (f"{x}.cumsum({d})",),
                (f"{x}.sort({d})[0]",),
                (f"{x}.topk(1, {d})[0]",),
                (f"{x}.median({d})[0]",),
                (f"torch.var_mean({x}, {dims})[1]",),
                (f"{x}.softmax({d})",),
                (f"{x}.log_softmax({d})",),
                (f"{x}.logcumsumexp({d})",),
            ]
        )
    )


@_rule(4)
def _product(m: Maker) -> object:
    r, x = m.random, m.pick(2, 3, 4)
    if x is None:
        return None
    shape = m.shape(x)
    rank = len(shape)
    y = m.pick(2, 3, 4, where=lambda v: v.dtype == torch.float32 and v.shape[-2] == shape[-1])
    letters = "bcij"[-rank:]
    return m.add(
        r.choice(
            [
                f"{x} @ {x}.transpose(-1, -2)",
                f"{x}.transpose(-1, -2) @ {x}",
                f"{x} @ {y}" if y else f"{x} @ {x}.mT",
                f"torch.einsum('{letters},{letters}->{letters[:-1]}', {x}, {x})",
                f"torch.einsum('...ij,...kj->...ik', {x}, {x})",
                f"torch.einsum('{letters}->{letters[::-1]}', {x})",
                f"{x} @ {x}[..., 0, :].unsqueeze(-1)",
                f"torch.bmm({x}, {x}.mT)",
                f"torch.baddbmm({x} @ {x}.mT, {x}, {x}.mT, alpha=0.5)",
                f"torch.tensordot({x}, {x}, dims=([{rank - 1}], [{rank - 1}]))",
                f"torch.cdist({x}, {x} + 1)",
                f"torch.outer({x}.flatten()[:9], {x}.flatten()[:5])",
            ]
        )
    )


@_rule(4)
def _integers(m: Maker) -> object:
    r = m.random
    index = m.pick(where=lambda value: value.dtype in (torch.int64, torch.int32, torch.bool))
    x = m.pick()
    makes = []
    if x is not None and m.shape(x):
        d = r.randrange(len(m.shape(x)))
        size = m.shape(x)[d]
        listed = [r.randrange(size) for _ in range(r.randint(1, 4))]
        makes += [
            f"{x}.index_select({d}, torch.tensor({listed}))",
            f"{x}[{':, ' * d}{listed}]",
            f"{x} + torch.arange({m.shape(x)[-1]})",
            f"{x}.gather({d}, torch.zeros({m.shape(x)}, dtype=torch.int64) + {size - 1})",
            f"{x}.argmax({d})",
            f"({x} * 3).to(torch.int64)",
            f"({x} * 3).to(torch.int32)",
            f"({x} * 3).int() // 2",
            f"({x} > 0)",
            f"({x} > 0).sum({d})",
            f"({x} > 0).any({d})",
            f"torch.full_like({x}, 2.0)",
            f"{x}.index_add({d}, torch.tensor([0]), {x}.narrow({d}, 0, 1))",
            f"{x}.scatter({d}, torch.zeros({m.shape(x)}, dtype=torch.int64), 1.0)",
        ]
    if index is not None:
        makes += [
            f"{index}.to(torch.float32)",
            f"{index} * 3 - 1",
            f"{index} % 3",
            f"{index}.clamp(0, 3)",
            f"{index} == 1",
            f"~({index} > 1)",
            f"{index}.to(torch.float32).mean()",
            f"F.one_hot({index} % 4, 4)",
            f"{index} & 3",
            f"{index}.bitwise_xor({index} + 1)",
            f"torch.where({index} > 1, {index}, -{index})",
            f"{index}.sum()",
            f"{index}.max()",
        ]
        if r.random() < 0.5:
            kind, size = r.choice(["Embedding", "Embedding", "EmbeddingBag"]), r.choice([4, 8])
            return m.add(f"self.NUMBER({index} % 10)", f"nn.{kind}(10, {size})")
    return m.add(r.choice(makes), jumps=True) if makes else None


_WEIGHTS = [weight for weight, _ in _RULES]
_CHOICES = [rule for _, rule in _RULES]


def random_program(seed: int, *, float16: bool, vulkan: bool) -> Program:
    """The program of a seed.

    Args:
      seed: of it; the same one makes the same program.
      float16: whether this machine computes in float16.
      vulkan: whether it has a Vulkan driver.
    """
    m = Maker(seed)
    r = m.random
    for _ in range(r.choice([1, 1, 1, 1, 2, 3])):
        _add_input(m)
    for _ in range(r.choice([1, 2, 3, 4, 5, 6, 8, 10])):
        for _ in range(_TRIES):
            if r.choices(_CHOICES, _WEIGHTS)[0](m) is not None:
                break
    if not m.steps:
        m.add(f"{next(iter(m.inputs))} + 1")
    last = m.steps[-1].value
    read = {value for step in m.steps for value in step.reads}
    others = [s.value for s in m.steps[:-1] if s.value not in read or r.random() < 0.1]
    outputs = (last, *(others[-3:] if r.random() < 0.6 else ()))
    result = r.choice(["tuple"] * 4 + ["list", "dict", "nested"]) if len(outputs) > 1 else "tuple"
    spoil = ""
    if r.random() < 0.05:
        name = next(iter(m.inputs))
        value = r.choice(["nan", "inf", "-inf"])
        spoil = f"{name}.view(-1)[{r.choice([0, -1])}] = float('{value}')"
        if m.values[name].dtype != torch.float32 or not m.shape(name):
            spoil = ""
    targets = ["llvm-cpu"] * 8 + ["vmvx"] + ["vulkan"] * vulkan
    target = r.choice(targets)
    precision = "float16" if float16 and target == "llvm-cpu" and r.random() < 0.2 else "float32"
    return _needed(
        Program(
            m.inputs,
            tuple(m.steps),
            outputs,
            result,
            _preparation(r, prune=not spoil),
            spoil,
            target,
            precision,
        )
    )


def _add_input(m: Maker) -> None:
    r = m.random
    size = r.choice([1, 2, 3, 5, 8, 12, 16])
    sides = [r.choice([size, size, r.randint(1, 16)]) for _ in range(3)]
    batch, channels = r.choice([1, 1, 1, 2, 3]), r.choice([1, 2, 3, 4, 6, 8, 12, 16])
    shape = r.choice(
        [
            *[(batch, channels, *sides[:2])] * 5,
            (batch, r.choice([2, 4, 6]), r.choice([4, 8, 16])),
            (batch, channels, r.choice([8, 20, 40])),
            (batch, r.choice([4, 16, 24, 64])),
            (batch, min(channels, 4), *(min(s, 6) for s in sides)),
            (r.choice([4, 9]),),
        ]
    )
    kind = r.random()
    if kind < 0.9:
        m.add_input(shape, f"torch.randn{shape}")
    elif kind < 0.96:
        m.add_input(shape, f"torch.randint(0, 9, {shape})")
    else:
        m.add_input(shape, f"torch.rand{shape} < 0.5")


def _preparation(r: random.Random, *, prune: bool) -> tuple[str, ...]:
    """Lines that make the parameters random, then prune them, by `prune_` or at random."""
    lines = [
        "[p.add_(0.3 * torch.randn_like(p)) for p in model.parameters() if p.dim() < 2]",
        "[b.mul_(0.5).add_(0.3 * torch.rand_like(b)) for n, b in model.named_buffers() "
        "if 'running' in n]",
    ]
    way = r.random()
    if not prune or way < 0.25:
        return tuple(lines)
    if way < 0.35:
        keep = r.choice([0.0, 0.1, 0.5, 0.9])
        lines.append(
            f"[p.mul_(torch.rand_like(p) < {keep}) for p in model.parameters() if p.dim() > 1]"
        )
    elif way < 0.45:
        keep = r.choice([0.0, 0.2, 0.5])
        lines.append(
            f"[p.mul_((torch.rand(p.shape[:2]) < {keep}).view(*p.shape[:2], *[1] * (p.dim() - 2))) "
            "for p in model.parameters() if p.dim() > 1]"
        )
    elif way < 0.5:
        factor = r.choice([1e-30, 1e-42, 100.0])
        lines.append(f"[p.mul_({factor}) for p in model.parameters() if p.dim() > 1]")
    else:
        options: dict[str, Any] = {
            "form": r.choice(["layer", "filter", "group"]),
            "group_size": r.choice([1, 2, 3, 4, 8, 16]),
            "connectivity": r.choice([1.0, 1.5, 2.0, 3.6, 8.0]),
            "linear": r.random() < 0.6,
            "block_rows": r.choice([1, 4, 8, 16, 32]),
            "structure": r.choice(["pattern"] * 6 + ["unstructured", "filter", "2:4"]),
            "rate": r.choice([1.5, 2.0, 8.1]),
            "skip_first": r.random() < 0.5,
        }
        chosen = {key: value for key, value in options.items() if r.random() < 0.6}
        lines.append(f"patternc.prune_(model, **{chosen})")
    return tuple(lines)
