# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Exploration of pruned networks: assembled from tuning blocks, against default networks.

A network is trained on the digits, and configurations of its modules are drawn, each ratio 30, 50
or 70 % with equal chances; the smaller subspaces are the first configurations of the largest. The
objective is the smallest network that loses at most alpha of the full network's accuracy. Both
sides explore by size and stop at the first that meets it, with the same fine-tuning: default
networks start from the filters of largest l1 norm, the others from blocks, whose pre-training is
counted in each line.

Default networks are the same in each subspace, so they are trained once, all of them. Block-trained
ones are explored until the least alpha is met, and all of a subspace of --medians configurations.
Times are those of a processor with one thread, so that what else the machine does is not in them.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

import torch
from tabulate import tabulate

from benchmarks.measuring.command_line import add_choices, new_json_parser, positive, run
from benchmarks.measuring.machine import describe_machine, machine_line
from patternc.cocotune import (
    Experiment,
    ExploredNetwork,
    FineTuningConfig,
    Objective,
    PretrainingConfig,
    Subspace,
    UnreachableObjectiveError,
    explore,
    find_modules,
    fine_tune_,
    sample,
)
from patternc.data import Digits, loaders
from patternc.models import SmallInception, SmallResNet
from patternc.train import accuracy

_BATCH_SIZE = 32
_DENSE_LEARNING_RATE = 3e-3
_NETWORKS = {"resnet": SmallResNet, "inception": SmallInception}


@dataclass(frozen=True)
class Line:
    """An exploration to the first network that meets the objective.

    Attributes:
      networks: that were explored.
      seconds: of a processor, with pre-training.
      share: the winner's weights over the full network's; None without a winner.
    """

    networks: int
    seconds: float
    share: float | None


@dataclass(frozen=True)
class Case:
    """What was measured with a network.

    Attributes:
      full_accuracy: 0 to 1.
      full_size: its weights.
      pretraining: seconds of each subspace.
      default, blocks: networks of each subspace, in the order of exploration.
    """

    full_accuracy: float
    full_size: int
    pretraining: dict[int, float]
    default: dict[int, list[ExploredNetwork]]
    blocks: dict[int, list[ExploredNetwork]]


def main() -> int:
    arguments = _parse_arguments()
    torch.set_num_threads(1)
    machine = describe_machine()
    print(_heading(arguments, machine), flush=True)
    cases = {}
    for name in arguments.networks:
        case = cases[name] = _measure(name, arguments)
        print(f"\n{_NETWORKS[name].__name__}, width {arguments.width}", end="")
        print(f", {case.full_size} weights, accuracy {100 * case.full_accuracy:.2f} %\n")
        print(f"{_medians(case, arguments)}\n\n{_table(case, arguments)}", flush=True)
        if arguments.json:
            content = {"machine": machine} | {key: asdict(value) for key, value in cases.items()}
            arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_json_parser(__doc__)
    add_choices(parser, "--networks", _NETWORKS, "networks")
    parser.add_argument(
        "--sizes", type=positive, nargs="+", default=[4, 16, 64, 256], help="(4 16 64 256)"
    )
    parser.add_argument(
        "--alphas", type=float, nargs="+", default=[1.0, 1.5, 2.0], help="points (1 1.5 2)"
    )
    parser.add_argument("--width", type=positive, default=16, help="filters of the stem (16)")
    parser.add_argument("--medians", type=positive, default=64, help="of this subspace (64)")
    parser.add_argument(
        "--dense-steps", type=positive, default=1200, help="of the full network (1200)"
    )
    parser.add_argument("--pretraining-steps", type=positive, default=60, help="(60)")
    parser.add_argument(
        "--pretraining-learning-rate", type=float, default=5e-3, help="of Adam (0.005)"
    )
    parser.add_argument("--steps", type=positive, default=30, help="of fine-tuning (30)")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="of fine-tuning (0.001)")
    parser.add_argument("--optimizer", default="sgd", help="of fine-tuning (sgd)")
    return parser.parse_args()


