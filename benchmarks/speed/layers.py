# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The pattern layers of the networks: what each reaches of the processor's peak.

The networks are those of networks.py, on one thread, pruned in filter groups, in float32 or int8.
They run as a whole, and IREE's profiler times the kernels within them. Layers of the same shape are
one line; all that is no pattern layer is summed up below.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

import torch
from tabulate import tabulate
from tqdm import tqdm

from benchmarks.comparison.measurement import Row
from benchmarks.comparison.parts import Part, split
from benchmarks.comparison.peak import prepare_loop
from benchmarks.engines.dispatches import time_dispatches
from benchmarks.engines.engine import NotMeasuredError, Precision
from benchmarks.engines.host import describe_host
from benchmarks.engines.patternc import Patternc
from benchmarks.measuring.command_line import add_choices, new_json_parser, positive, run
from benchmarks.measuring.interleave import interleave
from benchmarks.measuring.machine import machine_line
from benchmarks.models.pruned_networks import NETWORKS

_VARIANT = "groups of 8"
_PRECISIONS = ("float32", "int8")
_GOAL = 0.7  # of the peak, for every pattern layer
_PEAK_ROUNDS = 20


def main() -> int:
    arguments = _parse_arguments()
    machine = describe_host()
    case = f"patternc, {_VARIANT}, batch 1, 224x224, {arguments.precision}"
    print(f"1 thread, {case}\n{machine_line(machine)}\n{arguments.calls} calls")
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    engine = Patternc(precision=arguments.precision)
    parts, peaks = {}, {}
    for key in tqdm(arguments.networks, "measure", disable=None, leave=False):
        network = NETWORKS[key]
        try:
            module = engine.compile(network.pruned(network.dense(), _VARIANT), image)
        except NotMeasuredError as error:
            sys.exit(f"error: {error}")
        timings = time_dispatches(module, image.numpy(), calls=arguments.calls)
        parts[key] = split(module.report(), timings, arguments.calls)
        peaks[key] = _measure_peak(arguments.precision)
        print(f"\n{network.title}\n\n{_table(parts[key], peaks[key])}", flush=True)
    if arguments.json:
        content = {
            "case": f"{case}, 1 thread",
            "machine": machine,
            "calls": arguments.calls,
            "networks": {
                key: {"parts": [asdict(part) for part in parts[key]], "peak_gops": peaks[key]}
                for key in parts
            },
        }
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_json_parser(__doc__)
    add_choices(parser, "--networks", NETWORKS, "what to measure")
    parser.add_argument(
        "--precision",
        choices=_PRECISIONS,
        default="float32",
        help=f"what to compute in: {', '.join(_PRECISIONS)} (float32)",
    )
    parser.add_argument("--calls", type=positive, default=30, help="calls of each network (30)")
    arguments = parser.parse_args()
    arguments.networks = list(dict.fromkeys(arguments.networks))
    return arguments


def _measure_peak(precision: Precision) -> float:
    loop = prepare_loop(precision)
    timing = interleave({"peak": loop.run}, rounds=_PEAK_ROUNDS, calls_per_turn=1)["peak"]
    return Row(loop.multiply_adds, timing).gops


def _table(parts: Sequence[Part], peak: float) -> str:
    patterns = [part for part in parts if part.is_pattern]

    def total(name: str, of: Sequence[Part]) -> Part:
        sums = (sum(getattr(p, f) for p in of) for f in ("kernels", "multiply_adds", "seconds"))
        return Part(name, False, *sums)

    lines = [
        *patterns,
        total("all pattern layers", patterns),
        *(part for part in parts if not part.is_pattern),
        total("whole network", parts),
    ]
    table = tabulate(
        [
            (
                part.name,
                part.kernels,
                f"{part.seconds * 1e3:.3f}",
                f"{part.multiply_adds / 1e6:.1f}",
                f"{part.gops:.1f}" if part.multiply_adds else "-",
                f"{part.gops / peak:.0%}" if part.multiply_adds else "-",
            )
            for part in lines
        ],
        ("part", "kernels", "ms", "MMAC", "GOP/s", "of peak"),
        colalign=("left", *["right"] * 5),
        disable_numparse=True,
    )
    reached = sum(part.gops >= _GOAL * peak for part in patterns)
    return (
        f"{table}\n\n"
        "ms: medians of the kernels within the network, without what is between them\n"
        f"peak: {peak:.0f} GOP/s, a loop of multiply-adds timed after the network\n"
        f"{reached} of {len(patterns)} shapes of pattern layers reach {_GOAL:.0%} of the peak"
    )


if __name__ == "__main__":
    run(main)
