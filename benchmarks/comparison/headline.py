# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What a measurement comes to: a pruned model beside the fastest dense engines."""

from collections.abc import Mapping, Sequence

from benchmarks.comparison.measurement import Row


def headline(
    rows: Mapping[str, Row], ours: str, dense: Sequence[str], *, goal: float | None = None
) -> str:
    """How many times as fast as the fastest dense engine, at any precision and in float32.

    Args:
      rows: what was measured, `ours` among it.
      ours: the candidate that the sentence is about.
      dense: the candidates that it is compared with, those that were measured.
      goal: what the first ratio is meant to be; of a candidate in float32 the second.
    """
    sides = {
        "at any precision": list(dense),
        "in float32": [name for name in dense if rows[name].precision == "float32"],
    }
    clauses, verdict = [], ""
    for which, names in sides.items():
        if not names:
            continue
        fastest = min(names, key=lambda name: rows[name].timing.median)
        ratio = rows[fastest].timing.median / rows[ours].timing.median
        clauses.append(
            f"{ratio:.2f} times as fast as {fastest}, the fastest of {len(names)} dense engines "
            + which
        )
        is_the_goal_s = which == "in float32" or rows[ours].precision != "float32"
        if goal is not None and is_the_goal_s and not verdict:
            verdict = f"; the goal of {goal:g} is {'reached' if ratio >= goal else 'missed'}"
    return f"{ours}, is {', and '.join(clauses) or 'alone'}{verdict}."
