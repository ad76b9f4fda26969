# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The memory that an engine takes for a model, in a process of its own.

It is the growth of the resident set from before the engine is loaded to after its first run: the
engine's library, weights, buffers. What loading took and gave back again is not in it.
"""

import gc
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.engines.engine import Engine

_MODEL, _ENGINE, _IMAGE, _RESULT = "model", "engine.pickle", "image.npy", "bytes"


def resident_bytes(engine: Engine, compiled: Any, image: Tensor, *, threads: int) -> int:
    """Loads and runs a model in a fresh process.

    Args:
      engine: what compiled it.
      compiled: by the engine, for this image.
      image: the input.
      threads: of the engine.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine.save(compiled, folder / _MODEL)
        (folder / _ENGINE).write_bytes(pickle.dumps(engine))
        np.save(folder / _IMAGE, image.numpy())
        command = [sys.executable, "-m", __name__, name, str(threads)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # engines may print
        return int((folder / _RESULT).read_text())


def _measure(folder: Path, *, threads: int) -> int:
    engine: Engine = pickle.loads((folder / _ENGINE).read_bytes())
    image = torch.from_numpy(np.load(folder / _IMAGE))
    before = _resident()
    # Not kept: an engine that still needs it holds it.
    prepared = engine.load(engine.read(folder / _MODEL), image, threads=threads)
    prepared.run()
    gc.collect()
    return _resident() - before


def _resident() -> int:
    """Bytes of this process that are in memory, as Linux counts them."""
    with open("/proc/self/status", encoding="utf-8") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmRSS"].split()[0]) * 1024


if __name__ == "__main__":
    target = Path(sys.argv[1])
    (target / _RESULT).write_text(str(_measure(target, threads=int(sys.argv[2]))))
