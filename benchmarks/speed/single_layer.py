# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One pruned convolution against the same convolution dense in other engines.

The layer has 256 channels, 256 filters of 3x3, padding 1, bias and ReLU, on one image of 56x56 in
float32, and once in float16 where the machine computes in it. It is pruned 8.1 times: a pattern
keeps 4 of 9 positions of a kernel, and one kernel in 3.6 stays.
"""

import argparse
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from tabulate import tabulate
from torch import Tensor

from benchmarks.comparison.bars import write_bars
from benchmarks.comparison.checks import check_layer
from benchmarks.comparison.measurement import (
    Candidate,
    Measurement,
    Row,
    compile_candidates,
    measure,
)
from benchmarks.comparison.tables import measured_table, threads_in_words
from benchmarks.engines.host import describe_host
from benchmarks.engines.ncnn import Ncnn
from benchmarks.engines.onnx_runtime import OnnxRuntime
from benchmarks.engines.patternc import IreeAlone, Patternc
from benchmarks.engines.pytorch import PyTorch
from benchmarks.measuring.command_line import new_timing_parser, positive, run
from benchmarks.measuring.machine import machine_line
from benchmarks.measuring.pyplot import require_pyplot
from benchmarks.models.pruned_convolution import CHANNELS, SIZE, make_layer, make_pruned

_CASE = f"convolution {CHANNELS}x{CHANNELS}x3x3 on {SIZE}x{SIZE}"
_OURS = "patternc, groups of 4"
_HALVES = "patternc, groups of 8, float16"
_GOALS = {IreeAlone.name: 10, OnnxRuntime.name: 5, Ncnn.name: 2}


def main() -> int:
    arguments = _parse_arguments()
    if arguments.plot:
        require_pyplot()
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
    machine = describe_host()
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
    check_layer(output, candidate.model, image, dtype)


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
