# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Programs with less in them."""

import re
from collections.abc import Iterator
from dataclasses import replace

import torch

from fuzz.modules.program import VALUE, Input, Program


def smaller(program: Program) -> Iterator[Program]:
    """Programs with less in them, the least first."""
    for step in program.steps[:-1]:
        yield needed(replace(program, outputs=(step.value,), result="tuple"))
    if len(program.outputs) > 1:
        for value in program.outputs:
            yield needed(replace(program, outputs=(value,), result="tuple"))
    for i, step in reversed(list(enumerate(program.steps))):
        if step.like and step.value not in program.outputs:
            steps = program.steps[:i] + program.steps[i + 1 :]
            inputs = program.inputs | {step.value: Input(step.shape, step.like)}
            yield needed(replace(program, inputs=inputs, steps=steps))
        for read in step.reads:
            if _kind(program, read) == (step.shape, step.dtype):
                yield needed(_without(program, i, read))
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


def needed(program: Program) -> Program:
    """The program without what nothing reads."""
    live, steps = set(program.outputs), []
    for step in reversed(program.steps):
        if step.value in live:
            live.update(step.reads)
            steps.append(step)
    inputs = {name: value for name, value in program.inputs.items() if name in live}
    spoil = program.spoil if all(n in inputs for n in VALUE.findall(program.spoil)) else ""
    return replace(program, inputs=inputs, steps=tuple(reversed(steps)), spoil=spoil)


def _kind(program: Program, name: str) -> tuple[tuple[int, ...], torch.dtype] | None:
    """Shape and type of a value; None for an input of other than floats."""
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
