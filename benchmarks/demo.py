# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The main job from end to end: train, prune, compile, check, compare.

First a small network on the handwritten digits that come with scikit-learn, then one large layer.
The compiled modules have to give PyTorch's results; otherwise the program ends with an error. No
time is asserted. It takes about a minute on two cores.
"""

import argparse
import copy
from pathlib import Path

import torch
from tabulate import tabulate
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader
from tqdm import tqdm

import patternc
from benchmarks.comparison.checks import check_layer
from benchmarks.engines.engine import prepare
from benchmarks.engines.patternc import IreeAlone
from benchmarks.engines.pytorch import PyTorch
from benchmarks.measuring.command_line import new_parser, run
from benchmarks.measuring.errors import WrongResultError
from benchmarks.measuring.interleave import interleave
from benchmarks.measuring.machine import cpu_model
from benchmarks.models.pruned_convolution import make_layer, make_pruned
from patternc.data import Digits, loaders
from patternc.models import DigitsNet
from patternc.prune import PruningConfig
from patternc.train import TrainingConfig

_DENSE_EPOCHS, _BATCH = 12, 64
_PRUNING = PruningConfig(epochs=8, period=2, form="group", group_size=4)
_TRAINING = TrainingConfig(retrain_epochs=8)
# Of every engine whose latency is compared; and on a busy machine two threads that wait for each
# other train a network this small more slowly than one.
_THREADS = 1


def main() -> int:
    arguments = _parse_arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.set_num_threads(_THREADS)
    digits = _digits(arguments.out / "digits.patternc")
    layer = _layer(arguments.out / "layer.patternc")
    print(f"\n{digits} {layer}")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_parser(__doc__)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        default=Path(__file__).resolve().parents[1] / "build" / "demo",
        help="where to save the compiled modules (build/demo)",
    )
    return parser.parse_args()


def _digits(artefact: Path) -> str:
    """The network; returns what to say about it in the summary."""
    _title("A network for handwritten digits")
    train, test = Digits(train=True), Digits(train=False)
    batches, _ = loaders(train, test, batch_size=_BATCH, seed=0)
    images, labels = test.images, test.labels
    print(f"{len(train)} images of 8x8 to train on, {len(test)} to test on")

    dense = DigitsNet()
    _train_(dense, batches)
    accuracy = {"dense": _accuracy(_logits(dense, images), labels)}
    pruned = copy.deepcopy(dense)
    patternc.prune_(pruned)
    accuracy["pruned at once"] = _accuracy(_logits(pruned, images), labels)
    pruned = copy.deepcopy(dense)
    pruning = patternc.fit(pruned, _PRUNING, batches, training=_TRAINING).pruning
    print(f"pruned {pruning.rate:.1f} times by ADMM")
    expected = _logits(pruned, images)
    accuracy["pruned by ADMM"] = _accuracy(expected, labels)

    module = _compile_and_save(pruned, images[:1], artefact)
    print(f"\n{module.report()}\n")
    computed = torch.cat([module(image[None]) for image in images])
    accuracy["compiled"] = _accuracy(computed, labels)
    print(
        tabulate(
            [(name, f"{value:.2%}") for name, value in accuracy.items()],
            ("network", "test accuracy"),
            colalign=("left", "right"),
        )
    )
    _check_predictions(computed, expected)

    speed = _compare(module, dense, images[:1], calls_per_turn=50)
    size = _compare_sizes(dense, artefact)
    return (
        f"The network for digits is right for {accuracy['dense']:.1%} of the test images when it "
        f"is dense, and for {accuracy['compiled']:.1%} when it is pruned {pruning.rate:.1f} times;"
        f" compiled, it takes {size} of the bytes and {speed}."
    )


def _layer(artefact: Path) -> str:
    """The large layer; returns what to say about it in the summary."""
    _title("One layer: 256 filters of 256x3x3 on an image of 56x56")
    dense, image = make_layer()
    pruned = make_pruned(dense, group_size=4)
    module = _compile_and_save(pruned, image, artefact)
    print(f"\n{module.report()}\n")
    difference = check_layer(module(image).numpy(), pruned, image)
    print(f"equals PyTorch up to rounding: the largest difference is {difference:.1e}")
    speed = _compare(module, dense, image, calls_per_turn=5)
    size = _compare_sizes(dense, artefact)
    rate = module.report().layers[0].rate
    return f"The layer, pruned {rate:.1f} times, takes {size} of the bytes and {speed}."


def _train_(model: nn.Module, batches: DataLoader) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = CosineAnnealingLR(optimizer, _DENSE_EPOCHS)
    model.train()
    for _ in tqdm(range(_DENSE_EPOCHS), "train", disable=None, leave=False):
        for images, labels in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
        schedule.step()
    model.eval()
    print(f"trained for {_DENSE_EPOCHS} epochs")


@torch.inference_mode()
def _logits(model: nn.Module, images: Tensor) -> Tensor:
    return model(images)


def _accuracy(logits: Tensor, labels: Tensor) -> float:
    return float((logits.argmax(dim=1) == labels).float().mean())


def _check_predictions(computed: Tensor, expected: Tensor) -> None:
    wrong = computed.argmax(dim=1) != expected.argmax(dim=1)
    if wrong.any():
        raise WrongResultError(
            f"the compiled network predicts other digits than PyTorch for {int(wrong.sum())} of "
            f"{len(wrong)} images, the first of them number {int(wrong.nonzero()[0])}"
        )
    largest = float((computed - expected).abs().max())
    print(
        f"\nall {len(wrong)} predictions equal PyTorch's; "
        f"the largest difference of an output is {largest:.1e}"
    )


def _compile_and_save(model: nn.Module, image: Tensor, artefact: Path) -> patternc.CompiledModule:
    """The compiled model, saved and loaded again."""
    compiled = patternc.compile(model, (image,), threads=_THREADS)
    compiled.save(artefact)
    loaded = patternc.load(artefact, threads=_THREADS)
    if not torch.equal(loaded(image), compiled(image)):
        raise WrongResultError(f"the module that was saved in {artefact} computes something else")
    print(f"compiled, saved in {artefact}, loaded again")
    return loaded


def _compare(
    module: patternc.CompiledModule, dense: nn.Module, image: Tensor, *, calls_per_turn: int
) -> str:
    """Times the module against its dense original, prints a table, puts it into words."""
    ours = "patternc, pruned"
    calls = {ours: module.prepare(image)}
    calls |= {
        f"{engine.name}, unpruned": prepare(engine, dense, image, threads=_THREADS).run
        for engine in (PyTorch(), IreeAlone())
    }
    timings = interleave(calls, rounds=20, calls_per_turn=calls_per_turn)
    ratios = [timing.median / timings[ours].median for timing in timings.values()]
    print()
    print(
        tabulate(
            [
                (name, f"{timing.median * 1e3:.3f}", f"{timing.fastest * 1e3:.3f}", f"{ratio:.1f}")
                for (name, timing), ratio in zip(timings.items(), ratios, strict=True)
            ],
            ("batch 1, one thread", "median ms", "fastest ms", "time / ours"),
            colalign=("left", "right", "right", "right"),
            disable_numparse=True,
        )
    )
    _, pytorch, iree = ratios
    return f"runs {pytorch:.1f} times as fast as PyTorch and {iree:.1f} times as fast as IREE alone"


def _compare_sizes(dense: nn.Module, artefact: Path) -> str:
    """Prints the bytes of the dense parameters and of the artefact; returns their ratio."""
    before = sum(parameter.numel() * parameter.element_size() for parameter in dense.parameters())
    files = {file.name: file.stat().st_size for file in sorted(artefact.iterdir())}
    after = sum(files.values())
    parts = ", ".join(f"{name} {size / 1e3:.1f}" for name, size in files.items())
    print(f"\nsize in kB: {before / 1e3:.1f} dense, {after / 1e3:.1f} stored ({parts})")
    return f"{after / before:.0%}"


def _title(text: str) -> None:
    print(f"\n{text}\n{'=' * len(text)}\n")


if __name__ == "__main__":
    print(f"{cpu_model()}, torch {torch.__version__}, patternc {patternc.__version__}")
    run(main)
