# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whole networks, pruned in patternc, against the same networks dense in other engines.

The networks are VGG-16 (its convolutions, with ReLU and max pools), ResNet-50 and MobileNet-V2,
batch 1, 224x224, float32, with random weights. Pruned are all convolutions but the first: 3x3 ones
8.1 times (a pattern keeps 4 of 9 positions of a kernel, and one kernel in 3.6 stays), 1x1 ones 3.6
times (connectivity), depthwise ones to patterns. The filters of a group share their patterns and
channels; with groups of 1 every filter has its own.
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
from benchmarks.comparison.measurement import Candidate, Measurement, compile_candidates, measure
from benchmarks.comparison.tables import measured_table, threads_in_words
from benchmarks.engines.engine import Engine
from benchmarks.engines.host import describe_host
from benchmarks.engines.mnn import Mnn
from benchmarks.engines.ncnn import Ncnn
from benchmarks.engines.onnx_runtime import OnnxRuntime
from benchmarks.engines.openvino import OpenVino
from benchmarks.engines.patternc import IreeAlone, Patternc
from benchmarks.engines.pytorch import PyTorch
from benchmarks.measuring.command_line import add_choices, new_timing_parser, positive, run
from benchmarks.measuring.machine import machine_line
from benchmarks.measuring.pyplot import require_pyplot
from benchmarks.models.pruned_networks import NETWORKS, Network

_OURS = "patternc"
_PEERS: Mapping[str, Engine] = {
    "ncnn": Ncnn(),
    "onnxruntime": OnnxRuntime(),
    "openvino": OpenVino(),
    "mnn": Mnn(),
    "pytorch": PyTorch(),
    "iree": IreeAlone(),
}


@dataclass(frozen=True)
class Goal:
    """How many times as fast as the fastest dense peer a variant is meant to be.

    Attributes:
      threads: the number that the goal is for, None for any.
    """

    network: str
    variant: str
    ratio: float
    threads: int | None = None


_GOALS = (
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
        candidates = _candidates(network, arguments.engines)
        compiled = compile_candidates(candidates, image)
        for threads in arguments.threads:
            measurement = measure(
                compiled,
                image,
                check=check_network,
                threads=threads,
                rounds=arguments.rounds,
                calls_per_turn=network.calls_per_turn,
                memory=True,
            )
            result = Result(key, measurement)
            results.append(result)
            ours = _name(next(iter(network.variants)))
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
    add_choices(parser, "--engines", (_OURS, *_PEERS), "what to measure it with")
    parser.add_argument(
        "--threads",
        nargs="+",
        type=positive,
        default=[1, 2],
        metavar="NUMBER",
        help="threads of every engine; a table for each number, 1 and at most one other (1 2)",
    )
    arguments = parser.parse_args()
    arguments.networks = list(dict.fromkeys(arguments.networks))
    arguments.threads = list(dict.fromkeys(arguments.threads))
    if len(set(arguments.threads) - {1}) > 1:
        parser.error(
            "--threads: IREE sizes its pool once in a process; give 1 and one other number"
        )
    return arguments


def _candidates(network: Network, engines: Sequence[str]) -> list[Candidate]:
    dense = network.dense()
    candidates = []
    if _OURS in engines:
        engine = Patternc()
        variants = tqdm(network.variants, "prune", disable=None, leave=False)
        candidates += [
            Candidate(_name(variant), engine, network.pruned(dense, variant))
            for variant in variants
        ]
        candidates.append(Candidate(_name("dense"), engine, dense))
    peers = [engine for key, engine in _PEERS.items() if key in engines]
    return candidates + [Candidate(engine.name, engine, dense) for engine in peers]


def _name(variant: str) -> str:
    return f"{Patternc.name}, {variant}"


def _heading(arguments: argparse.Namespace, machine: Mapping[str, Any]) -> str:
    return (
        "batch 1, 224x224, float32; other engines run the dense network\n"
        f"{machine_line(machine)}\n"
        f"{arguments.rounds} rounds, every result checked before and after the timing"
    )


def _conclusions(results: Sequence[Result]) -> list[str]:
    """A sentence for each pruned variant: its speed beside the fastest peer's, and the goal."""
    sentences = []
    for result in results:
        rows = result.measurement.rows
        peers = [engine.name for engine in _PEERS.values() if engine.name in rows]
        if not peers:
            continue
        fastest = min(peers, key=lambda name: rows[name].timing.median)
        for variant in NETWORKS[result.network].variants:
            if _name(variant) in rows:
                ratio = rows[fastest].timing.median / rows[_name(variant)].timing.median
                goal = _goal(result, variant)
                sentences.append(
                    f"{result.title}: {_name(variant)}, is {ratio:.2f} times as fast as {fastest}, "
                    f"the fastest of {len(peers)} dense peers"
                    + (f"; {_verdict(goal, ratio, len(peers))}." if goal else ".")
                )
    return sentences


def _goal(result: Result, variant: str) -> Goal | None:
    wanted = (result.network, variant)
    threads = (None, result.measurement.threads)
    found = (g for g in _GOALS if (g.network, g.variant) == wanted and g.threads in threads)
    return next(found, None)


def _verdict(goal: Goal, ratio: float, peers: int) -> str:
    if ratio < goal.ratio:
        return f"the goal of {goal.ratio:g} is missed"
    if peers < len(_PEERS):
        return f"the goal of {goal.ratio:g} is open, because not all peers were measured"
    return f"the goal of {goal.ratio:g} is reached"


def _bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


def _write_json(
    arguments: argparse.Namespace, machine: Mapping[str, Any], results: Sequence[Result]
) -> None:
    content = {
        "case": "batch 1, 224x224, float32",
        "machine": dict(machine),
        "rounds": arguments.rounds,
        "measurements": [
            {
                "network": result.network,
                "threads": result.measurement.threads,
                "calls_per_turn": NETWORKS[result.network].calls_per_turn,
                "engines": {name: row.plain() for name, row in result.measurement.rows.items()},
                "peak_of_one_core": result.measurement.core.plain(),
                "not_measured": dict(result.measurement.missing),
            }
            for result in results
        ],
    }
    arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    run(main)
