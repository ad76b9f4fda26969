# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Runs a fuzzer: cases from seeds, in a worker process whose death or silence is a finding."""

import contextlib
import multiprocessing
import os
import re
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol, runtime_checkable

# Of one kind of finding, as many are saved.
_SAVED = 3
# To make one smaller, as many cases are run.
_SHRINKING = 100
# What a worker may allocate beyond what it has when it starts.
_MEMORY = 8 << 30


class Finding(Exception):  # noqa: N818 - it is the success of a fuzzer
    """Something is wrong with patternc: raised by `Fuzzer.check`, with the reason as its text."""


@dataclass(frozen=True)
class Case:
    """One input.

    Attributes:
      files: what it consists of, by name; saved when it fails.
      label: what was done to make it, for the report.
      data: whatever `check` needs besides.
    """

    files: Mapping[str, bytes]
    label: str = ""
    data: object = None


@dataclass(frozen=True)
class Reason:
    """Why a worker died.

    Attributes:
      place: in a few words.
      text: in full.
      foreign: whether it is the fault of a tool that patternc is built on, as the tool alone shows.
    """

    place: str = ""
    text: str = ""
    foreign: bool = False


class Fuzzer(Protocol):
    """One kind of random input and what has to hold for it.

    Attributes:
      name: what it is called on the command line.
      time_limit: seconds after which a case hangs.
    """

    name: str
    time_limit: float

    def prepare(self) -> None:
        """Imports and reads what all cases need; workers are forked after it, so no threads."""
        ...

    def make(self, seed: int) -> Case:
        """The case of a seed: always the same one."""
        ...

    def check(self, case: Case) -> Mapping[str, int]:
        """Runs patternc on it; returns what is to be counted.

        What it writes to standard error is kept for when it dies; of lines that begin with
        "running ", the last says where.

        Raises:
          Finding: it did not do what is right. Any other exception is one as well.
        """
        ...

    # A fuzzer may have a method `explain(case) -> Reason`, which is asked about a case that killed
    # its worker.


@runtime_checkable
class Shrinking(Protocol):
    """A fuzzer that can make a case smaller; its cases can be pickled."""

    def smaller(self, case: Case) -> Iterator[Case]:
        """Cases with less in them, the smallest first, which may fail as this one does."""
        ...


@dataclass
class Result:
    """What came of a run of one fuzzer."""

    cases: int = 0
    seconds: float = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)


@dataclass
class _Outcome:
    """Of one case: counts, or what is wrong in a line and in full."""

    counts: Mapping[str, int] = field(default_factory=dict)
    kind: str = ""
    text: str = ""
    died: bool = False

    def explain(self, reason: "Reason") -> None:
        """Adds what a fuzzer knows about a death."""
        if reason.foreign:
            self.counts, self.kind = {f"dies in {reason.place}, not of patternc": 1}, ""
        elif reason.place:
            self.kind += f": {_general(reason.place)}"
            self.text += f"\n\n{reason.text}"


