# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""How long each kernel of a module runs, by the profiler that is part of IREE's runtime."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from iree.runtime.benchmark import benchmark_exe

import patternc
from benchmarks.measuring.interleave import Timing

# By the driver of a module: the device, what its profiler records, and what that calls a kernel.
_DRIVERS = {
    "local": ("local-sync", "host-execution", "host_dispatch_event"),
    "vulkan": ("vulkan", "dispatch-events", "dispatch_event"),
}
_BENCHMARK = Path(benchmark_exe())
_PROFILE = _BENCHMARK.with_name("iree-profile")


def time_dispatches(
    module: patternc.CompiledModule, image: np.ndarray, *, calls: int
) -> dict[str, Timing]:
    """Runs a module, on one thread or on Vulkan, and times its kernels within it.

    Args:
      module: for this machine, with one input.
      image: the input.
      calls: of the module.

    Returns:
      A duration for each run of a kernel, by the symbol of its executable; on Vulkan by the
      timestamps of the device. IREE merges equal executables: one symbol then stands for several
      layers of the same shape.
    """
    device, mode, kind = _DRIVERS[module.manifest.driver]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        module.save(folder / "module.patternc")
        np.save(folder / "image.npy", image)
        command = [
            _BENCHMARK,
            f"--device={device}",
            f"--module={folder}/module.patternc/module.vmfb",
            f"--parameters=patternc={folder}/module.patternc/weights.irpa",
            f"--function={module.manifest.function}",
            f"--input=@{folder}/image.npy",
            f"--benchmark_min_time={calls}x",
            f"--device_profiling_mode={mode}",
            f"--device_profiling_output={folder}/calls.ireeprof",
        ]
        subprocess.run(command, check=True, capture_output=True)
        events = subprocess.run(
            [
                _PROFILE,
                "dispatch",
                "--format=jsonl",
                "--dispatch_events",
                f"{folder}/calls.ireeprof",
            ],
            check=True,
            capture_output=True,
            text=True,
        )
    seconds: dict[str, list[float]] = {}
    for event in map(json.loads, events.stdout.splitlines()):
        if event["type"] == kind:
            seconds.setdefault(event["key"], []).append(event["duration_ns"] * 1e-9)
    return {symbol: Timing(tuple(values)) for symbol, values in seconds.items()}
