# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The pattern layers of the networks: what each reaches of the processor's peak.

The networks are those of networks.py, on one thread, pruned in filter groups, in float32 or int8.
They run as a whole, and IREE's profiler times the kernels within them. Layers of the same shape are
one line; all that is no pattern layer is summed up below.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from tabulate import tabulate
from tqdm import tqdm

from benchmarks.comparison.measurement import Row
from benchmarks.comparison.peak import prepare_loop
from benchmarks.engines.engine import NotMeasuredError, Precision
from benchmarks.engines.host import describe_host
from benchmarks.engines.patternc import Patternc
from benchmarks.measuring.command_line import add_choices, new_json_parser, positive, run
from benchmarks.measuring.interleave import Timing, interleave
from benchmarks.measuring.machine import machine_line
from benchmarks.models.pruned_networks import NETWORKS
from benchmarks.speed.dispatches import time_dispatches
from patternc.runtime import LayerReport, Report

_VARIANT = "groups of 8"
_PRECISIONS = ("float32", "int8")
_GOAL = 0.7  # of the peak, for every pattern layer
_PEAK_ROUNDS = 20
_OTHER = "pooling, copies, other operators"


@dataclass(frozen=True)
class Part:
    """A part of a network, within one call of it.

    Attributes:
      name: the layers' shape, or what kind of work it is.
      is_pattern: whether its kernels keep some of their positions.
      kernels: that are run.
      multiply_adds: of the weights that are kept.
      seconds: the medians of its kernels.
    """

    name: str
    is_pattern: bool
    kernels: int
    multiply_adds: int
    seconds: float

    @property
    def gops(self) -> float:
        return 2e-9 * self.multiply_adds / self.seconds


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


def split(report: Report, timings: Mapping[str, Timing], calls: int) -> list[Part]:
    """The parts of a network: pattern layers by shape, then the others by kind.

    Args:
      report: of the module.
      timings: of its kernels, by `time_dispatches`.
      calls: that they were timed in.
    """
    part_of: dict[str, str] = {}
    patterns: set[str] = set()
    multiply_adds: dict[str, int] = {}
    placed: list[LayerReport] = []  # in the layer that comes next
    for layer in report.layers:
        placed.append(layer)
        if "placement = consumer" in layer.schedule:
            continue
        part = _part_of(layer) + (" with what it reads" if len(placed) > 1 else "")
        part_of[_symbol(layer.name)] = part
        work = sum(layer.multiply_adds for layer in placed)
        multiply_adds[part] = multiply_adds.get(part, 0) + work
        if _is_pattern(layer):
            patterns.add(part)
        placed.clear()

    kernels: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for symbol, timing in timings.items():
        part = part_of.get(symbol, _OTHER)
        runs = len(timing.seconds) // calls
        kernels[part] = kernels.get(part, 0) + runs
        seconds[part] = seconds.get(part, 0.0) + runs * timing.median
    parts = [
        Part(name, name in patterns, kernels[name], multiply_adds.get(name, 0), seconds[name])
        for name in kernels
    ]
    return sorted(parts, key=lambda part: not part.is_pattern)


def _symbol(layer: str) -> str:
    """The name of a layer's executable, as `iree/StreamExecutable.cpp` makes it."""
    symbol = re.sub(r"[^A-Za-z0-9]", "_", layer)
    return symbol if symbol[:1].isalpha() else f"layer_{symbol}"


def _is_pattern(layer: LayerReport) -> bool:
    return len(layer.patterns[0]) < layer.weights[2] * layer.weights[3]


def _part_of(layer: LayerReport) -> str:
    filters, channels, height, width = layer.weights
    if not _is_pattern(layer):
        kind = "fully connected" if layer.output[2:] == [1, 1] else f"{height}x{width}"
        return kind + (", pruned" if layer.kept_kernels < layer.kernels else ", dense")
    channels = "depthwise" if layer.groups > 1 else str(channels)
    stride = "" if layer.strides == [1, 1] else f", stride {layer.strides[0]}"
    size = "x".join(map(str, layer.output[2:]))
    return f"{channels} -> {filters}, {height}x{width}{stride}, {size}"


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
