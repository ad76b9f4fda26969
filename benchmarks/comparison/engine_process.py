# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A model in an engine in a process of its own, which is stopped while no one asks it anything.

What one engine leaves in a process is the next one's: threads that spin, caches, pools of memory,
settings of libraries that both use. And threads of some engines spin for long after their work;
those of a process that is stopped do not.

Questions and answers are pickles on the process's standard input and output.
"""

import ctypes
import gc
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmarks.engines.engine import NotMeasuredError, Prepared
from benchmarks.measuring.interleave import timed_turn

_ROOT = Path(__file__).resolve().parents[2]  # of these sources; others may be where we are
_OUTPUT = "output"  # the other questions are numbers of calls
_SET_PARENT_DEATH_SIGNAL = 1  # of prctl


class EngineProcess:
    """The process, as the program that started it sees it; a context, which ends it.

    Attributes:
      load_seconds: from the file of the compiled model to the first result, with the engine's
        library.
      resident_bytes: how much the resident set grew meanwhile: library, weights, buffers. What
        loading took and gave back again is not in it.
    """

    def __init__(self, name: str, load: Callable[[], Prepared]) -> None:
        """Starts it, and waits until it has run the model once.

        Args:
          name: of the engine, for messages.
          load: loads the model; it is pickled, and called in the process, in another folder.

        Raises:
          NotMeasuredError: the engine cannot run this model.
        """
        self._name = name
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            answer = self._ask(load)
        except ConnectionError as error:
            raise NotMeasuredError(str(error)) from error
        except BaseException:
            self.close()
            raise
        if isinstance(answer, NotMeasuredError):
            self.close()
            raise answer
        self.load_seconds, self.resident_bytes = answer

    def __enter__(self) -> "EngineProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._process.kill()  # takes one that is stopped, too
        self._process.communicate()

    def output(self) -> np.ndarray:
        """Runs the model once more, and returns what it computed."""
        return self._ask(_OUTPUT)

    def turn(self, calls: int) -> list[float]:
        """A turn of so many timed calls: their durations in seconds."""
        return self._ask(calls)

    def _ask(self, question: object) -> Any:
        self._process.send_signal(signal.SIGCONT)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _send(question, self._process.stdin)
            answer = pickle.load(self._process.stdout)
        except (BrokenPipeError, EOFError):
            code = self._process.wait()
            raise ConnectionError(f"the process of {self._name} ended with code {code}") from None
        self._process.send_signal(signal.SIGSTOP)
        return answer


def _send(content: object, stream: IO[bytes]) -> None:
    pickle.dump(content, stream)
    stream.flush()


def _serve() -> None:
    """What the process does: loads the model, then answers until the program ends it."""
    # Neither Ctrl-C nor the end of the program, however it ends, leaves it behind, stopped.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with open(os.devnull, "wb") as nowhere:  # engines may print
        os.dup2(nowhere.fileno(), sys.stdout.fileno())

    load: Callable[[], Prepared] = pickle.load(sys.stdin.buffer)
    before, start = _resident(), time.perf_counter()
    try:
        prepared = load()
    except NotMeasuredError as error:
        return _send(error, answers)
    prepared.run()
    seconds = time.perf_counter() - start
    gc.collect()  # an engine that still needs what it was loaded from holds it
    _send((seconds, _resident() - before), answers)
    while True:
        question = pickle.load(sys.stdin.buffer)
        if question == _OUTPUT:
            _send(prepared.output(), answers)
        else:
            _send(timed_turn(prepared.run, question), answers)


def _resident() -> int:
    """Bytes of this process that are in memory, as Linux counts them."""
    with open("/proc/self/status", encoding="utf-8") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmRSS"].split()[0]) * 1024


if __name__ == "__main__":
    _serve()
