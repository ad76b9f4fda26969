# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Measures a folder that benchmarks.vulkan.pack made, on the first Vulkan device of this machine.

Every contender has a process of its own, and they take turns. A *call* has its input on the device
and waits for its output there; ncnn's copies both. *Kernels* are what a call takes without what
surrounds them, from calls in which every kernel runs several times. The last table of a case has
the kernels of its first module, by the timestamps of the device.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

import patternc
from benchmarks.comparison.engine_process import EngineProcess
from benchmarks.comparison.parts import Part, split
from benchmarks.comparison.tolerances import check_output
from benchmarks.engines.dispatches import time_dispatches
from benchmarks.engines.engine import NotMeasuredError, Precision, Prepared, name_with
from benchmarks.engines.ncnn_net import load_net
from benchmarks.measuring.command_line import add_choices, new_json_parser, positive, run
from benchmarks.measuring.errors import WrongResultError
from benchmarks.measuring.interleave import Timing, take_turns
from benchmarks.measuring.machine import describe_machine, machine_line
from benchmarks.vulkan.case import CASES, Case, expected_file, image_file, read_case
from benchmarks.vulkan.loading import load_dense, load_module
from patternc.dependencies import require
from patternc.errors import PatterncError, TargetError

_RESULTS = "results.json"
_TURN_SECONDS = 0.2  # a turn has as many calls as take about that long
_MOST_CALLS = 50
# Seconds; what would take longer is not timed.
_LONGEST_CALL, _LONGEST_LOAD = 20.0, 60.0
_CALLS_WITH_TIMESTAMPS = 10
_DENSE = "dense"
_ENGINES = ("patternc", "IREE alone", "ncnn", "cuDNN")
_NCNN: tuple[Precision, ...] = ("float32", "float16")
_CUDNN: tuple[Precision, ...] = ("float32", "tf32", "float16")


@dataclass(frozen=True)
class Contender:
    """What takes part in a case.

    Attributes:
      name: with the precision, where that is not float32.
      precision: what it computes in.
      model: which model it computes.
      load: loads it, in its own process.
      load_repeated: loads it so that a call runs each kernel several times.
    """

    name: str
    precision: Precision
    model: str
    load: Callable[[], Prepared]
    load_repeated: Callable[[], Prepared] | None = None

    @property
    def engine(self) -> str:
        return self.name.partition(",")[0]


@dataclass(frozen=True)
class Row:
    """What was measured of a contender."""

    precision: Precision
    error: float
    call: Timing
    kernels: Timing | None

    def plain(self) -> dict[str, Any]:
        """In JSON's types."""
        return {
            "precision": self.precision,
            "error": self.error,
            "call_seconds": self.call.seconds,
            "kernel_seconds": self.kernels and self.kernels.seconds,
        }


@dataclass(frozen=True)
class Result:
    """A case, measured.

    Attributes:
      rows: by contender.
      missing: why others could not take part.
      wrong: how results of others differ from PyTorch's.
      parts: of the first module, by timestamps.
    """

    case: Case
    rows: Mapping[str, Row]
    missing: Mapping[str, str]
    wrong: Mapping[str, str]
    parts: Sequence[Part]


