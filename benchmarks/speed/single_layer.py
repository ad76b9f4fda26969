# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One pruned convolution against the same convolution dense in other engines.

The layer has 256 channels, 256 filters of 3x3, padding 1, bias and ReLU, on one image of 56x56, in
float32, float16, bfloat16 and int8, as far as an engine and the machine have them. It is pruned 8.1
times: a pattern keeps 4 of 9 positions of a kernel, and one kernel in 3.6 stays.
"""

import argparse
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.comparison.bars import write_bars
from benchmarks.comparison.checks import check_layer, check_network, relative_error
from benchmarks.comparison.headline import headline
from benchmarks.comparison.measurement import Candidate, Measurement, compile_candidates, measure
from benchmarks.comparison.tables import measured_table, threads_in_words
from benchmarks.engines.dense import DENSE_ENGINES
from benchmarks.engines.engine import Precision, name_with
from benchmarks.engines.host import describe_host
from benchmarks.engines.patternc import Patternc
from benchmarks.measuring.command_line import new_timing_parser, positive, run
from benchmarks.measuring.machine import machine_line
from benchmarks.measuring.pyplot import require_pyplot
from benchmarks.models.pruned_convolution import CHANNELS, SIZE, make_layer, make_pruned

_DENSE = [engine for kinds in DENSE_ENGINES.values() for engine in kinds]
_CASE = f"convolution {CHANNELS}x{CHANNELS}x3x3 on {SIZE}x{SIZE}"
# How many times as fast as the fastest dense engine our pruned candidates are meant to be: in int8
# at any precision, the others in float32.
_GOALS = {
    "patternc, groups of 8, int8": 6.5,
    "patternc, groups of 4": 2,
    "patternc, groups of 8": 2,
    "patternc, groups of 8, float16": None,
    "patternc, form filter": None,
}


def main() -> int:
    arguments = _parse_arguments()
    if arguments.plot:
        require_pyplot()
    dense, image = make_layer()
    groups_of_8 = make_pruned(dense, 8)
    candidates = [
        _ours("groups of 4", make_pruned(dense, 4)),
        _ours("groups of 8", groups_of_8),
        _ours("groups of 8", groups_of_8, "float16"),
        _ours("groups of 8", groups_of_8, "int8"),
        _ours("form filter", make_pruned(dense, 1)),
        _ours("dense", dense),
        _ours("dense", dense, "int8"),
        *(Candidate(engine.name, engine, dense) for engine in _DENSE),
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
    rows = measurement.rows
    pruned = [name for name in _GOALS if name in rows]
    print(measured_table(measurement, ours=pruned[0]))
    print()
    peers = [engine.name for engine in _DENSE if engine.name in rows]
    for name in pruned:
        print(headline(rows, name, peers, goal=_GOALS[name]))
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


def _ours(variant: str, model: nn.Module, precision: Precision = "float32") -> Candidate:
    engine = Patternc(precision=precision)
    return Candidate(name_with(f"{Patternc.name}, {variant}", precision), engine, model)


def _check(output: np.ndarray, candidate: Candidate, image: Tensor) -> float:
    bounded = {"float32": torch.float32, "float16": torch.float16}
    if dtype := bounded.get(candidate.engine.precision):
        check_layer(output, candidate.model, image, dtype)
        return relative_error(output, candidate, image)
    return check_network(output, candidate, image)


def _heading(arguments: argparse.Namespace, machine: Mapping[str, Any]) -> str:
    return (
        f"{_CASE}, bias, ReLU, batch 1\n"
        f"{machine_line(machine)}\n"
        f"{threads_in_words(arguments.threads)}, {arguments.rounds} rounds of {arguments.calls} "
        "calls, every result checked"
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
        **measurement.plain(),
    }
    arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    run(main)
