# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What each optimisation gains, on the nine distinct convolutions of VGG-16.

The layers are 3x3 convolutions with bias and ReLU, batch 1, float32, pruned 8.1 times in groups of
8 filters; the first, of three channels, keeps all its kernels and is pruned to patterns. Each step
adds one optimisation to those before:

  none       filters in their own order, each with index arrays of its own, one after another, by a
             plain schedule: two vectors in registers, one tile after another over the whole image
  +FKR       filter-kernel reorder: filters that are alike are groups, which share index arrays
  +LRE       load redundancy elimination between filters: those of a group are computed at once, so
             that one load of input serves them all
  +schedule  tuning: as many vectors as the registers hold, tiles of which the input stays in the
             cache, prefetch

In every step kernels are stored by pattern, and the loop over them has no branch that reordering
could take out; and equal loads of one filter are shared, because LLVM shares them anyway.

Then variants of the pipeline, on all of VGG-16's convolutions with ReLU and max pools.
"""

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tabulate import tabulate
from torch import Tensor, nn

from benchmarks.comparison.bars import write_bars
from benchmarks.comparison.checks import check_layer, check_network, relative_error
from benchmarks.comparison.measurement import (
    Candidate,
    Check,
    Measurement,
    Row,
    compile_candidates,
    measure,
)
from benchmarks.comparison.tables import threads_in_words
from benchmarks.engines.host import describe_host
from benchmarks.engines.patternc import Patternc
from benchmarks.measuring.command_line import add_choices, new_timing_parser, positive, run
from benchmarks.measuring.machine import machine_line
from benchmarks.measuring.pyplot import require_pyplot
from benchmarks.models.pruned_convolution import make_layer, make_pruned
from benchmarks.models.pruned_networks import NETWORKS
from patternc import Pipeline
from patternc.compiler import get_target

# Channels, filters, height and width, by the names of [PatDNN], ASPLOS 2020.
_LAYERS = {
    "L1": (3, 64, 224),
    "L2": (64, 64, 224),
    "L3": (64, 128, 112),
    "L4": (128, 128, 112),
    "L5": (128, 256, 56),
    "L6": (256, 256, 56),
    "L7": (256, 512, 28),
    "L8": (512, 512, 28),
    "L9": (512, 512, 14),
}
_GROUP = 8

_REORDER = "pattern-reorder-filters"
_COMPRESS = "pattern-compress-weights"
_SCHEDULE = "pattern-schedule-convolutions"
_SHARE = "pattern-eliminate-redundant-loads"

_ALL = Pipeline.for_target(get_target("llvm-cpu"))
_WHOLE_IMAGE = 1 << 40  # bytes
_LRE = _ALL.with_options(
    _SCHEDULE, max_vectors=2, cache_bytes=_WHOLE_IMAGE, prefetch=False, input_stationary=False
)
_FKR = _LRE.with_options(_SCHEDULE, filters=1)
_NONE = _FKR.without(_REORDER).with_options(_COMPRESS, max_filter_group=1)
_STEPS = {"none": _NONE, "+FKR": _FKR, "+LRE": _LRE, "+schedule": _ALL}

_KIB = 1024
_VARIANTS = {
    "as it is": _ALL,
    "epilogues not fused": _ALL.without("pattern-fuse-epilogues"),
    "filters not reordered": _ALL.without(_REORDER),
    "groups of 4": _ALL.with_options(_COMPRESS, max_filter_group=4),
    "groups of 1": _ALL.with_options(_COMPRESS, max_filter_group=1),
    "groups of 1, no input stationary": _ALL.with_options(
        _COMPRESS, max_filter_group=1
    ).with_options(_SCHEDULE, input_stationary=False),
    "4 filters at once": _ALL.with_options(_SCHEDULE, filters=4),
    "1 filter at once": _ALL.with_options(_SCHEDULE, filters=1),
    "equal loads left to LLVM": _ALL.without(_SHARE),
    "1 vector": _ALL.with_options(_SCHEDULE, max_vectors=1),
    "2 vectors": _ALL.with_options(_SCHEDULE, max_vectors=2),
    "no prefetch": _ALL.with_options(_SCHEDULE, prefetch=False),
    "all filters of one tile": _ALL.with_options(_SCHEDULE, cache_bytes=1),
    "tiles for 128 KiB": _ALL.with_options(_SCHEDULE, cache_bytes=128 * _KIB),
    "tiles for 256 KiB": _ALL.with_options(_SCHEDULE, cache_bytes=256 * _KIB),
    "tiles for 1 MiB": _ALL.with_options(_SCHEDULE, cache_bytes=1024 * _KIB),
    "all tiles of one group": _ALL.with_options(_SCHEDULE, cache_bytes=_WHOLE_IMAGE),
}


@dataclass(frozen=True)
class Result:
    """What was measured of one model, by step or variant.

    Attributes:
      loads: of a micro-kernel, for each multiply-add of vectors; not of a pipeline that does not
        count them.
    """

    measurement: Measurement
    loads: Mapping[str, float]

    @property
    def rows(self) -> Mapping[str, Row]:
        return self.measurement.rows

    def plain(self) -> dict[str, Any]:
        """In JSON's types."""
        plain = self.measurement.plain()
        return {
            "pipelines": plain["engines"],
            "loads_per_multiply_add": dict(self.loads),
            "peaks_of_one_core": plain["peaks_of_one_core"],
        }