def main() -> int:
    arguments = _parse_arguments()
    devices = _vulkan_devices()
    machine = describe_machine()
    print(f"Vulkan: {devices[0]}\n{machine_line(machine)}")
    if devices[1:]:
        print(f"not used: {', '.join(devices[1:])}")
    results = []
    for folder in arguments.cases:
        case = read_case(folder)
        contenders = [c for c in _contenders(case, folder) if c.engine in arguments.engines]
        results.append(_measure(case, folder, contenders, arguments.rounds))
        print(f"\n{_text(results[-1])}", flush=True)
    content = {
        "devices": devices,
        "machine": machine,
        "rounds": arguments.rounds,
        "cases": {result.case.name: _plain(result) for result in results},
    }
    arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    print(f"\nwritten to {arguments.json}")
    wrong = [f"{r.case.title}: {name}" for r in results for name in r.wrong]
    if wrong:
        print(f"wrong results: {'; '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_json_parser(__doc__)
    parser.add_argument("folder", type=Path, help="what benchmarks.vulkan.pack made")
    parser.add_argument("--cases", nargs="+", metavar="CASE", help="folders of its cases (all)")
    add_choices(parser, "--engines", _ENGINES, "what to measure with")
    parser.add_argument("--rounds", type=positive, default=10, help="turns of every contender (10)")
    arguments = parser.parse_args()
    files = arguments.folder.glob(f"{CASES}/*/case.json")
    found = {file.parent.name: file.parent for file in files}
    names = arguments.cases or sorted(found)
    unknown = [name for name in names if name not in found]
    if unknown or not names:
        raise PatterncError(
            f"{arguments.folder} has no case {', '.join(unknown)}; there are "
            f"{', '.join(sorted(found)) or 'none'}"
        )
    arguments.cases = [found[name].resolve() for name in names]
    arguments.json = arguments.json or arguments.folder / _RESULTS
    return arguments


def _vulkan_devices() -> list[str]:
    """The names of all devices, the one that is measured first."""
    runtime = require("iree.runtime", needed_for="measuring")
    try:
        found = runtime.get_driver("vulkan").query_available_devices()
    except (RuntimeError, ValueError) as error:
        raise TargetError(f"IREE cannot use Vulkan here: {error}") from error
    if not found:
        raise TargetError("IREE finds no Vulkan device")
    return [device["name"] for device in found]


def _contenders(case: Case, folder: Path) -> Iterator[Contender]:
    image = np.load(image_file(folder))
    for module in case.modules:
        load = partial(load_module, folder / module.file, image)
        repeated = partial(load, bytecode=folder / module.repeated_file)
        yield Contender(module.name, module.precision, module.model, load, repeated)
    if case.net:
        for precision in _NCNN:
            load = partial(load_net, folder / case.net, image, precision=precision, vulkan=True)
            yield Contender(name_with("ncnn", precision), precision, _DENSE, load)
    dense = next((module.file for module in case.modules if module.model == _DENSE), None)
    if dense:
        for precision in _CUDNN:
            load = partial(load_dense, case.name, folder / dense, image, precision=precision)
            yield Contender(name_with("cuDNN", precision), precision, _DENSE, load)


def _measure(case: Case, folder: Path, candidates: Sequence[Contender], rounds: int) -> Result:
    missing, wrong = dict(case.missing), {}
    contenders, processes, repeated = {}, {}, {}
    calls: dict[str, int] = {}
    with ExitStack() as stack:
        for contender in tqdm(candidates, case.title, disable=None, leave=False):
            name = contender.name
            try:
                process = stack.enter_context(EngineProcess(name, contender.load))
                if process.load_seconds > _LONGEST_LOAD:
                    taken = f"{process.load_seconds:.0f} s"
                    raise NotMeasuredError(f"loading and the first call take {taken}")
                _check(process, contender, folder)
                (seconds,) = process.turn(1)
                if seconds > _LONGEST_CALL:
                    raise NotMeasuredError(f"a call takes {seconds:.0f} s")
                if contender.load_repeated and seconds * case.repeats <= _LONGEST_CALL:
                    often = EngineProcess(name, contender.load_repeated)
                    repeated[name] = stack.enter_context(often)
            except (NotMeasuredError, ConnectionError) as error:
                missing[name] = str(error)
                continue
            except WrongResultError as error:
                wrong[name] = str(error)
                continue
            contenders[name], processes[name] = contender, process
            calls[name] = max(1, min(_MOST_CALLS, round(_TURN_SECONDS / seconds)))
        # Every contender has its own number of calls in a turn, and one of those that repeat.
        turns = {name: partial(_turn, process, calls[name]) for name, process in processes.items()}
        turns |= {_repeated(name): partial(_turn, p, 1) for name, p in repeated.items()}
        timings = take_turns(turns, rounds=rounds, calls_per_turn=1)
        rows = {}
        for name, process in processes.items():
            try:
                error = _check(process, contenders[name], folder)
            except WrongResultError as difference:
                wrong[name] = f"after the timing: {difference}"
                continue
            kernels = None
            if name in repeated:
                often = timings[_repeated(name)]
                kernels = _kernels(timings[name], often, calls[name], case.repeats)
            rows[name] = Row(contenders[name].precision, error, timings[name], kernels)
    return Result(case, rows, missing, wrong, _parts(case, folder))


def _check(process: EngineProcess, contender: Contender, folder: Path) -> float:
    expected = np.load(expected_file(folder, contender.model))
    return check_output(
        process.output(), expected, engine=contender.engine, precision=contender.precision
    )


def _turn(process: EngineProcess, calls: int, _: int) -> list[float]:
    return process.turn(calls)


def _repeated(name: str) -> str:
    return f"{name}, repeated"


def _kernels(call: Timing, repeated: Timing, calls: int, repeats: int) -> Timing:
    """The time of all kernels in each round."""
    rounds = enumerate(repeated.seconds)
    return Timing(
        tuple(
            (often - statistics.median(call.seconds[i * calls : (i + 1) * calls])) / (repeats - 1)
            for i, often in rounds
        )
    )


def _parts(case: Case, folder: Path) -> list[Part]:
    """The kernels of the first module, put together; none if the device has no timestamps."""
    if not case.modules:
        return []
    module = patternc.load(folder / case.modules[0].file)
    image = np.load(image_file(folder))
    try:
        timings = time_dispatches(module, image, calls=_CALLS_WITH_TIMESTAMPS)
    except subprocess.CalledProcessError:
        return []
    return split(module.report(), timings, _CALLS_WITH_TIMESTAMPS)


def _text(result: Result) -> str:
    lines = [result.case.title, "", _table(result), "", *_notes(result)]
    lines += [f"{name}: not measured: {why}" for name, why in result.missing.items()]
    lines += [f"{name}: wrong, and not measured: {why}" for name, why in result.wrong.items()]
    if result.parts:
        lines += ["", f"{result.case.modules[0].name}, kernels by timestamps", ""]
        lines.append(_table_of_parts(result.parts))
    return "\n".join(lines)


def _table(result: Result) -> str:
    ours = next(iter(result.rows.values()), None)
    lines = []
    for name, row in result.rows.items():
        line = [name, *_cells(row.call, ours and ours.call)]
        lines.append([*line, *_cells(row.kernels, ours and ours.kernels), f"{row.error:.0e}"])
    headers = ["engine", "call ms", "quartiles", "/ first"]
    headers += ["kernels ms", "quartiles", "/ first", "error"]
    alignment = ("left", *["right"] * (len(headers) - 1))
    return tabulate(lines, headers, colalign=alignment, disable_numparse=True)


def _cells(timing: Timing | None, first: Timing | None) -> tuple[str, str, str]:
    """Median, quartiles, and the ratio to the first contender's median."""
    if timing is None:
        return "-", "-", "-"
    quartiles = " - ".join(f"{quartile * 1e3:.3f}" for quartile in timing.quartiles)
    ratio = f"{timing.median / first.median:.2f}" if first else "-"
    return f"{timing.median * 1e3:.3f}", quartiles, ratio


def _notes(result: Result) -> list[str]:
    untimed = any(row.kernels is None for row in result.rows.values())
    notes = [
        "call: input and output on the device, ncnn's copied there and back",
        f"kernels: from calls that run each of them {result.case.repeats} times",
        "error: the norm of the difference from PyTorch in float32, of the norm",
    ]
    if untimed:
        notes[1] += f"; not of other engines, nor beyond {_LONGEST_CALL:.0f} s a call"
    return notes


def _table_of_parts(parts: Sequence[Part]) -> str:
    total = sum(part.seconds for part in parts)
    lines = [
        (
            part.name,
            part.kernels,
            f"{part.seconds * 1e3:.3f}",
            f"{part.seconds / total:.0%}",
            f"{part.multiply_adds / 1e6:.1f}" if part.multiply_adds else "-",
            f"{part.gops:.1f}" if part.multiply_adds else "-",
        )
        for part in parts
    ]
    lines.append(("all", sum(p.kernels for p in parts), f"{total * 1e3:.3f}", "100%", "", ""))
    headers = ("part", "kernels", "ms", "share", "MMAC", "GOP/s")
    return tabulate(lines, headers, colalign=("left", *["right"] * 5), disable_numparse=True)


def _plain(result: Result) -> dict[str, Any]:
    return {
        "title": result.case.title,
        "repeats": result.case.repeats,
        "engines": {name: row.plain() for name, row in result.rows.items()},
        "not_measured": dict(result.missing),
        "wrong": dict(result.wrong),
        "parts": [asdict(part) for part in result.parts],
    }


if __name__ == "__main__":
    run(main)
