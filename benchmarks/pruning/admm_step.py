# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What a training step costs with ADMM and under masks, against plain training.

The same model is trained by all three in turns, on one batch of random images. An update of ADMM,
once in a few epochs, is timed by itself. No time is asserted.
"""

import argparse
import copy
from collections.abc import Callable

import torch
from tabulate import tabulate
from torch import Tensor, nn

from benchmarks.measuring.command_line import new_parser, positive, run
from benchmarks.measuring.interleave import interleave
from benchmarks.measuring.machine import cpu_model
from patternc.models import DigitsNet, ResNet50, SmallResNet
from patternc.prune import Pruner, PruningConfig

# Shapes of a batch that the networks train on.
_NETWORKS = {
    "DigitsNet": (DigitsNet, (64, 1, 8, 8)),
    "SmallResNet": (SmallResNet, (32, 3, 32, 32)),
    "ResNet-50": (ResNet50, (8, 3, 64, 64)),
}
_CONFIG = PruningConfig(period=1)


def main() -> int:
    arguments = _parse_arguments()
    torch.set_num_threads(arguments.threads)
    rows = [
        _measure(name, make, shape, arguments.rounds) for name, (make, shape) in _NETWORKS.items()
    ]
    headers = ("network", "plain ms", "ADMM ms", "ratio", "masked ms", "ratio", "update ms")
    print(tabulate(rows, headers, disable_numparse=True))
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_parser(__doc__)
    parser.add_argument("--rounds", type=positive, default=10, help="turns of every step (10)")
    parser.add_argument("--threads", type=positive, default=1, help="of torch (1)")
    return parser.parse_args()


def _measure(
    name: str, make: Callable[[], nn.Module], shape: tuple[int, ...], rounds: int
) -> tuple[str, ...]:
    torch.manual_seed(0)
    images = torch.rand(shape)
    labels = torch.randint(10, shape[:1])
    model = make()
    admm_step, admm = _pruning_step(copy.deepcopy(model), images, labels, method="admm")
    masked_step, _ = _pruning_step(copy.deepcopy(model), images, labels, method="one-shot")
    timings = interleave(
        {
            "plain": _plain_step(copy.deepcopy(model), images, labels),
            "admm": admm_step,
            "masked": masked_step,
        },
        rounds=rounds,
        calls_per_turn=3,
    )
    plain, with_admm, masked = (timing.median for timing in timings.values())
    # Fewer than the epochs of the config, after which it would prune.
    update = interleave({"update": admm.end_epoch}, rounds=5, calls_per_turn=1)["update"].median
    return (
        name,
        f"{plain * 1e3:.2f}",
        f"{with_admm * 1e3:.2f}",
        f"{with_admm / plain:.2f}",
        f"{masked * 1e3:.2f}",
        f"{masked / plain:.2f}",
        f"{update * 1e3:.1f}",
    )


def _plain_step(model: nn.Module, images: Tensor, labels: Tensor) -> Callable[[], None]:
    optimizer = torch.optim.Adam(model.parameters())

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()

    return step


def _pruning_step(
    model: nn.Module, images: Tensor, labels: Tensor, *, method: str
) -> tuple[Callable[[], None], Pruner]:
    optimizer = torch.optim.Adam(model.parameters())
    pruner = Pruner.prepare(model, _CONFIG, optimizer, method=method)

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        pruner.step()

    return step, pruner


if __name__ == "__main__":
    print(f"{cpu_model()}, torch {torch.__version__}")
    run(main)
