# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The kernels that are compiled for GPUs: what a thread loads, multiplies and keeps.

Nothing is run. The figures are those of the SPIR-V that IREE hands to the driver: in the innermost
loops that multiply and add, how many multiply-adds (one of four numbers counts as four) there are
for each load of a thread, which may be of four numbers, too.

--gpus has Vulkan drivers compile them as well, and shows what they say of each kernel, such as its
registers and the occupancy that these allow; --isa keeps the GPU's instructions besides. AMD's and
Qualcomm's GPUs need not be there, but Mesa's drivers; `here` is the first device of this machine.
"""

import argparse
import json
import math
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from tabulate import tabulate
from torch import Tensor, nn

import patternc
from benchmarks.measuring.command_line import add_choices, new_json_parser, run
from benchmarks.measuring.machine import describe_machine
from benchmarks.models.by_name import MODELS, ONE_LAYER, models_of
from benchmarks.spirv.binary import Kernel, SpirvError, read_kernel
from benchmarks.spirv.driver import Compiled
from benchmarks.spirv.gpus import GPUS, compile_for
from patternc.compiler.targets import get_target
from patternc.errors import CompilerError
from patternc.settings import Settings

_GOAL = 8  # multiply-adds a load
# Of the smallest GPUs that Android's profile of 2022 allows.
_THREADS, _WORKGROUP_BYTES = 128, 16384
_PRIVATE_WORDS = 18  # of 16 bytes; the driver of an Adreno 650 fails at longer arrays


@dataclass(frozen=True)
class Row:
    """A kernel, and the module that it is in."""

    kernel: Kernel
    binary: bytes

    @property
    def multiply_adds_a_load(self) -> float | None:
        """In the inner loop that has the fewest."""
        return min((loop.multiply_adds_a_load for loop in self.kernel.inner_loops), default=None)


def main() -> int:
    arguments = _parse_arguments()
    torch.manual_seed(0)
    machine = describe_machine()
    print(f"{arguments.target}, {machine['date'][:10]}; analysis, nothing is run")
    results = {}
    for key in arguments.models:
        for title, model, images in models_of(key):
            rows = _rows(model, images, arguments.target)
            print(f"\n{title}\n\n{_table(rows)}\n\n{_conclusion(rows)}", flush=True)
            compiled = {}
            for gpu in arguments.gpus:
                compiled[gpu] = compile_for(GPUS[gpu], [row.binary for row in rows])
                print(f"\n{gpu}, {compiled[gpu].device}\n\n{_statistics(rows, compiled[gpu])}")
                if arguments.isa:
                    folder = arguments.isa / f"{_file_name(title)}.{gpu}"
                    _write_texts(rows, compiled[gpu], folder)
            results[title] = _plain(rows, compiled)
    if arguments.json:
        content = {
            "case": "kernels in SPIR-V",
            "target": arguments.target,
            "machine": machine,
            "models": results,
        }
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_json_parser(__doc__)
    targets = [name for name in patternc.target_names() if get_target(name).device == "gpu"]
    parser.add_argument(
        "--target",
        choices=targets,
        default="vulkan",
        help=f"what to compile for: {', '.join(targets)} (vulkan)",
    )
    add_choices(parser, "--models", MODELS, "what to compile", default=ONE_LAYER)
    parser.add_argument(
        "--gpus",
        nargs="+",
        choices=GPUS,
        default=[],
        metavar="GPU",
        help=f"whose drivers compile the kernels: {', '.join(GPUS)} (none)",
    )
    parser.add_argument(
        "--isa", type=Path, metavar="FOLDER", help="write what the drivers show of each kernel"
    )
    return parser.parse_args()


def _rows(model: nn.Module, images: tuple[Tensor, ...], target: str) -> list[Row]:
    """The kernels of a model, IREE's own among them; equal executables are one."""
    with tempfile.TemporaryDirectory() as folder:
        patternc.compile(model, images, target=target, settings=Settings(dump_dir=Path(folder)))
        rows = []
        for file in sorted(Path(folder, "kernels").glob("*.spv")):
            binary = file.read_bytes()
            try:
                rows.append(Row(read_kernel(binary), binary))
            except SpirvError as error:
                raise CompilerError(f"IREE made {file.name}, but {error}") from error
    return rows


