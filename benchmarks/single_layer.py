"""One pruned convolution against the same convolution dense in other engines.

The layer has 256 channels, 256 filters of 3x3, padding 1, bias and ReLU, on one image of 56x56 in
float32. It is pruned 8.1 times: a pattern keeps 4 of 9 positions of a kernel, and one kernel in
3.6 stays.
"""

import argparse
import copy
import importlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from tabulate import tabulate
from torch import Tensor, nn
from tqdm import tqdm

import patternc
from engines import (
    Engine,
    IreeAlone,
    Ncnn,
    NotMeasuredError,
    OnnxRuntime,
    Patternc,
    Prepared,
    PyTorch,
)
from interleave import Timing, interleave
from machine import describe_machine
from peak import prepare_fma_loop

CHANNELS, SIZE = 256, 56

_OURS = "patternc, groups of 4"
_GOALS = {IreeAlone.name: 10, OnnxRuntime.name: 5, Ncnn.name: 2}


@dataclass(frozen=True)
class Row:
    """What was measured of one engine.

    Attributes:
      multiply_adds: of a direct convolution with the weights that the engine was given.
      timing: how long it took.
    """

    multiply_adds: int
    timing: Timing

    @property
    def gflops(self) -> float:
        return 2e-9 * self.multiply_adds / self.timing.median


class WrongResultError(Exception):
    """An engine computed something else than PyTorch."""


def make_layer() -> tuple[nn.Sequential, Tensor]:
    """The dense layer with random weights, and an image for it."""
    generator = torch.Generator().manual_seed(0)
    convolution = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
    for parameter in convolution.parameters():
        nn.init.normal_(parameter, std=0.02, generator=generator)
    image = torch.randn(1, CHANNELS, SIZE, SIZE, generator=generator)
    return nn.Sequential(convolution, nn.ReLU()).eval().requires_grad_(False), image


def make_pruned(layer: nn.Sequential, group_size: int) -> nn.Sequential:
    """A copy of the layer, pruned 8.1 times; filters of a group keep the same weights."""
    pruned = copy.deepcopy(layer)
    if group_size == 1:
        patternc.prune_(pruned, form="filter")
    else:
        patternc.prune_(pruned, form="group", group_size=group_size)
    return pruned


def check(output: np.ndarray, layer: nn.Sequential, image: Tensor) -> float:
    """Compares an engine's output with PyTorch's, and returns the largest absolute difference.

    Raises:
      WrongResultError: a value differs by more than rounding can explain: 2 n eps sum |w x|,
        where n is the number of products in the sum.
    """
    magnitudes = copy.deepcopy(_convolution(layer))
    for parameter in magnitudes.parameters():
        parameter.abs_()
    products = magnitudes.weight[0].numel() + 1
    bound = 2 * products * torch.finfo(torch.float32).eps * magnitudes(image.abs())
    difference = (torch.from_numpy(output) - layer(image)).abs()
    largest = float(difference.max())
    if not bool((difference <= bound).all()):  # a NaN is in no bound
        raise WrongResultError(f"differs from PyTorch eager by up to {largest:.2e}")
    return largest


def multiply_adds(layer: nn.Sequential) -> int:
    """Multiply-adds of a direct convolution that skips the weights that are zero."""
    return int(_convolution(layer).weight.count_nonzero()) * SIZE * SIZE


def _convolution(layer: nn.Sequential) -> nn.Conv2d:
    return cast(nn.Conv2d, layer[0])


def main() -> int:
    arguments = _parse_arguments()
    if arguments.plot:
        _pyplot()  # fail before the work, not after
    dense, image = make_layer()
    pruned = {f"patternc, groups of {size}": make_pruned(dense, size) for size in (4, 8)}
    candidates: list[tuple[str, Engine, nn.Sequential]] = [
        *((name, Patternc(), layer) for name, layer in pruned.items()),
        ("patternc, form filter", Patternc(), make_pruned(dense, 1)),
        ("patternc, dense", Patternc(), dense),
        *(
            (engine.name, engine, dense)
            for engine in (IreeAlone(), OnnxRuntime(), Ncnn(), PyTorch())
        ),
    ]
    machine = describe_machine()

    prepared, missing = _prepare(candidates, image, arguments.threads)
    fma_loop, fma_multiply_adds = prepare_fma_loop()
    timings = interleave(
        {"peak": fma_loop} | {name: entry.run for name, entry in prepared.items()},
        rounds=arguments.rounds,
        calls_per_turn=arguments.calls,
    )
    peak = Row(fma_multiply_adds, timings.pop("peak"))
    work = {name: multiply_adds(layer) for name, _, layer in candidates}
    rows = {name: Row(work[name], timing) for name, timing in timings.items()}

    print(_heading(arguments, machine))
    print()
    print(_table(rows, peak.gflops * arguments.threads))
    print()
    print(_goals(rows))
    for name, reason in missing.items():
        print(f"\n{name}: not measured: {reason}")
    if arguments.json:
        _write_json(arguments, machine, rows, peak, missing)
    if arguments.plot:
        title = f"{machine['cpu']}, {_threads(arguments.threads)}"
        _write_plot(arguments.plot, rows, title)
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=_positive, default=1, help="threads of every engine (1)")
    parser.add_argument("--rounds", type=_positive, default=20, help="turns of every engine (20)")
    parser.add_argument("--calls", type=_positive, default=5, help="timed calls in a turn (5)")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write every sample and the machine's description"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write a bar chart (PNG)")
    return parser.parse_args()


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of 1 or more, not '{text}'")
    return int(text)


