# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What was measured, as text."""

from tabulate import tabulate

from benchmarks.comparison.measurement import Measurement


def measured_table(measurement: Measurement, *, ours: str, preparation: bool = False) -> str:
    """A row for each candidate, and what the columns mean.

    Args:
      measurement: what to show.
      ours: the candidate that the times are compared with.
      preparation: whether to show the seconds before the first run, and the memory.
    """
    rows = measurement.rows
    headers = ["engine", "median ms", "min", "quartiles", "error", "MMAC", "GOP/s", "of peak"]
    headers += [*(("compile s", "load s", "MB") if preparation else ()), "time / ours"]
    lines = []
    for name, row in rows.items():
        line = [name, f"{row.timing.median * 1e3:.2f}", f"{row.timing.fastest * 1e3:.2f}"]
        line.append(" - ".join(f"{quartile * 1e3:.2f}" for quartile in row.timing.quartiles))
        line.append(f"{row.error:.0e}")
        line += [f"{row.multiply_adds / 1e6:.0f}", f"{row.gops:.1f}"]
        line.append(f"{measurement.share(name):.0%}")
        if preparation:
            line += [f"{row.compile_seconds:.1f}", f"{row.load_seconds:.2f}"]
            line.append(f"{row.resident_bytes / 1e6:.0f}")
        ratio = row.timing.median / rows[ours].timing.median if ours in rows else None
        lines.append([*line, "-" if ratio is None else f"{ratio:.2f}"])
    table = tabulate(
        lines, headers, colalign=("left", *["right"] * (len(headers) - 1)), disable_numparse=True
    )
    peaks = ", ".join(f"{measurement.peak(key):.0f} in {key}" for key in measurement.cores)
    notes = [
        "error: the norm of the difference from PyTorch in float32, of the norm",
        "MMAC: million multiply-adds of a direct convolution that skips zeros; GOP/s: two each",
        f"peak, GOP/s: {peaks}; loops of multiply-adds timed in the same run",
    ]
    if preparation:
        notes += [
            "compile: from PyTorch to what the engine loads",
            "load: from there to the first result, in a fresh process",
            "MB: memory of the engine with the network",
        ]
    missing = [f"\n{name}: not measured: {why}" for name, why in measurement.missing.items()]
    return "\n".join([table, "", *notes, *missing])


def threads_in_words(number: int) -> str:
    return "1 thread" if number == 1 else f"{number} threads"