def _write_texts(rows: Sequence[Row], compiled: Compiled, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for row, code in zip(rows, compiled.codes, strict=True):
        for name, text in code.texts.items():
            (folder / f"{row.kernel.name}.{_file_name(name)}.txt").write_text(text)


def _file_name(words: str) -> str:
    return "_".join(re.findall(r"\w+", words.lower()))


def _table(rows: Sequence[Row]) -> str:
    lines = []
    for row in rows:
        kernel = row.kernel
        of_kernel = (
            "x".join(map(str, kernel.threads)),
            kernel.workgroup_bytes,
            " ".join(map(str, kernel.private_arrays)) or "-",
            kernel.largest_vector,
            kernel.long_integers,
        )
        if not kernel.inner_loops:
            lines.append((kernel.name, *["-"] * 5, *of_kernel))
        for number, loop in enumerate(kernel.inner_loops):
            work = (loop.multiply_adds, loop.loads, loop.widest_load)
            ratio = f"{loop.multiply_adds_a_load:.1f}"
            rest = of_kernel if number == 0 else ("",) * len(of_kernel)
            name = kernel.name if number == 0 else ""
            lines.append((name, loop.loops or "none", *work, ratio, *rest))
    table = tabulate(
        lines,
        (
            *("executable", "loops", "FMAs", "loads", "widest", "FMAs a load", "threads"),
            *("workgroup bytes", "private arrays", "longest vector", "64-bit integers"),
        ),
        colalign=("left", *["right"] * 10),
        disable_numparse=True,
    )
    return (
        f"{table}\n\n"
        "loops: innermost ones that multiply and add; without any, the whole kernel counts\n"
        "FMAs: multiply-adds of numbers; loads: instructions, widest: numbers in the longest\n"
        "private arrays: of a thread, in words of 16 bytes"
    )


def _conclusion(rows: Sequence[Row]) -> str:
    ratios = [row.multiply_adds_a_load for row in rows if row.multiply_adds_a_load is not None]
    reached = sum(ratio >= _GOAL for ratio in ratios)
    kernels = [row.kernel for row in rows]
    too_large = [
        kernel.name
        for kernel in kernels
        if kernel.workgroup_bytes > _WORKGROUP_BYTES
        or math.prod(kernel.threads) > _THREADS
        or any(words > _PRIVATE_WORDS for words in kernel.private_arrays)
    ]
    return (
        f"{reached} of {len(ratios)} kernels that multiply and add have {_GOAL} FMAs a load\n"
        f"beyond {_THREADS} threads, {_WORKGROUP_BYTES} bytes of a workgroup or private arrays of "
        f"{_PRIVATE_WORDS} words: {', '.join(too_large) or 'none'}"
    )


def _statistics(rows: Sequence[Row], compiled: Compiled) -> str:
    """What the driver says, in its own words; what is 0 of every kernel is left out."""
    statistics = [code.statistics for code in compiled.codes]
    names = dict.fromkeys(name for numbers in statistics for name in numbers)
    shown = [
        name
        for name in names
        if "hash" not in name.lower() and any(numbers.get(name) for numbers in statistics)
    ]
    lines = [
        (row.kernel.name, *(numbers.get(name, "-") for name in shown))
        for row, numbers in zip(rows, statistics, strict=True)
    ]
    return tabulate(lines, ("executable", *shown), maxheadercolwidths=12)


def _plain(rows: Sequence[Row], compiled: Mapping[str, Compiled]) -> list[dict[str, Any]]:
    return [
        {
            **asdict(row.kernel),
            "multiply_adds_a_load": row.multiply_adds_a_load,
            "gpus": {gpu: made.codes[number].statistics for gpu, made in compiled.items()},
        }
        for number, row in enumerate(rows)
    ]


if __name__ == "__main__":
    run(main)
