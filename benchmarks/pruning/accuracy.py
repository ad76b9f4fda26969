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
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from tabulate import tabulate
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader
from tqdm import tqdm

from benchmarks.measuring.command_line import add_choices, new_json_parser, positive, run
from benchmarks.measuring.machine import describe_machine, machine_line
from benchmarks.measuring.pyplot import require_pyplot
from benchmarks.pruning.loss_plot import write_losses
from patternc.data import Digits, DigitsAsCifar, loaders
from patternc.models import VGG16, DigitsNet
from patternc.prune import AdmmSchedule, PruningConfig, fit, prune_data_free_, synthetic_images
from patternc.train import TrainingConfig, accuracy

_DENSE_LEARNING_RATE = 2e-3
_DISTILLATION = 0.7
_PRUNING_SHARE = 0.6  # of the epochs, in ADMM and in gradual pruning; the rest retrains
_RATE = 8.1
_PERIOD = 2
_SCHEDULE = AdmmSchedule(rho_start=0.1)
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


@dataclass(frozen=True)
class Case:
    """A network and a data set.

    Attributes:
      model: makes the network of a seed.
      image: shape of an input, [channels, height, width].
    """

    title: str
    model: Callable[[int], nn.Module]
    dataset: type[Digits] | type[DigitsAsCifar]
    batch_size: int
    image: tuple[int, int, int]


def _digits_net(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return DigitsNet()


_CASES = {
    "digits": Case("DigitsNet on Digits", _digits_net, Digits, 64, (1, 8, 8)),
    "vgg16": Case(
        "VGG16(variant='cifar', width=16) on DigitsAsCifar",
        lambda seed: VGG16(variant="cifar", classes=10, width=16, seed=seed),
        DigitsAsCifar,
        32,
        (3, 32, 32),
    ),
}


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
    for case in (_CASES[name] for name in arguments.cases):
        outcomes = measured[case.title] = _measure(case, names, arguments)
        for table in arguments.tables:
            shown = {name: outcomes[name] for name in ("dense", *_TABLES[table])}
            seeds = len(outcomes["dense"].losses)
            title = f"{case.title}, {table}, {seeds} {'seed' if seeds == 1 else 'seeds'}"
            print(f"\n{title}\n\n{_table(shown)}", flush=True)
            charts[f"{case.title}, {table}"] = {
                name: outcomes[name].losses for name in _TABLES[table]
            }
        if "methods" in arguments.tables:
            print(f"\n{_comparison(outcomes)}", flush=True)
        if arguments.json:
            _write_json(arguments, machine, measured)
    if arguments.plot:
        write_losses(arguments.plot, charts)
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_json_parser(__doc__)
    add_choices(parser, "--cases", _CASES, "networks", default="digits")
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


def _measure(
    case: Case, names: Sequence[str], arguments: argparse.Namespace
) -> dict[str, Outcomes]:
    """What becomes of the dense networks and of every candidate, for each seed."""
    data = case.dataset(train=True), case.dataset(train=False)
    outcomes = {name: Outcomes() for name in ("dense", *names)}
    steps = arguments.seeds * len(outcomes)
    with tqdm(total=steps, unit="network", disable=None, leave=False) as bar:
        for seed in range(arguments.seeds):
            batches, tests = loaders(*data, batch_size=case.batch_size, seed=seed)
            try:
                measured = _measure_seed(case, names, batches, tests, seed, arguments, bar)
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


def _measure_seed(
    case: Case,
    names: Sequence[str],
    batches: DataLoader,
    tests: DataLoader,
    seed: int,
    arguments: argparse.Namespace,
    bar: tqdm,
) -> dict[str, tuple[float, float]]:
    """Accuracy and rate of the dense network and of every candidate."""
    bar.set_description(f"seed {seed}, dense")
    dense = case.model(seed)
    _train_(dense, batches, arguments.dense_epochs)
    measured = {"dense": (accuracy(dense, tests), 1.0)}
    bar.update()
    for name in names:
        bar.set_description(f"seed {seed}, {name}")
        model = copy.deepcopy(dense)
        rate = _prune_(model, name, case, batches, seed, arguments)
        measured[name] = accuracy(model, tests), rate
        bar.update()
    return measured


def _train_(model: nn.Module, batches: DataLoader, epochs: int) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=_DENSE_LEARNING_RATE)
    schedule = CosineAnnealingLR(optimizer, epochs)
    model.train()
    for _ in range(epochs):
        for images, labels in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
        schedule.step()
    model.eval()


def _prune_(
    model: nn.Module,
    name: str,
    case: Case,
    batches: DataLoader,
    seed: int,
    arguments: argparse.Namespace,
) -> float:
    """Prunes and trains a network; returns the rate."""
    epochs = max(1, round(_PRUNING_SHARE * arguments.epochs))
    config = PruningConfig(
        epochs=epochs, period=min(_PERIOD, epochs), admm=_SCHEDULE, **_CANDIDATES[name]
    )
    if name == _DATA_FREE:
        shape = (_SYNTHETIC_BATCH, *case.image)
        images = synthetic_images(
            model, shape, steps=arguments.image_steps, seed=seed, progress=False
        )
        return prune_data_free_(model, images, config, progress=False).rate
    retrain = arguments.epochs - (0 if config.method == "one-shot" else epochs)
    training = TrainingConfig(retrain_epochs=retrain, distillation=_DISTILLATION, seed=seed)
    result = fit(model, config, batches, training=training, device="cpu", progress=False)
    return result.pruning.rate


def _heading(arguments: argparse.Namespace, machine: Mapping[str, Any]) -> str:
    return (
        f"{arguments.dense_epochs} epochs dense, then {arguments.epochs} with each method\n"
        f"{machine_line(machine)}"
    )


def _table(outcomes: Mapping[str, Outcomes]) -> str:
    return tabulate(
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


def _write_json(
    arguments: argparse.Namespace,
    machine: Mapping[str, Any],
    measured: Mapping[str, Mapping[str, Outcomes]],
) -> None:
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


if __name__ == "__main__":
    run(main)
