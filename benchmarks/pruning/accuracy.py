# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What pruning costs in accuracy, over seeds: by method at one rate, and by form of the patterns.

For each seed a dense network is trained, and every candidate prunes a copy of it; so a loss is
against the very network that was pruned. All train for the same number of epochs after that, with
the same optimizer, learning rates, batches and distillation: what ADMM and gradual pruning spend on
the way, one-shot pruning has for retraining. Data-free pruning does not train at all and sees no
image. Accuracies are of the test images after the last epoch, never of a better one before; but
ADMM's schedule and the share of distillation are those that did well in earlier runs on the digits.

A seed sets the weights at the start and the order of batches; the split is always the same.
Ctrl-C ends the program with the tables of the seeds that are complete.
"""

import argparse
import copy
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from tabulate import tabulate
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from benchmarks.measuring.command_line import add_choices, new_json_parser, positive, run
from benchmarks.measuring.machine import describe_machine, machine_line
from benchmarks.measuring.pyplot import require_pyplot
from benchmarks.pruning.cases import CASES, Case
from benchmarks.pruning.loss_plot import write_losses
from benchmarks.pruning.outcomes import Outcomes, over_seeds, titled_table, write_json
from benchmarks.pruning.training import configs, train_dense_
from patternc.prune import fit, prune_data_free_, synthetic_images
from patternc.train import accuracy

_RATE = 8.1
_SYNTHETIC_BATCH = 256

_ADMM = "ADMM, groups of 4"
_DATA_FREE = "data-free, groups of 4"
# Fields of the PruningConfig that are not the defaults.
_CANDIDATES: dict[str, dict[str, Any]] = {
    _ADMM: {},
    "one-shot, groups of 4": {"method": "one-shot"},
    "gradual, groups of 4": {"method": "gradual"},
    "ADMM, whole filters": {"structure": "filter", "rate": _RATE},
    "one-shot, whole filters": {"structure": "filter", "rate": _RATE, "method": "one-shot"},
    _DATA_FREE: {},
    "ADMM, form layer": {"form": "layer"},
    "ADMM, form filter": {"form": "filter"},
    "ADMM, groups of 2": {"group_size": 2},
    "ADMM, groups of 8": {"group_size": 8},
}
_TABLES = {
    "methods": tuple(_CANDIDATES)[:6],
    "forms": (
        "ADMM, form layer",
        "ADMM, form filter",
        "ADMM, groups of 2",
        _ADMM,
        "ADMM, groups of 8",
    ),
}


def main() -> int:
    arguments = _parse_arguments()
    if arguments.plot:
        require_pyplot()
    torch.set_num_threads(arguments.threads)
    machine = describe_machine()
    print(_heading(arguments, machine), flush=True)
    names = list(dict.fromkeys(name for table in arguments.tables for name in _TABLES[table]))
    measured: dict[str, dict[str, Outcomes]] = {}
    charts = {}
    for case in (CASES[name] for name in arguments.cases):
        measure_seed = partial(_measure_seed, case, names, arguments)
        outcomes = measured[case.title] = over_seeds(
            case, ("dense", *names), arguments.seeds, measure_seed
        )
        for table in arguments.tables:
            shown = {name: outcomes[name] for name in ("dense", *_TABLES[table])}
            print(f"\n{titled_table(f'{case.title}, {table}', shown)}", flush=True)
            charts[f"{case.title}, {table}"] = {
                name: outcomes[name].losses for name in _TABLES[table]
            }
        if "methods" in arguments.tables:
            print(f"\n{_comparison(outcomes)}", flush=True)
        if arguments.json:
            write_json(arguments, machine, measured)
    if arguments.plot:
        write_losses(arguments.plot, charts)
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_json_parser(__doc__)
    add_choices(parser, "--cases", CASES, "networks", default="digits")
    add_choices(parser, "--tables", _TABLES, "what to compare")
    parser.add_argument("--seeds", type=positive, default=5, help="networks of each kind (5)")
    parser.add_argument("--dense-epochs", type=positive, default=20, help="before pruning (20)")
    parser.add_argument("--epochs", type=positive, default=30, help="of every method (30)")
    parser.add_argument(
        "--image-steps", type=positive, default=200, help="of Adam for synthetic images (200)"
    )
    parser.add_argument("--threads", type=positive, default=1, help="of torch (1)")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="write the losses of all seeds (PNG)"
    )
    return parser.parse_args()


def _measure_seed(
    case: Case,
    names: Sequence[str],
    arguments: argparse.Namespace,
    batches: DataLoader,
    tests: DataLoader,
    seed: int,
    bar: tqdm,
) -> dict[str, tuple[float, float]]:
    """Accuracy and rate of the dense network and of every candidate."""
    bar.set_description(f"seed {seed}, dense")
    dense = case.model(seed)
    train_dense_(dense, batches, arguments.dense_epochs)
    measured = {"dense": (accuracy(dense, tests), 1.0)}
    bar.update()
    for name in names:
        bar.set_description(f"seed {seed}, {name}")
        model = copy.deepcopy(dense)
        rate = _prune_(model, name, case, batches, seed, arguments)
        measured[name] = accuracy(model, tests), rate
        bar.update()
    return measured


def _prune_(
    model: nn.Module,
    name: str,
    case: Case,
    batches: DataLoader,
    seed: int,
    arguments: argparse.Namespace,
) -> float:
    """Prunes and trains a network; returns the rate."""
    config, training = configs(arguments.epochs, seed, **_CANDIDATES[name])
    if name == _DATA_FREE:
        shape = (_SYNTHETIC_BATCH, *case.image)
        images = synthetic_images(
            model, shape, steps=arguments.image_steps, seed=seed, progress=False
        )
        return prune_data_free_(model, images, config, progress=False).rate
    result = fit(model, config, batches, training=training, device="cpu", progress=False)
    return result.pruning.rate


def _heading(arguments: argparse.Namespace, machine: Mapping[str, Any]) -> str:
    return (
        f"{arguments.dense_epochs} epochs dense, then {arguments.epochs} with each method\n"
        f"{machine_line(machine)}"
    )


def _comparison(outcomes: Mapping[str, Outcomes]) -> str:
    """In how many seeds ADMM is better than each other method, as much and worse."""
    lines = []
    for name in _TABLES["methods"]:
        if name == _ADMM:
            continue
        pairs = list(zip(outcomes[_ADMM].losses, outcomes[name].losses, strict=True))
        better, worse = sum(a < b for a, b in pairs), sum(a > b for a, b in pairs)
        gain = mean(b - a for a, b in pairs)
        lines.append((name, better, len(pairs) - better - worse, worse, f"{gain:+.2f}"))
    headers = (f"{_ADMM}, against", "better", "equal", "worse", "mean gain, points")
    return tabulate(lines, headers, disable_numparse=True, colalign=("left", *["right"] * 4))


if __name__ == "__main__":
    run(main)
