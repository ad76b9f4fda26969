# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The table of rules with their probabilities, and the random programs that they make."""

import random
from collections.abc import Callable
from typing import Any

import torch

from fuzz.modules.activations import activation, norm
from fuzz.modules.arithmetic import arithmetic, integers, reduction
from fuzz.modules.convolutions import convolution, pooling, resampling, transposed_convolution
from fuzz.modules.maker import Maker
from fuzz.modules.products import attention, linear, product, recurrent
from fuzz.modules.program import Program
from fuzz.modules.shapes import join, shape
from fuzz.modules.shrinking import needed

# Adds a step that reads values that there are; None where nothing fits or PyTorch refuses.
_Rule = Callable[[Maker], str | None]
_RULES: tuple[tuple[float, _Rule], ...] = (
    (22, convolution),
    (3, transposed_convolution),
    (6, norm),
    (12, activation),
    (6, pooling),
    (7, linear),
    (3, attention),
    (3, recurrent),
    (4, resampling),
    (8, shape),
    (5, join),
    (10, arithmetic),
    (6, reduction),
    (4, product),
    (4, integers),
)
_WEIGHTS = [weight for weight, _ in _RULES]
_CHOICES = [rule for _, rule in _RULES]
_TRIES = 12


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
    return needed(
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
