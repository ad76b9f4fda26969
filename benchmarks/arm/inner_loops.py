# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The inner loops that are compiled for Arm, against the peak of the processor, by LLVM's model.

Nothing is run: llvm-mca simulates the instructions of each loop on a core of the class of
Cortex-A76 (neoverse-n1, two vector units) and one of the class of Cortex-X1 (neoverse-v1, four).
The simulation has all data in the first cache. A loop over the kernels of a filter group, or over
the taps of a large kernel, counts if it multiplies and adds vectors; in int8, where `sdot` adds
four products to each lane, each pattern has a loop.
"""

import argparse
import itertools
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

import torch
from tabulate import tabulate
from torch import Tensor, nn
from tqdm import tqdm

import patternc
from benchmarks.arm.assembly import Loop, multiply_add_loops
from benchmarks.arm.llvm_mca import Analysis, Core, analyse, require_llvm_mca
from benchmarks.measuring.command_line import add_choices, new_json_parser, run
from benchmarks.measuring.machine import describe_machine
from benchmarks.models.by_name import MODELS, SMALL_LAYERS, models_of
from patternc.compiler import Precision
from patternc.compiler.targets import get_target
from patternc.settings import Settings

_CORES = (Core("neoverse-n1", 2), Core("neoverse-v1", 4))
_GOAL = 0.8


@dataclass(frozen=True)
class Row:
    """What is known of a loop, by the names of the cores."""

    loop: Loop
    analyses: dict[str, Analysis]

    def share(self, core: Core) -> float:
        """Of the multiply-adds that the core could do in the time."""
        return self.loop.whole_vectors / core.multiply_adds / self.analyses[core.name].cycles


def main() -> int:
    arguments = _parse_arguments()
    require_llvm_mca()
    torch.manual_seed(0)
    machine = describe_machine()
    print(f"{arguments.target}, {machine['date'][:10]}; analysis, nothing is run")
    results = {}
    for key, precision in itertools.product(arguments.models, arguments.precisions):
        for name, model, images in models_of(key):
            title = f"{name}, {precision}"
            loops = _loops(model, images, arguments.target, precision)
            bar = tqdm(loops, "analyse", disable=None, leave=False)
            rows = [
                Row(loop, {core.name: analyse(loop.instructions, core) for core in _CORES})
                for loop in bar
            ]
            results[title] = rows
            print(f"\n{title}\n\n{_table(rows)}\n")
            for core in _CORES:
                print(_conclusion(rows, core), flush=True)
    if arguments.json:
        content = {
            "case": "inner loops for Arm, by llvm-mca",
            "target": arguments.target,
            "machine": machine,
            "models": {title: [_plain(row) for row in rows] for title, rows in results.items()},
        }
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_json_parser(__doc__)
    targets = [
        name
        for name in patternc.target_names()
        if get_target(name).machine.architecture == "aarch64"
    ]
    parser.add_argument(
        "--target",
        choices=targets,
        default="snapdragon-855",
        help=f"what to compile for: {', '.join(targets)} (snapdragon-855)",
    )
    add_choices(parser, "--models", MODELS, "what to compile", default=SMALL_LAYERS)
    precisions = (*get_args(Precision), "int8")
    add_choices(parser, "--precisions", precisions, "what to compute in")
    return parser.parse_args()


def _loops(
    model: nn.Module,
    images: tuple[Tensor, ...],
    target: str,
    precision: Precision | Literal["int8"],
) -> list[Loop]:
    """Those of the convolutions, in their order.

    IREE merges executables that are the same; loops of one executable that differ in registers
    only, as those of the patterns of a stationary input, are taken for one.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(dump_dir=Path(folder))
        if precision == "int8":
            program = patternc.quantize(model, [images])
            module = patternc.compile(program, target=target, settings=settings)
        else:
            module = patternc.compile(
                model, images, target=target, precision=precision, settings=settings
            )
        files = sorted(Path(folder, "kernels").glob("*.s"))
        loops = [loop for file in files for loop in multiply_add_loops(file.read_text())]
    ours = [_symbol(layer.name) for layer in module.report().layers]
    distinct: dict[tuple[str, ...], Loop] = {}
    for loop in loops:
        operations = (instruction.split()[0] for instruction in loop.instructions)
        distinct.setdefault((loop.function, *operations), loop)
    found = (loop for loop in distinct.values() if loop.function in ours)
    return sorted(found, key=lambda loop: ours.index(loop.function))


def _symbol(layer: str) -> str:
    """What the kernel of a layer is called."""
    name = re.sub(r"\W", "_", layer)
    return name if name[:1].isalpha() else f"layer_{name}"


def _table(rows: Sequence[Row]) -> str:
    headers = ["executable", "loop", "FMAs", "accumulators", "instructions", "on stack"]
    for core in _CORES:
        headers += [f"{core.name}: cycles", "at least", "of peak", "bound by"]
    return tabulate(
        [
            [
                row.loop.function,
                row.loop.label,
                row.loop.vector_multiply_adds,
                row.loop.accumulators,
                len(row.loop.instructions),
                row.loop.stack_accesses,
                *(cell for core in _CORES for cell in _cells(row, core)),
            ]
            for row in rows
        ],
        headers,
        colalign=("left", "left", *["right"] * 4, *["right", "right", "right", "left"] * 2),
        disable_numparse=True,
    )


def _cells(row: Row, core: Core) -> tuple[str, ...]:
    analysis = row.analyses[core.name]
    return (
        f"{analysis.cycles:.1f}",
        f"{analysis.least_cycles:.1f}",
        f"{row.share(core):.0%}",
        analysis.bottleneck,
    )


def _conclusion(rows: Sequence[Row], core: Core) -> str:
    reached = sum(row.share(core) >= _GOAL for row in rows)
    return f"{core.name}: {reached} of {len(rows)} loops reach {_GOAL:.0%} of the peak"


def _plain(row: Row) -> dict:
    return {
        "executable": row.loop.function,
        "loop": row.loop.label,
        "vector_multiply_adds": row.loop.vector_multiply_adds,
        "accumulators": row.loop.accumulators,
        "instructions": row.loop.instructions,
        "stack_accesses": row.loop.stack_accesses,
        "cores": {
            core.name: {**asdict(row.analyses[core.name]), "of_peak": row.share(core)}
            for core in _CORES
        },
    }


if __name__ == "__main__":
    run(main)