def _measure(name: str, arguments: argparse.Namespace) -> Case:
    torch.manual_seed(0)
    network = _NETWORKS[name](channels=1, width=arguments.width)
    batches, tests = loaders(
        Digits(train=True), Digits(train=False), batch_size=_BATCH_SIZE, seed=0
    )
    dense = FineTuningConfig(steps=arguments.dense_steps, learning_rate=_DENSE_LEARNING_RATE)
    fine_tune_(network, batches, dense, progress=True)
    full = accuracy(network, tests)
    modules = find_modules(network, torch.zeros(1, 1, 8, 8))
    largest = sample(modules, max(arguments.sizes))
    experiment = Experiment(
        network,
        largest,
        batches,
        lambda pruned: accuracy(pruned, tests),
        pretraining=PretrainingConfig(
            steps=arguments.pretraining_steps, learning_rate=arguments.pretraining_learning_rate
        ),
        fine_tuning=FineTuningConfig(
            steps=arguments.steps,
            learning_rate=arguments.learning_rate,
            optimizer=arguments.optimizer,
        ),
        use_blocks=False,
    )
    objective = _objective(full, min(arguments.alphas))
    default, _ = _explore(experiment, objective, stop_early=False)
    case = Case(full, sum(p.numel() for p in network.parameters()), {}, {}, {})
    for size in sorted(arguments.sizes):
        subspace = Subspace(modules, largest.configurations[:size])
        case.default[size] = [explored for explored in default if explored.index < size]
        case.blocks[size], case.pretraining[size] = _explore(
            replace(experiment, subspace=subspace, use_blocks=True),
            objective,
            stop_early=size != arguments.medians,
        )
    return case


def _objective(full: float, alpha: float) -> Objective:
    # A little less, because shares of images are not exact.
    bound = max(0.0, full - alpha / 100 - 1e-4)
    return Objective("min", "ModelSize", "Accuracy", ">=", bound)


def _explore(
    experiment: Experiment, objective: Objective, *, stop_early: bool
) -> tuple[list[ExploredNetwork], float]:
    """Networks that were explored, and the seconds of pre-training."""
    try:
        result = explore(experiment, objective, stop_early=stop_early)
    except UnreachableObjectiveError as error:
        result = error.result
    return list(result.networks), result.pretraining_processor_seconds


def _line(
    networks: Sequence[ExploredNetwork], pretraining: float, objective: Objective, full_size: int
) -> Line:
    met = (
        place
        for place, network in enumerate(networks)
        if objective.is_met({"Accuracy": network.accuracy})
    )
    place = next(met, None)
    explored = networks if place is None else networks[: place + 1]
    share = None if place is None else networks[place].model_size / full_size
    seconds = pretraining + sum(network.processor_seconds for network in explored)
    return Line(len(explored), seconds, share)


def _heading(arguments: argparse.Namespace, machine: Mapping[str, Any]) -> str:
    return (
        f"{arguments.pretraining_steps} steps of pre-training by Adam at "
        f"{arguments.pretraining_learning_rate:g}, {arguments.steps} of fine-tuning by "
        f"{arguments.optimizer} at {arguments.learning_rate:g}, batches of {_BATCH_SIZE}\n"
        f"{machine_line(machine)}"
    )


def _medians(case: Case, arguments: argparse.Namespace) -> str:
    size = arguments.medians
    if size not in case.blocks:
        return ""
    rows = [
        (
            name,
            f"{100 * median(network.initial_accuracy for network in networks):.2f}",
            f"{100 * median(network.accuracy for network in networks):.2f}",
            f"{100 * min(network.accuracy for network in networks):.2f}",
            f"{100 * max(network.accuracy for network in networks):.2f}",
        )
        for name, networks in (
            ("default", case.default[size]),
            ("block-trained", case.blocks[size]),
        )
    ]
    headers = (f"all {size} networks", "median initial %", "median final %", "least", "largest")
    return tabulate(rows, headers, disable_numparse=True, colalign=("left", *["right"] * 4))


def _table(case: Case, arguments: argparse.Namespace) -> str:
    rows = []
    for alpha in sorted(arguments.alphas):
        objective = _objective(case.full_accuracy, alpha)
        for size in case.blocks:
            default = _line(case.default[size], 0, objective, case.full_size)
            blocks = _line(case.blocks[size], case.pretraining[size], objective, case.full_size)
            rows.append(
                (
                    f"{alpha:g} points",
                    size,
                    default.networks,
                    blocks.networks,
                    f"{default.seconds:.1f}",
                    f"{blocks.seconds:.1f}",
                    f"{case.pretraining[size]:.1f}",
                    _share(default),
                    _share(blocks),
                    f"{default.seconds / blocks.seconds:.1f}x",
                )
            )
    headers = (
        "alpha",
        "subspace",
        "explored, default",
        "blocks",
        "seconds, default",
        "blocks",
        "of it pre-training",
        "size found, default",
        "blocks",
        "faster",
    )
    return tabulate(rows, headers, disable_numparse=True, colalign=("left", *["right"] * 9))


def _share(line: Line) -> str:
    return "none" if line.share is None else f"{line.share:.1%}"


if __name__ == "__main__":
    run(main)
