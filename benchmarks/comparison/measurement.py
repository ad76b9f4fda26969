# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One measurement: models are compiled, loaded into processes, checked, timed in turns, checked."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn
from tqdm import tqdm

from benchmarks.comparison.engine_process import EngineProcess
from benchmarks.comparison.multiply_adds import multiply_adds
from benchmarks.comparison.peak import Loop, prepare_loop
from benchmarks.engines.engine import Engine, NotMeasuredError, Precision, load_saved
from benchmarks.measuring.errors import WrongResultError
from benchmarks.measuring.interleave import Timing, take_turns, timed_turn


@dataclass(frozen=True)
class Candidate:
    """What takes part: an engine with a model, under a name of its own."""

    name: str
    engine: Engine
    model: nn.Module


# Takes an output, the candidate that computed it, and the image; returns how far the output is from
# PyTorch's, as a share of it, or raises WrongResultError.
Check = Callable[[np.ndarray, Candidate, Tensor], float]


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
      precision: what it computes in.
      error: how far its output is from PyTorch's in float32, as a share of it.
      compile_seconds: from the torch module to what the engine loads.
      load_seconds: from there to the first result, in a fresh process.
      resident_bytes: memory of the engine with the model.
    """

    multiply_adds: int
    timing: Timing
    precision: Precision = "float32"
    error: float = 0.0
    compile_seconds: float = 0.0
    load_seconds: float = 0.0
    resident_bytes: int = 0

    @property
    def gops(self) -> float:
        """Billion operations a second, two for each multiply-add."""
        return 2e-9 * self.multiply_adds / self.timing.median

    def plain(self) -> dict[str, Any]:
        """In JSON's types."""
        return {
            "multiply_adds": self.multiply_adds,
            "precision": self.precision,
            "error": self.error,
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
      cores: by precision, those of the rows, a loop of multiply-adds on one core.
      threads: of every engine.
      missing: why some candidates could not take part.
    """

    rows: Mapping[str, Row]
    cores: Mapping[Precision, Row]
    threads: int
    missing: Mapping[str, str]

    def peak(self, precision: Precision) -> float:
        """GOP/s of as many cores as there are threads."""
        return self.cores[precision].gops * self.threads

    def share(self, name: str) -> float:
        """What a row reaches of the peak of what it computes in."""
        row = self.rows[name]
        return row.gops / self.peak(row.precision)

    def plain(self) -> dict[str, Any]:
        """In JSON's types."""
        return {
            "engines": {name: row.plain() for name, row in self.rows.items()},
            "peaks_of_one_core": {key: core.plain() for key, core in self.cores.items()},
            "not_measured": dict(self.missing),
        }


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
) -> Measurement:
    """Loads what was compiled, each into a process of its own, and times it by `take_turns`.

    Args:
      compiled: by `compile_candidates` for the same image.
      image: input of every run.
      check: of the outputs.
      threads: of every engine.
      rounds, calls_per_turn: as for `interleave`.

    Raises:
      WrongResultError: from the check, before or after the timing; it names the engine.
      ConnectionError: the process of an engine ended while it was timed.
    """
    processes: dict[str, EngineProcess] = {}
    missing = dict(compiled.missing)

    def check_all(when: str) -> dict[str, float]:
        errors = {}
        with tqdm(processes.items(), desc="check", disable=None, leave=False) as bar:
            for name, process in bar:
                try:
                    errors[name] = check(process.output(), compiled.candidates[name], image)
                except WrongResultError as error:
                    raise WrongResultError(f"{name}, {when} the timing: {error}") from error
        return errors

    with ExitStack() as stack:
        with tqdm(compiled.results.items(), disable=None, leave=False) as bar:
            for name, result in bar:
                bar.set_description(f"load {name}")
                engine = compiled.candidates[name].engine
                try:
                    process = _start(engine, result, image, threads=threads)
                except NotMeasuredError as error:
                    missing[name] = str(error)
                    continue
                processes[name] = stack.enter_context(process)
        check_all("before")
        loops: dict[Precision, Loop] = {}
        for name in processes:
            precision = compiled.candidates[name].engine.precision
            if precision not in loops:
                loops[precision] = prepare_loop(precision)
        timings = take_turns(
            {f"peak in {key}": partial(timed_turn, loop.run) for key, loop in loops.items()}
            | {name: process.turn for name, process in processes.items()},
            rounds=rounds,
            calls_per_turn=calls_per_turn,
        )
        errors = check_all("after")
    cores: dict[Precision, Row] = {
        key: Row(loop.multiply_adds, timings.pop(f"peak in {key}"), key)
        for key, loop in loops.items()
    }
    rows = {
        name: Row(
            multiply_adds(compiled.candidates[name].model, image),
            timing,
            compiled.candidates[name].engine.precision,
            errors[name],
            compiled.seconds[name],
            processes[name].load_seconds,
            processes[name].resident_bytes,
        )
        for name, timing in timings.items()
    }
    return Measurement(rows, cores, threads, missing)


def _start(engine: Engine, compiled: Any, image: Tensor, *, threads: int) -> EngineProcess:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model")
        engine.save(compiled, file)
        load = partial(load_saved, engine, file, image, threads=threads)
        return EngineProcess(engine.name, load)
