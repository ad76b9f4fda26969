# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What became of networks over seeds, and how it is shown."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import mean
from typing import Any

from tabulate import tabulate
from torch.utils.data import DataLoader
from tqdm import tqdm

from benchmarks.pruning.cases import Case
from patternc.data import loaders

# Of the batches and tests of a seed: accuracy and rate of the networks by name, 'dense' among them.
MeasureSeed = Callable[[DataLoader, DataLoader, int, tqdm], Mapping[str, tuple[float, float]]]


@dataclass
class Outcomes:
    """What became of the networks of a candidate.

    Attributes:
      accuracies: of the test images, 0 to 1, for each seed.
      losses: points, 0 to 100, that the dense network of the same seed is better.
      rate: weights before over weights after, of the layers that are pruned.
    """

    accuracies: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    rate: float = 1.0


def over_seeds(
    case: Case, names: Sequence[str], seeds: int, measure_seed: MeasureSeed
) -> dict[str, Outcomes]:
    """What becomes of each kind of network, for each seed; Ctrl-C drops the one it is at."""
    data = case.dataset(train=True), case.dataset(train=False)
    outcomes = {name: Outcomes() for name in names}
    with tqdm(total=seeds * len(names), unit="network", disable=None, leave=False) as bar:
        for seed in range(seeds):
            batches, tests = loaders(*data, batch_size=case.batch_size, seed=seed)
            try:
                measured = measure_seed(batches, tests, seed, bar)
            except KeyboardInterrupt:
                if not seed:
                    raise
                break
            dense_accuracy, _ = measured["dense"]
            for name, (share, rate) in measured.items():
                outcomes[name].accuracies.append(share)
                outcomes[name].losses.append(100 * (dense_accuracy - share))
                outcomes[name].rate = rate
    return outcomes


def titled_table(title: str, outcomes: Mapping[str, Outcomes]) -> str:
    """A row for each kind of network: means, and the least and greatest over the seeds."""
    seeds = len(outcomes["dense"].losses)
    table = tabulate(
        [
            (
                name,
                f"{outcome.rate:.1f}x",
                f"{100 * mean(outcome.accuracies):.2f}",
                f"{100 * min(outcome.accuracies):.2f} .. {100 * max(outcome.accuracies):.2f}",
                f"{mean(outcome.losses):.2f}",
                f"{min(outcome.losses):.2f} .. {max(outcome.losses):.2f}",
            )
            for name, outcome in outcomes.items()
        ],
        ("network", "rate", "accuracy %", "min .. max", "loss, points", "min .. max"),
        colalign=("left", *["right"] * 5),
        disable_numparse=True,
    )
    return f"{title}, {seeds} {'seed' if seeds == 1 else 'seeds'}\n\n{table}"


def write_json(
    arguments: argparse.Namespace,
    machine: Mapping[str, Any],
    measured: Mapping[str, Mapping[str, Outcomes]],
) -> None:
    """Writes the outcomes by case, and how they were measured, to `arguments.json`."""
    content = {
        "machine": dict(machine),
        "seeds": arguments.seeds,
        "dense_epochs": arguments.dense_epochs,
        "epochs": arguments.epochs,
        "cases": {
            title: {name: asdict(outcome) for name, outcome in outcomes.items()}
            for title, outcomes in measured.items()
        },
    }
    arguments.json.write_text(json.dumps(content, indent=1) + "\n")