def run(
    fuzzer: Fuzzer,
    *,
    seed: int,
    seconds: float | None = None,
    count: int | None = None,
    folder: Path,
) -> Result:
    """Runs the cases `seed`, `seed + 1`, ... until the time or the count is over.

    Args:
      fuzzer: what to run.
      seed: of the first case.
      seconds: how long; None without end.
      count: how many cases; None without end.
      folder: receives a folder for each finding.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fuzzer.prepare()
    result, start = Result(), time.monotonic()
    shown = start
    worker = _Worker(fuzzer)
    try:
        while (count is None or result.cases < count) and (
            seconds is None or time.monotonic() - start < seconds
        ):
            outcome = worker.run(seed + result.cases)
            if outcome.died:
                outcome = _again(fuzzer, worker, seed + result.cases, outcome)
                for kind in outcome.counts.keys() - result.counts.keys():
                    print(f"{fuzzer.name}: {kind}, seed {seed + result.cases}", flush=True)
            result.counts.update(outcome.counts)
            if outcome.kind:
                kind = f"{fuzzer.name}: {outcome.kind}"
                result.findings[kind] += 1
                if result.findings[kind] <= _SAVED:
                    case = fuzzer.make(seed + result.cases)
                    case, outcome = _shrunk(fuzzer, worker, case, outcome)
                    _save(fuzzer, seed + result.cases, case, outcome, folder)
                    print(f"{kind}, seed {seed + result.cases}", flush=True)
            result.cases += 1
            if sys.stderr.isatty() and time.monotonic() - shown > 1:
                shown = time.monotonic()
                rate = result.cases / (shown - start)
                print(f"\r{fuzzer.name}: {result.cases}, {rate:.0f}/s ", end="", file=sys.stderr)
    finally:
        worker.stop()
    result.seconds = time.monotonic() - start
    return result


def _shrunk(
    fuzzer: Fuzzer, worker: "_Worker", case: Case, outcome: _Outcome
) -> tuple[Case, _Outcome]:
    """The smallest case found that fails in the same way, and what came of it."""
    if not isinstance(fuzzer, Shrinking):
        return case, outcome
    left, found = _SHRINKING, True
    while found:
        found = False
        for candidate in fuzzer.smaller(case):
            left -= 1
            if left < 0:
                break
            tried = worker.run(candidate)
            if tried.kind == outcome.kind:
                case, outcome, found = candidate, tried, True
                break
    return case, outcome


def _again(fuzzer: Fuzzer, worker: "_Worker", seed: int, first: _Outcome) -> _Outcome:
    """What a case comes to that a worker died of, in a new one and by itself."""
    outcome = worker.run(seed)
    if not outcome.died:
        # What was broken before it: MLIR's parser may damage the heap when it refuses a text.
        return _Outcome(
            {f"{first.kind} once and never again": 1, **outcome.counts}, outcome.kind, outcome.text
        )
    if explain := getattr(fuzzer, "explain", None):
        outcome.explain(explain(fuzzer.make(seed)))
    return outcome


class _Worker:
    """A process that checks one case after the other, by their seeds or as they are."""

    def __init__(self, fuzzer: Fuzzer) -> None:
        self._fuzzer = fuzzer
        self._context = multiprocessing.get_context("fork")
        self._start()

    def _start(self) -> None:
        self._errors = os.memfd_create("stderr")
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(
            target=_work, args=(self._fuzzer, theirs, self._errors), daemon=True
        )
        self._process.start()
        theirs.close()

    def run(self, case: int | Case) -> _Outcome:
        self._pipe.send(case)
        if not self._pipe.poll(self._fuzzer.time_limit):
            # First as a question: faulthandler answers with where it is.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid or 0, signal.SIGABRT)
            return self._died("hangs")
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionResetError):
            return self._died("")

    def _died(self, how: str) -> _Outcome:
        self._process.join(5)
        self._process.kill()
        self._process.join()
        code = self._process.exitcode or 0
        if not how:
            how = f"dies by {signal.Signals(-code).name}" if code < 0 else f"exits with {code}"
        size = os.fstat(self._errors).st_size
        said = os.pread(self._errors, size, 0).decode(errors="replace")
        self.stop()
        self._start()
        return _Outcome(kind=f"{how}{_where(said)}", text=f"{how}\n\n{said[-20000:]}", died=True)

    def stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()
        os.close(self._errors)


def _work(fuzzer: Fuzzer, pipe: Connection, errors: int) -> None:
    import faulthandler

    os.dup2(errors, 2)
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if "ASAN_OPTIONS" not in os.environ:  # whose shadow memory is larger than any limit
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + _MEMORY, used + _MEMORY))
    while True:
        case = pipe.recv()
        os.ftruncate(errors, 0)
        os.lseek(errors, 0, os.SEEK_SET)
        try:
            outcome = _Outcome(fuzzer.check(fuzzer.make(case) if isinstance(case, int) else case))
        except Finding as finding:
            lines = str(finding).splitlines() or [""]
            outcome = _Outcome(kind=_general(lines[0]), text=str(finding))
        except MemoryError:
            raise  # it dies of it: there is no going on, and a native tool may have to be asked
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.name}: {error}"
            outcome = _Outcome(
                kind=_general(kind.splitlines()[0]),
                text="".join(traceback.format_exception(error)),
            )
        pipe.send(outcome)


def _general(text: str) -> str:
    """A message without what differs between two cases of one kind."""
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "'…'", text)
    return re.sub(r"-?\d+", "#", text)[:160]


def _where(errors: str) -> str:
    """What a dying process said about the place: a sanitizer's summary, or an assertion."""
    for sign in (
        r"SUMMARY: (\w+Sanitizer: .*)",
        r"runtime error: (.*)",
        r"(Assertion.*failed)",
        r"(LLVM ERROR: .*)",
        r"(terminate called .*)",
        r"(std::bad_alloc)",
    ):
        if found := re.search(sign, errors):
            return f": {_general(found[1])}"
    running = re.findall(r"^running ([\w-]+)", errors, flags=re.MULTILINE)
    return f" in {running[-1]}" if running else ""


def _save(fuzzer: Fuzzer, seed: int, case: Case, outcome: _Outcome, folder: Path) -> None:
    name = re.sub(r"\W+", "-", outcome.kind)[:60].strip("-")
    folder = folder / f"{fuzzer.name}-{name}-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file, content in case.files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
    (folder / "finding.txt").write_text(
        f"{outcome.kind}\n{case.label}\n"
        f"python -m fuzz {fuzzer.name} --seed {seed} --count 1\n\n{outcome.text}\n"
    )
