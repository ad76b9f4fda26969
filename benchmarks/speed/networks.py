# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whole networks, pruned in patternc, against the same networks dense in other engines.

The networks are VGG-16 (its convolutions, with ReLU and max pools), ResNet-50 and MobileNet-V2,
batch 1, 224x224, with random weights, in float32, bfloat16 and int8, as far as an engine and the
machine have them. Pruned are all convolutions but the first: 3x3 ones 8.1 times (a pattern keeps 4
of 9 positions of a kernel, and one kernel in 3.6 stays), 1x1 ones 3.6 times (connectivity),
depthwise ones to patterns. The filters of a group share their patterns and channels; with groups
of 1 every filter has its own.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from tqdm import tqdm

from benchmarks.comparison.bars import write_bars
from benchmarks.comparison.checks import check_network
from benchmarks.comparison.headline import headline
from benchmarks.comparison.measurement import Candidate, Measurement, compile_candidates, measure
from benchmarks.comparison.tables import measured_table, threads_in_words
from benchmarks.engines.dense import DENSE_ENGINES
from benchmarks.engines.engine import name_with
from benchmarks.engines.host import describe_host
from benchmarks.engines.patternc import Patternc
from benchmarks.measuring.command_line import add_choices, new_timing_parser, positive, run
from benchmarks.measuring.machine import machine_line
from benchmarks.measuring.pyplot import require_pyplot
from benchmarks.models.pruned_networks import NETWORKS, Network

_OURS = "patternc"
_PRECISIONS = ("float32", "bfloat16", "int8")
_INT8 = "groups of 8, int8"


@dataclass(frozen=True)
class Goal:
    """How many times as fast as the fastest dense engine a variant is meant to be.

    An int8 variant as the fastest at any precision, another as the fastest in float32.

    Attributes:
      threads: the number that the goal is for, None for any.
    """

    network: str
    variant: str
    ratio: float
    threads: int | None = None


_GOALS = (
    Goal("vgg16", _INT8, 4.5, threads=1),
    Goal("vgg16", _INT8, 4, threads=2),
    Goal("resnet50", _INT8, 2.4, threads=1),
    Goal("resnet50", _INT8, 2.2, threads=2),
    Goal("mobilenet_v2", _INT8, 2, threads=1),
    Goal("mobilenet_v2", _INT8, 1.6, threads=2),
    Goal("vgg16", "groups of 8", 4, threads=1),
    Goal("vgg16", "groups of 8", 3.5, threads=2),
    Goal("vgg16", "groups of 1", 2),
    Goal("vgg16", "patterns only", 1),
    Goal("resnet50", "groups of 8", 3),
    Goal("mobilenet_v2", "groups of 8", 2),
)


@dataclass(frozen=True)
class Result:
    """What was measured of one network, by its key."""

    network: str
    measurement: Measurement

    @property
    def title(self) -> str:
        threads = threads_in_words(self.measurement.threads)
        return f"{NETWORKS[self.network].title}, {threads}"


def main() -> int:
    arguments = _parse_arguments()
    if arguments.plot:
        require_pyplot()
    machine = describe_host()
    print(_heading(arguments, machine))
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    results = []
    for key in arguments.networks:
        network = NETWORKS[key]
        candidates = _candidates(network, arguments.engines, arguments.precisions)
        compiled = compile_candidates(candidates, image)
        for threads in arguments.threads:
            measurement = measure(
                compiled,
                image,
                check=check_network,
                threads=threads,
                rounds=arguments.rounds,
                calls_per_turn=network.calls_per_turn,
            )
            result = Result(key, measurement)
            results.append(result)
            ours = next(filter(measurement.rows.__contains__, _pruned(network)), "")
            print(f"\n{result.title}\n")
            print(measured_table(measurement, ours=ours, preparation=True), flush=True)
    print()
    for line in _conclusions(results):
        print(_bold(line))
    if arguments.json:
        _write_json(arguments, machine, results)
    if arguments.plot:
        charts = [
            [(r.title, r.measurement.rows) for r in results if r.network == key]
            for key in arguments.networks
        ]
        write_bars(arguments.plot, charts)
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_timing_parser(__doc__)
    add_choices(parser, "--networks", NETWORKS, "what to measure")
    add_choices(parser, "--engines", (_OURS, *DENSE_ENGINES), "what to measure it with")
    add_choices(parser, "--precisions", _PRECISIONS, "of the engines that have them")
    parser.add_argument(
        "--threads",
        nargs="+",
        type=positive,
        default=[1, 2],
        metavar="NUMBER",
        help="threads of every engine; a table for each number (1 2)",
    )
    arguments = parser.parse_args()
    arguments.networks = list(dict.fromkeys(arguments.networks))
    arguments.threads = list(dict.fromkeys(arguments.threads))
    return arguments


def _candidates(
    network: Network, engines: Sequence[str], precisions: Sequence[str]
) -> list[Candidate]:
    dense = network.dense()
    candidates = []
    if _OURS in engines:
        variants = tqdm(network.variants, "prune", disable=None, leave=False)
        models = {v: network.pruned(dense, v) for v in variants} | {"dense": dense}
        first = next(iter(models))
        ours = [(v, Patternc()) for v in models]
        ours += [(v, Patternc(precision="int8")) for v in (first, "dense")]
        candidates += [Candidate(_name(v, e), e, models[v]) for v, e in ours]
    peers = [e for key in DENSE_ENGINES if key in engines for e in DENSE_ENGINES[key]]
    candidates += [Candidate(engine.name, engine, dense) for engine in peers]
    return [c for c in candidates if c.engine.precision in precisions]


def _name(variant: str, engine: Patternc) -> str:
    return name_with(f"{Patternc.name}, {variant}", engine.precision)


def _heading(arguments: argparse.Namespace, machine: Mapping[str, Any]) -> str:
    return (
        "batch 1, 224x224; other engines run the dense network\n"
        f"{machine_line(machine)}\n"
        f"{arguments.rounds} rounds, every result checked before and after the timing"
    )


def _conclusions(results: Sequence[Result]) -> list[str]:
    """A sentence for each pruned variant: its speed beside the fastest engines', and the goal."""
    engines = [engine.name for kinds in DENSE_ENGINES.values() for engine in kinds]
    sentences = []
    for result in results:
        rows = result.measurement.rows
        dense = [name for name in engines if name in rows]
        for name in _pruned(NETWORKS[result.network]):
            if name in rows:
                sentence = headline(rows, name, dense, goal=_goal(result, name))
                sentences.append(f"{result.title}: {sentence}")
    return sentences


def _pruned(network: Network) -> list[str]:
    """The names of our pruned candidates, the first the one that matters most."""
    return [f"{_OURS}, {variant}" for variant in (_INT8, *network.variants)]


def _goal(result: Result, name: str) -> float | None:
    threads = (None, result.measurement.threads)
    for goal in _GOALS:
        is_its = (goal.network, f"{_OURS}, {goal.variant}") == (result.network, name)
        if is_its and goal.threads in threads:
            return goal.ratio
    return None


def _bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


def _write_json(
    arguments: argparse.Namespace, machine: Mapping[str, Any], results: Sequence[Result]
) -> None:
    content = {
        "case": "batch 1, 224x224",
        "machine": dict(machine),
        "rounds": arguments.rounds,
        "measurements": [
            {
                "network": result.network,
                "threads": result.measurement.threads,
                "calls_per_turn": NETWORKS[result.network].calls_per_turn,
                **result.measurement.plain(),
            }
            for result in results
        ],
    }
    arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    run(main)
