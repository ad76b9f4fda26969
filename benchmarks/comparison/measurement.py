# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One measurement: models are compiled, loaded, checked, timed in turns, and checked again."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn
from tqdm import tqdm

from benchmarks.comparison.multiply_adds import multiply_adds
from benchmarks.comparison.peak import prepare_fma_loop
from benchmarks.comparison.resident import resident_bytes
from benchmarks.engines.engine import Engine, NotMeasuredError, Prepared
from benchmarks.measuring.errors import WrongResultError
from benchmarks.measuring.interleave import Timing, interleave


@dataclass(frozen=True)
class Candidate:
    """What takes part: an engine with a model, under a name of its own."""

    name: str
    engine: Engine
    model: nn.Module


Check = Callable[[np.ndarray, Candidate, Tensor], object]


@dataclass(frozen=True)
class Compiled:
    """Candidates after their engines' work ahead of time.

    Attributes:
      results: what each engine made of its model, by name.
      seconds: how long that took.
      missing: why the others cannot take part.
    """

    candidates: Mapping[str, Candidate]
    results: Mapping[str, Any]
    seconds: Mapping[str, float]
    missing: Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """What was measured of one candidate.

    Attributes:
      multiply_adds: of a direct computation that skips the weights that are zero.
      timing: how long a run took.
      compile_seconds: from the torch module to what the engine loads.
      load_seconds: from there to the first result.
      resident_bytes: memory of the engine with the model, None where it was not measured.
    """

    multiply_adds: int
    timing: Timing
    compile_seconds: float = 0.0
    load_seconds: float = 0.0
    resident_bytes: int | None = None

    @property
    def gflops(self) -> float:
        return 2e-9 * self.multiply_adds / self.timing.median

    def plain(self) -> dict[str, Any]:
        """In JSON's types."""
        return {
            "multiply_adds": self.multiply_adds,
            "compile_seconds": self.compile_seconds,
            "load_seconds": self.load_seconds,
            "resident_bytes": self.resident_bytes,
            "seconds": list(self.timing.seconds),
        }


@dataclass(frozen=True)
class Measurement:
    """Candidates that were timed in one run.

    Attributes:
      rows: by name, in the order of the candidates.
      core: the loop of multiply-adds on one core.
      threads: of every engine.
      missing: why some candidates could not take part.
    """

    rows: Mapping[str, Row]
    core: Row
    threads: int
    missing: Mapping[str, str]

    @property
    def peak(self) -> float:
        """GFLOP/s of as many cores as there are threads."""
        return self.core.gflops * self.threads


def compile_candidates(candidates: Sequence[Candidate], image: Tensor) -> Compiled:
    """The work that is the same for any number of threads, with a progress bar."""
    results, seconds, missing = {}, {}, {}
    with tqdm(candidates, disable=None, leave=False) as bar:
        for candidate in bar:
            bar.set_description(f"compile {candidate.name}")
            start = time.perf_counter()
            try:
                results[candidate.name] = candidate.engine.compile(candidate.model, image)
            except NotMeasuredError as error:
                missing[candidate.name] = str(error)
                continue
            seconds[candidate.name] = time.perf_counter() - start
    return Compiled({c.name: c for c in candidates}, results, seconds, missing)


def measure(
    compiled: Compiled,
    image: Tensor,
    *,
    check: Check,
    threads: int,
    rounds: int,
    calls_per_turn: int,
    memory: bool = False,
) -> Measurement:
    """Loads what was compiled, and times it by `interleave`.

    Args:
      compiled: by `compile_candidates` for the same image.
      image: input of every run.
      check: takes an output, the candidate that computed it, and the image; raises
        WrongResultError.
      threads: of every engine.
      rounds, calls_per_turn: as for `interleave`.
      memory: whether to measure `resident_bytes`, before the timing.

    Raises:
      WrongResultError: from the check, before or after the timing; it names the engine.
    """
    prepared: dict[str, Prepared] = {}
    load_seconds, missing = {}, dict(compiled.missing)
    with tqdm(compiled.results.items(), disable=None, leave=False) as bar:
        for name, result in bar:
            bar.set_description(f"load {name}")
            engine = compiled.candidates[name].engine
            start = time.perf_counter()
            try:
                prepared[name] = engine.load(result, image, threads=threads)
            except NotMeasuredError as error:
                missing[name] = str(error)
                continue
            prepared[name].run()
            load_seconds[name] = time.perf_counter() - start

    def check_all(when: str) -> None:
        with tqdm(prepared.items(), desc="check", disable=None, leave=False) as bar:
            for name, entry in bar:
                try:
                    check(entry.output(), compiled.candidates[name], image)
                except WrongResultError as error:
                    raise WrongResultError(f"{name}, {when} the timing: {error}") from error

    check_all("before")
    resident: dict[str, int] = {}
    if memory:
        for name in tqdm(prepared, "memory", disable=None, leave=False):
            engine = compiled.candidates[name].engine
            resident[name] = resident_bytes(engine, compiled.results[name], image, threads=threads)
    fma_loop, fma_multiply_adds = prepare_fma_loop()
    calls = {"peak": fma_loop} | {name: entry.run for name, entry in prepared.items()}
    timings = interleave(calls, rounds=rounds, calls_per_turn=calls_per_turn)
    core = Row(fma_multiply_adds, timings.pop("peak"))
    check_all("after")
    rows = {
        name: Row(
            multiply_adds(compiled.candidates[name].model, image),
            timing,
            compiled.seconds[name],
            load_seconds[name],
            resident.get(name),
        )
        for name, timing in timings.items()
    }
    return Measurement(rows, core, threads, missing)
