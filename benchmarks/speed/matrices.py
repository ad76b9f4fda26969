# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Products with a pruned matrix against the same products dense in other engines.

A linear layer of as many inputs as outputs, with bias, in float32, on inputs of 1 to 128 rows, as
a classifier, a batch or the positions of a sequence have them. Blocks of 8, 16 or 32 rows of the
matrix keep one column in four.
"""

import argparse
import copy
import json

import numpy as np
import torch
from tabulate import tabulate
from torch import Tensor, nn

import patternc
from benchmarks.comparison.checks import check_layer, relative_error
from benchmarks.comparison.measurement import Candidate, Measurement, compile_candidates, measure
from benchmarks.comparison.tables import threads_in_words
from benchmarks.engines.host import describe_host
from benchmarks.engines.onnx_runtime import OnnxRuntime
from benchmarks.engines.patternc import IreeAlone, Patternc
from benchmarks.engines.pytorch import PyTorch
from benchmarks.measuring.command_line import new_json_parser, positive, run
from benchmarks.measuring.machine import machine_line

RATE = 4
BLOCKS = (8, 16, 32)


def make_layer(size: int, rows: int) -> tuple[nn.Linear, Tensor]:
    """A dense layer with random weights, and an input for it."""
    generator = torch.Generator().manual_seed(0)
    layer = nn.Linear(size, size)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=size**-0.5, generator=generator)
    return layer.eval().requires_grad_(False), torch.randn(rows, size, generator=generator)


def make_pruned(layer: nn.Linear, block: int) -> nn.Linear:
    """A copy in which each block of rows keeps one column in `RATE`."""
    pruned = copy.deepcopy(layer)
    patternc.prune_(pruned, linear=True, connectivity=RATE, block_rows=block)
    return pruned


def main() -> int:
    arguments = _parse_arguments()
    machine = describe_host()
    print(f"linear layers, one column in {RATE} kept, bias, float32")
    print(machine_line(machine))
    print(
        f"{threads_in_words(arguments.threads)}, {arguments.rounds} rounds of {arguments.calls} "
        "calls, every result checked"
    )
    measured = []
    for size in arguments.sizes:
        for rows in arguments.rows:
            measurement = _measure(size, rows, arguments)
            measured.append({"size": size, "rows": rows, **measurement.plain()})
            print(f"\n{rows} rows, {size} inputs and outputs\n\n{_table(measurement)}", flush=True)
    if arguments.json:
        content = {"machine": dict(machine), "threads": arguments.threads, "layers": measured}
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_json_parser(__doc__)
    parser.add_argument("--rounds", type=positive, default=20, help="turns of every engine (20)")
    parser.add_argument("--threads", type=positive, default=1, help="threads of every engine (1)")
    parser.add_argument("--calls", type=positive, default=5, help="timed calls in a turn (5)")
    parser.add_argument(
        "--sizes", type=positive, nargs="+", default=[768, 3072], help="inputs (768 3072)"
    )
    parser.add_argument(
        "--rows", type=positive, nargs="+", default=[1, 8, 32, 128], help="rows (1 8 32 128)"
    )
    return parser.parse_args()


def _measure(size: int, rows: int, arguments: argparse.Namespace) -> Measurement:
    dense, x = make_layer(size, rows)
    candidates = [
        *(Candidate(f"patternc, blocks of {b}", Patternc(), make_pruned(dense, b)) for b in BLOCKS),
        *(Candidate(e.name, e, dense) for e in (IreeAlone(), OnnxRuntime(), PyTorch())),
    ]
    return measure(
        compile_candidates(candidates, x),
        x,
        check=_check,
        threads=arguments.threads,
        rounds=arguments.rounds,
        calls_per_turn=arguments.calls,
    )


def _check(output: np.ndarray, candidate: Candidate, x: Tensor) -> float:
    check_layer(output, candidate.model, x)
    return relative_error(output, candidate, x)


def _table(measurement: Measurement) -> str:
    rows = measurement.rows
    dense = [row.timing for name, row in rows.items() if not name.startswith("patternc, blocks")]
    median = min(timing.median for timing in dense)
    fastest = min(timing.fastest for timing in dense)
    lines = [
        (
            name,
            f"{row.timing.median * 1e3:.3f}",
            f"{row.timing.fastest * 1e3:.3f}",
            " - ".join(f"{quartile * 1e3:.3f}" for quartile in row.timing.quartiles),
            f"{row.gops:.1f}",
            f"{median / row.timing.median:.2f}",
            f"{fastest / row.timing.fastest:.2f}",
        )
        for name, row in rows.items()
    ]
    headers = ("engine", "median ms", "min", "quartiles", "GOP/s", "best dense / this", "by min")
    return tabulate(
        lines, headers, colalign=("left", *["right"] * (len(headers) - 1)), disable_numparse=True
    )


if __name__ == "__main__":
    run(main)