def main() -> int:
    arguments = _parse_arguments()
    if arguments.plot:
        require_pyplot()
    machine = describe_host()
    print(_heading(arguments, machine))
    layers = {}
    for name in arguments.layers:
        dense, image = make_layer(*_LAYERS[name])
        pruned = make_pruned(dense, _GROUP)
        layers[name] = _measure(_STEPS, pruned, image, _check_layer, arguments)
    if layers:
        print(_layer_tables(layers), flush=True)
    variants = None
    if arguments.variants:
        network = NETWORKS["vgg16"]
        image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
        pruned = network.pruned(network.dense(), "groups of 8")
        pipelines = {name: _VARIANTS[name] for name in arguments.variants}
        variants = _measure(pipelines, pruned, image, check_network, arguments)
        print(f"\n{network.title}, groups of 8\n\n{_variants_table(variants)}")
    if arguments.json:
        _write_json(arguments, machine, layers, variants)
    if arguments.plot:
        charts = [(_title(name), result.rows) for name, result in layers.items()]
        write_bars(arguments.plot, [charts[i : i + 3] for i in range(0, len(charts), 3)])
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_timing_parser(__doc__)
    parser.add_argument("--threads", type=positive, default=1, help="threads of every step (1)")
    parser.add_argument("--calls", type=positive, default=3, help="timed calls in a turn (3)")
    add_choices(parser, "--layers", _LAYERS, "what to measure", nargs="*")
    add_choices(parser, "--variants", _VARIANTS, "variants of the pipeline", nargs="*")
    return parser.parse_args()


def _measure(
    pipelines: Mapping[str, Pipeline],
    model: nn.Module,
    image: Tensor,
    check: Check,
    arguments: argparse.Namespace,
) -> Result:
    candidates = [Candidate(name, Patternc(p), model) for name, p in pipelines.items()]
    compiled = compile_candidates(candidates, image)
    measurement = measure(
        compiled,
        image,
        check=check,
        threads=arguments.threads,
        rounds=arguments.rounds,
        calls_per_turn=arguments.calls,
    )
    counts = {name: module.statistics.get(_SHARE) for name, module in compiled.results.items()}
    loads = {name: c["loads-after"] / c["multiply-adds"] for name, c in counts.items() if c}
    return Result(measurement, loads)


def _check_layer(output: np.ndarray, candidate: Candidate, image: Tensor) -> float:
    check_layer(output, candidate.model, image)
    return relative_error(output, candidate, image)


def _heading(arguments: argparse.Namespace, machine: Mapping[str, Any]) -> str:
    return (
        "VGG-16, pruned 8.1 times in groups of 8, batch 1, float32\n"
        f"{machine_line(machine)}\n"
        f"{threads_in_words(arguments.threads)}, {arguments.rounds} rounds of {arguments.calls} "
        "calls, every result checked"
    )


def _title(layer: str) -> str:
    channels, filters, size = _LAYERS[layer]
    return f"{layer} {channels}->{filters}, {size}x{size}"


def _layer_tables(layers: Mapping[str, Result]) -> str:
    """A table for each thing that was measured: layers down, steps across."""

    def table(
        title: str, show: str, value: Callable[[Result, str], float], mean: bool = False
    ) -> str:
        lines: list[Sequence[str]] = [
            (_title(name), *(format(value(result, step), show) for step in _STEPS))
            for name, result in layers.items()
        ]
        if mean:
            logarithms = (
                sum(math.log(value(result, step)) for result in layers.values()) for step in _STEPS
            )
            means = (format(math.exp(total / len(layers)), show) for total in logarithms)
            lines.append(("geometric mean", *means))
        return "\n" + tabulate(
            lines,
            (title, *_STEPS),
            colalign=("left", *["right"] * len(_STEPS)),
            disable_numparse=True,
        )

    peaks = [result.measurement.peak("float32") for result in layers.values()]
    return "\n".join(
        [
            table("median ms", ".2f", lambda r, step: r.rows[step].timing.median * 1e3),
            table(
                "none / time, medians",
                ".2f",
                lambda r, step: r.rows["none"].timing.median / r.rows[step].timing.median,
                mean=True,
            ),
            table(
                "none / time, fastest calls",
                ".2f",
                lambda r, step: r.rows["none"].timing.fastest / r.rows[step].timing.fastest,
                mean=True,
            ),
            table("loads / multiply-add", ".2f", lambda r, step: r.loads[step]),
            table("GOP/s", ".1f", lambda r, step: r.rows[step].gops),
            table("of peak", ".0%", lambda r, step: r.measurement.share(step)),
            "",
            "loads: of inputs, weights and indices in the micro-kernel, for each multiply-add of "
            "vectors",
            "GOP/s: two for each multiply-add of a direct convolution that skips zeros",
            f"peak: {min(peaks):.0f} to {max(peaks):.0f} GOP/s, a loop of multiply-adds "
            "timed with each layer",
        ]
    )


def _variants_table(variants: Result) -> str:
    first = next(iter(variants.rows.values())).timing
    return tabulate(
        [
            (
                name,
                f"{row.timing.median * 1e3:.2f}",
                f"{row.timing.fastest * 1e3:.2f}",
                f"{row.gops:.1f}",
                f"{variants.loads[name]:.2f}" if name in variants.loads else "-",
                f"{row.timing.median / first.median:.2f}",
            )
            for name, row in variants.rows.items()
        ],
        ("variant", "median ms", "min", "GOP/s", "loads / multiply-add", "time / first"),
        colalign=("left", *["right"] * 5),
        disable_numparse=True,
    )


def _write_json(
    arguments: argparse.Namespace,
    machine: Mapping[str, Any],
    layers: Mapping[str, Result],
    variants: Result | None,
) -> None:
    content = {
        "case": "VGG-16, pruned 8.1 times in groups of 8, batch 1, float32",
        "machine": dict(machine),
        "threads": arguments.threads,
        "rounds": arguments.rounds,
        "calls_per_turn": arguments.calls,
        "layers": {name: result.plain() for name, result in layers.items()},
        "variants": variants.plain() if variants else None,
    }
    arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    run(main)
