# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""An engine in a process of its own: it answers, and is stopped in between."""

import functools
import importlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.comparison.engine_process import EngineProcess
from benchmarks.engines.engine import NotMeasuredError, load_saved

pytestmark = [pytest.mark.torch, pytest.mark.slow]

IMAGE = torch.arange(32.0).reshape(1, 2, 4, 4)
STANDINS = """
import os, threading
from benchmarks.engines.engine import NotMeasuredError
from benchmarks.engines.pytorch import PyTorch

class Refuses(PyTorch):
    def load(self, compiled, image, *, threads):
        raise NotMeasuredError(f"not on {threads} threads")

class Dies(PyTorch):
    def load(self, compiled, image, *, threads):
        os._exit(7)

class Spins(PyTorch):
    def load(self, compiled, image, *, threads):
        print("what engines print is no answer")
        def spin():
            while True:
                pass
        threading.Thread(target=spin, daemon=True).start()
        return super().load(compiled, image, threads=threads)
"""


@pytest.fixture
def standins(tmp_path, monkeypatch):
    (tmp_path / "standins.py").write_text(STANDINS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    yield importlib.import_module("standins")
    del sys.modules["standins"]


@pytest.fixture
def start(tmp_path):
    def start(engine, model, *, threads):
        file = tmp_path / "model"
        engine.save(model, file)
        load = functools.partial(load_saved, engine, file, IMAGE, threads=threads)
        return EngineProcess(engine.name, load)

    return start


def _children(state: str) -> int:
    """How many children of this process are in a state, as Linux names it."""
    found = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(") ")[2].split()
        except OSError:  # it ended meanwhile
            continue
        found += fields[:2] == [state, str(os.getpid())]
    return found


def test_it_answers_and_is_stopped_in_between(standins, start):
    model = torch.nn.Conv2d(2, 3, 3).eval().requires_grad_(False)
    with start(standins.Spins(), model, threads=1) as process:
        assert _children("T") == 1  # stopped, with the thread that would spin
        np.testing.assert_allclose(process.output(), model(IMAGE).numpy(), rtol=1e-6)
        assert _children("T") == 1
        seconds = process.turn(3)
        assert len(seconds) == 3
        assert min(seconds) > 0
        assert process.load_seconds > 0
    assert _children("T") == 0


def test_what_it_cannot_measure_is_said(standins, start):
    with pytest.raises(NotMeasuredError, match="not on 2 threads"):
        start(standins.Refuses(), torch.nn.ReLU(), threads=2)
    with pytest.raises(NotMeasuredError, match="the process of PyTorch eager ended with code 7"):
        start(standins.Dies(), torch.nn.ReLU(), threads=1)
