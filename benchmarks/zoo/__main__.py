# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Architectures of torchvision, timm and transformers, pruned and compiled, against PyTorch.

Each network has random weights through which its input shows at its output. All its convolutions
and matrices are pruned that can be (kernels to patterns of four of nine positions, one kernel in
3.6 stays; matrices in blocks of 16 rows), it is compiled, what it computes is compared with
PyTorch's in float64, and in float32 on llvm-cpu it is timed in turns with ONNX Runtime and
OpenVINO, batch 1, one thread, all of them with the same weights. In int8 it is quantised besides,
calibrated with random inputs, and compared with what PyTorch computes of the same program.

Each network runs in a process of its own, with limits of time and memory, so that a crash is a row
of the table and not its end. Rows are kept as they come: a run that was stopped goes on where it
was. The exit code is 1 where a row is wrong, crashes or hangs.
"""

import argparse
import fnmatch
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tabulate import tabulate

import patternc
from benchmarks.engines.engine import name_with
from benchmarks.engines.host import describe_host
from benchmarks.measuring.command_line import add_choices, new_parser, positive, run
from benchmarks.measuring.machine import machine_line
from benchmarks.zoo import row
from benchmarks.zoo.networks import IMAGE_SIZE, NETWORKS

# Of these a row may be: what is right, what is refused with a reason, what PyTorch does not build.
_FINE = ("right", "refused", "not built")
_TIMED = ("llvm-cpu", "float32")


def main() -> int:
    arguments = _parse_arguments()
    file: Path = arguments.json
    file.parent.mkdir(parents=True, exist_ok=True)
    rows: dict[str, dict[str, Any]] = {}
    if file.exists():
        rows = json.loads(file.read_text())["rows"]
    wanted = {
        name_with(f"{name} on {target}", precision): (name, target, precision)
        for target in arguments.targets
        for precision in arguments.precisions
        for name in arguments.networks
    }
    machine = describe_host()
    with (file.parent / "zoo.log").open("a") as log:
        for number, (key, what) in enumerate(wanted.items(), start=1):
            if key in rows and rows[key]["status"] not in arguments.again:
                continue
            found = _row_of_its_own(what, arguments, machine["date"], file.parent)
            rows[key] = found
            row.write(file, {"machine": machine, "rows": rows})
            line = f"{number}/{len(wanted)} {key}: {_in_words(found)}"
            for stream in (sys.stderr, log):
                print(line, file=stream, flush=True)
    chosen = {key: rows[key] for key in wanted}
    print(f"{machine_line(machine)}\n\n{_table(chosen)}\n\n{_summary(chosen)}")
    return int(any(found["status"] not in _FINE for found in chosen.values()))


def _row_of_its_own(
    what: tuple[str, str, str], arguments: argparse.Namespace, date: str, folder: Path
) -> dict[str, Any]:
    """Runs `row.main`; where it does not end as it should, that is what the row says."""
    started = time.monotonic()
    name, target, precision = what
    facts = {"network": name, "target": target, "precision": precision, "date": date}
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        result, said = Path(scratch, "row.json"), Path(scratch, "said.txt")
        command = [sys.executable, "-m", row.__name__]
        command += [*what, str(result), "--image-size", str(arguments.image_size)]
        timed = (target, precision) == _TIMED and not arguments.no_timing
        rounds = arguments.rounds if timed else 0
        command += ["--rounds", str(rounds), "--memory", str(arguments.memory)]
        with said.open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            process.wait(arguments.time)
        except subprocess.TimeoutExpired:
            facts |= {"status": "hangs", "message": f"stopped after {arguments.time:g} s"}
        finally:  # with its children, such as iree-compile, also after Ctrl-C
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if "status" not in facts:
            if result.exists():
                facts |= json.loads(result.read_text())
            else:
                facts |= {"status": "crashes", "message": _last_words(process.returncode, said)}
    return facts | {"seconds": time.monotonic() - started}


def _last_words(code: int, said: Path) -> str:
    how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return f"{how}\n{said.read_text(errors='replace')[-4000:]}".rstrip()


def _parse_arguments() -> argparse.Namespace:
    parser = new_parser(__doc__)
    parser.add_argument(
        "--networks",
        nargs="+",
        default=["*"],
        metavar="NETWORK",
        help="names, or patterns of them such as 'timm/*' or '*vit*' (all)",
    )
    add_choices(
        parser, "--targets", patternc.target_names(), "what to compile for", default="llvm-cpu"
    )
    add_choices(parser, "--precisions", row.PRECISIONS, "what to compute in", default="float32")
    parser.add_argument("--no-timing", action="store_true", help="compare only, as int8 always is")
    parser.add_argument("--rounds", type=positive, default=7, help="turns of every engine (7)")
    parser.add_argument(
        "--image-size",
        type=positive,
        default=IMAGE_SIZE,
        metavar="PIXELS",
        help=f"for networks that take any ({IMAGE_SIZE})",
    )
    parser.add_argument(
        "--time", type=float, default=900, metavar="SECONDS", help="limit for each network (900)"
    )
    parser.add_argument(
        "--memory", type=float, default=12, metavar="GB", help="limit for each network (12)"
    )
    parser.add_argument(
        "--again",
        nargs="+",
        default=[],
        choices=("right", "wrong", "refused", "not built", "crashes", "hangs"),
        metavar="STATUS",
        help="rows to run again: right, wrong, refused, 'not built', crashes, hangs (none)",
    )
    parser.add_argument("--list", action="store_true", help="name the networks, and end")
    parser.add_argument(
        "--json",
        type=Path,
        default=Path("build/zoo/zoo.json"),
        metavar="FILE",
        help="keeps the rows; beside it is zoo.log (build/zoo/zoo.json)",
    )
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(NETWORKS))
        sys.exit(0)
    chosen: dict[str, None] = {}
    for pattern in arguments.networks:
        found = fnmatch.filter(NETWORKS, pattern)
        if not found:
            parser.error(f"--networks: there is no '{pattern}'; --list names all")
        chosen |= dict.fromkeys(found)
    arguments.networks = list(chosen)
    return arguments


def _in_words(found: Mapping[str, Any]) -> str:
    words = [found["status"]]
    if "error" in found and found["error"] is not None:
        words.append(f"error {found['error']:.1e}")
    if "equal" in found:
        words.append(f"PyTorch's {found['pytorch_error']:.1e}, {found['apart']:.2f} of it apart")
    if "compile_seconds" in found:
        words.append(f"compiled in {found['compile_seconds']:.1f} s")
    if found.get("ratio") is not None:
        words.append(f"{found['ratio']:.2f} times as fast")
    if "message" in found:
        words.append(_first_line(found["message"]))
    if "not_pruned" in found:
        words.append(f"not pruned: {_first_line(found['not_pruned'])}")
    return ", ".join(words)


def _first_line(text: str, *, width: int = 120) -> str:
    line = text.strip().splitlines()[0] if text.strip() else ""
    return line if len(line) <= width else f"{line[: width - 3]}..."


def _table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    engines = dict.fromkeys(e for found in rows.values() for e in found.get("milliseconds", ()))
    counts = ["pruned", "dense", "int8", "left"]
    headers = ["network", "status", *counts, "compile s", "error", "PyTorch's"]
    headers += ["apart", "noise", "equal"]
    headers += [*(f"{engine} ms" for engine in engines), *(["ratio"] if engines else [])]
    lines = []
    for key, found in rows.items():
        cells = [key, found["status"], *(found.get(k) for k in counts)]
        cells.append(_number(found.get("compile_seconds"), ".1f"))
        cells += [_number(found.get(k), ".1e") for k in ("error", "pytorch_error")]
        cells += [_number(found.get(k), ".2f") for k in ("apart", "noise")]
        cells.append(_number(found.get("equal"), ".0%"))
        times = found.get("milliseconds", {})
        cells += [_number(times.get(engine), ".2f") for engine in engines]
        if engines:
            cells.append(_number(found.get("ratio"), ".2f"))
        lines.append(cells)
    alignment = ("left", "left", *["right"] * (len(headers) - 2))
    table = tabulate(lines, headers, disable_numparse=True, colalign=alignment, missingval="-")
    messages = [
        f"{key}: {found['status']}: {_first_line(found['message'], width=400)}"
        for key, found in rows.items()
        if "message" in found
    ]
    return "\n".join([table, *([""] if messages else []), *messages])


def _number(value: float | None, form: str) -> str | None:
    return None if value is None else format(value, form)


def _summary(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """How many rows of each status, and how the ratios lie."""
    counts = Counter(found["status"] for found in rows.values())
    lines = [", ".join(f"{number} {status}" for status, number in counts.most_common())]
    ratios: Sequence[float] = sorted(
        found["ratio"] for found in rows.values() if found.get("ratio") is not None
    )
    if ratios:
        lines.append(
            f"times as fast as the faster of ONNX Runtime and OpenVINO: {ratios[0]:.2f} to "
            f"{ratios[-1]:.2f}, median {ratios[len(ratios) // 2]:.2f}, of {len(ratios)}"
        )
    lines.append(
        "pruned, dense: pattern layers by their weights; int8: those of them that compute in bytes;"
        "\nleft: products and convolutions of IREE's;"
        "\nerror, PyTorch's: of patternc and of PyTorch against float64, relative: the largest,"
        "\nin int8 the norm, of what varies with the input; apart, noise: how far patternc is from"
        "\nPyTorch, and PyTorch from itself with other last bits, in PyTorch's errors"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