def _prepare(
    candidates: list[tuple[str, Engine, nn.Sequential]], image: Tensor, threads: int
) -> tuple[dict[str, Prepared], dict[str, str]]:
    """Loads and checks every engine; the second result says why some cannot take part."""
    prepared, missing = {}, {}
    with tqdm(candidates, disable=None, leave=False) as bar:
        for name, engine, layer in bar:
            bar.set_description(f"prepare {name}")
            try:
                entry = engine.prepare(layer, image, threads=threads)
            except NotMeasuredError as error:
                missing[name] = str(error)
                continue
            try:
                check(entry.output, layer, image)
            except WrongResultError as error:
                raise WrongResultError(f"{name}: {error}") from error
            prepared[name] = entry
    return prepared, missing


def _heading(arguments: argparse.Namespace, machine: Mapping[str, Any]) -> str:
    return (
        f"convolution {CHANNELS}x{CHANNELS}x3x3 on {SIZE}x{SIZE}, bias, ReLU, batch 1, float32\n"
        f"{machine['date'][:10]}, {machine['cpu']}, load {machine['load_average']:.1f} on "
        f"{machine['cores']} cores at the start\n"
        f"{_threads(arguments.threads)}, {arguments.rounds} rounds of {arguments.calls} calls, "
        "every result checked"
    )


def _threads(number: int) -> str:
    return "1 thread" if number == 1 else f"{number} threads"


def _table(rows: Mapping[str, Row], peak: float) -> str:
    """Milliseconds of each engine; `peak` is in GFLOP/s, of all cores in use."""
    ours = rows[_OURS].timing.median
    table = tabulate(
        [
            (
                name,
                f"{row.timing.median * 1e3:.2f}",
                f"{row.timing.fastest * 1e3:.2f}",
                " - ".join(f"{quartile * 1e3:.2f}" for quartile in row.timing.quartiles),
                f"{row.multiply_adds / 1e6:.0f}",
                f"{row.gflops:.1f}",
                f"{row.gflops / peak:.0%}",
                f"{row.timing.median / ours:.2f}",
            )
            for name, row in rows.items()
        ],
        ("engine", "median ms", "min", "quartiles", "MMAC", "GFLOP/s", "of peak", "time / ours"),
        colalign=("left", *["right"] * 7),
        disable_numparse=True,
    )
    return (
        f"{table}\n\n"
        "MMAC: million multiply-adds of a direct convolution that skips zeros; GFLOP/s: two each\n"
        f"peak: {peak:.0f} GFLOP/s, a loop of fused multiply-adds timed in the same run"
    )


def _goals(rows: Mapping[str, Row]) -> str:
    ours = rows[_OURS].timing
    return tabulate(
        [
            (
                name,
                f"{goal}x",
                f"{rows[name].timing.median / ours.median:.1f}x",
                f"{rows[name].timing.fastest / ours.fastest:.1f}x",
            )
            for name, goal in _GOALS.items()
            if name in rows
        ],
        (f"{_OURS}, faster than", "goal", "by medians", "by fastest calls"),
        colalign=("left", *["right"] * 3),
        disable_numparse=True,
    )


def _write_json(
    arguments: argparse.Namespace,
    machine: Mapping[str, Any],
    rows: Mapping[str, Row],
    peak: Row,
    missing: Mapping[str, str],
) -> None:
    def plain(row: Row) -> dict:
        return {"multiply_adds": row.multiply_adds, "seconds": list(row.timing.seconds)}

    content = {
        "case": f"convolution {CHANNELS}x{CHANNELS}x3x3 on {SIZE}x{SIZE}",
        "machine": dict(machine),
        "threads": arguments.threads,
        "rounds": arguments.rounds,
        "calls_per_turn": arguments.calls,
        "engines": {name: plain(row) for name, row in rows.items()},
        "peak_of_one_core": plain(peak),
        "not_measured": dict(missing),
    }
    arguments.json.write_text(json.dumps(content, indent=1) + "\n")


def _pyplot() -> Any:
    try:
        return importlib.import_module("matplotlib.pyplot")
    except ImportError as error:
        sys.exit(f"error: --plot needs matplotlib ({error}): pip install matplotlib")


def _write_plot(file: Path, rows: Mapping[str, Row], title: str) -> None:
    plt = _pyplot()
    names = list(rows)
    medians = [row.timing.median * 1e3 for row in rows.values()]
    colors = ["tab:blue" if name.startswith(Patternc.name) else "tab:gray" for name in names]
    figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
    bars = axes.barh(names, medians, color=colors)
    axes.bar_label(bars, fmt="%.1f", padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.set_xlabel("median ms")
    axes.set_title(title, fontsize="medium")
    figure.savefig(file, dpi=150, format="png")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (WrongResultError, patternc.PatterncError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
