# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One pruned convolution against the same convolution dense in other engines.

The layer has 256 channels, 256 filters of 3x3, padding 1, bias and ReLU, on one image of 56x56 in
float32, and once in float16 where the machine computes in it. It is pruned 8.1 times: a pattern
keeps 4 of 9 positions of a kernel, and one kernel in 3.6 stays.
"""

import argparse
import copy
import json
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch
from tabulate import tabulate
from torch import Tensor, nn

import patternc
from command_line import new_timing_parser, positive, run
from engines import IreeAlone, Ncnn, OnnxRuntime, Patternc, PyTorch
from machine import describe_machine
from measurement import (
    Candidate,
    Measurement,
    Row,
    WrongResultError,
    compile_candidates,
    measure,
)
from plots import require_matplotlib, write_bars
from tables import machine_line, measured_table, threads_in_words

CHANNELS, SIZE = 256, 56

_CASE = f"convolution {CHANNELS}x{CHANNELS}x3x3 on {SIZE}x{SIZE}"
_OURS = "patternc, groups of 4"
_HALVES = "patternc, groups of 8, float16"
_GOALS = {IreeAlone.name: 10, OnnxRuntime.name: 5, Ncnn.name: 2}


def make_layer(
    channels: int = CHANNELS, filters: int = CHANNELS, size: int = SIZE
) -> tuple[nn.Sequential, Tensor]:
    """A dense layer with random weights, and an image for it."""
    generator = torch.Generator().manual_seed(0)
    convolution = nn.Conv2d(channels, filters, 3, padding=1)
    for parameter in convolution.parameters():
        nn.init.normal_(parameter, std=0.02, generator=generator)
    image = torch.randn(1, channels, size, size, generator=generator)
    return nn.Sequential(convolution, nn.ReLU()).eval().requires_grad_(False), image


def make_pruned(layer: nn.Sequential, group_size: int) -> nn.Sequential:
    """A copy of the layer, pruned 8.1 times; filters of a group keep the same weights."""
    pruned = copy.deepcopy(layer)
    if group_size == 1:
        patternc.prune_(pruned, form="filter")
    else:
        patternc.prune_(pruned, form="group", group_size=group_size)
    return pruned


def check(
    output: np.ndarray, layer: nn.Sequential, image: Tensor, dtype: torch.dtype = torch.float32
) -> float:
    """Compares an engine's output with PyTorch's, and returns the largest absolute difference.

    Raises:
      WrongResultError: a value differs by more than rounding to `dtype` can explain:
        2 n eps sum |w x|, where n is the number of products in the sum.
    """
    magnitudes = copy.deepcopy(_convolution(layer))
    for parameter in magnitudes.parameters():
        parameter.abs_()
    products = int(magnitudes.weight.ne(0).sum(dim=(1, 2, 3)).max()) + 1
    bound = 2 * products * torch.finfo(dtype).eps * magnitudes(image.abs())
    difference = (torch.from_numpy(output) - layer(image)).abs()
    largest = float(difference.max())
    if not bool((difference <= bound).all()):  # a NaN is in no bound
        raise WrongResultError(f"differs from PyTorch eager by up to {largest:.2e}")
    return largest


def _convolution(layer: nn.Sequential) -> nn.Conv2d:
    return cast(nn.Conv2d, layer[0])


def main() -> int:
    arguments = _parse_arguments()
    if arguments.plot:
        require_matplotlib()
    dense, image = make_layer()
    pruned = {f"patternc, groups of {size}": make_pruned(dense, size) for size in (4, 8)}
    candidates = [
        *(Candidate(name, Patternc(), layer) for name, layer in pruned.items()),
        Candidate(_HALVES, Patternc(precision="float16"), pruned["patternc, groups of 8"]),
        Candidate("patternc, form filter", Patternc(), make_pruned(dense, 1)),
        Candidate("patternc, dense", Patternc(), dense),
        *(
            Candidate(engine.name, engine, dense)
            for engine in (IreeAlone(), OnnxRuntime(), Ncnn(), PyTorch())
        ),
    ]
    machine = describe_machine()
    measurement = measure(
        compile_candidates(candidates, image),
        image,
        check=_check,
        threads=arguments.threads,
        rounds=arguments.rounds,
        calls_per_turn=arguments.calls,
    )
    print(_heading(arguments, machine))
    print()
    print(measured_table(measurement, ours=_OURS))
    print()
    print(_goals(measurement.rows))
    if arguments.json:
        _write_json(arguments, machine, measurement)
    if arguments.plot:
        title = f"{machine['cpu']}, {threads_in_words(arguments.threads)}"
        write_bars(arguments.plot, [[(title, measurement.rows)]])
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_timing_parser(__doc__)
    parser.add_argument("--threads", type=positive, default=1, help="threads of every engine (1)")
    parser.add_argument("--calls", type=positive, default=5, help="timed calls in a turn (5)")
    return parser.parse_args()


def _check(output: np.ndarray, candidate: Candidate, image: Tensor) -> None:
    dtype = torch.float16 if candidate.name == _HALVES else torch.float32
    check(output, cast(nn.Sequential, candidate.model), image, dtype)


def _heading(arguments: argparse.Namespace, machine: Mapping[str, Any]) -> str:
    return (
        f"{_CASE}, bias, ReLU, batch 1, float32\n"
        f"{machine_line(machine)}\n"
        f"{threads_in_words(arguments.threads)}, {arguments.rounds} rounds of {arguments.calls} "
        "calls, every result checked"
    )


def _goals(rows: Mapping[str, Row]) -> str:
    ours = rows[_OURS].timing
    return tabulate(
        [
            (
                name,
                f"{goal}x",
                f"{rows[name].timing.median / ours.median:.1f}x",
                f"{rows[name].timing.fastest / ours.fastest:.1f}x",
            )
            for name, goal in _GOALS.items()
            if name in rows
        ],
        (f"{_OURS}, faster than", "goal", "by medians", "by fastest calls"),
        colalign=("left", *["right"] * 3),
        disable_numparse=True,
    )


def _write_json(
    arguments: argparse.Namespace, machine: Mapping[str, Any], measurement: Measurement
) -> None:
    content = {
        "case": _CASE,
        "machine": dict(machine),
        "threads": arguments.threads,
        "rounds": arguments.rounds,
        "calls_per_turn": arguments.calls,
        "engines": {name: row.plain() for name, row in measurement.rows.items()},
        "peak_of_one_core": measurement.core.plain(),
        "not_measured": dict(measurement.missing),
    }
    arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    run(main)
