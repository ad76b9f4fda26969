# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Running modules for aarch64 on this machine: qemu-user and IREE's aarch64 tools.

The tools are the aarch64 wheel of ``iree-base-runtime``, in the folder that
``PATTERNC_AARCH64_RUNTIME`` names or in ``build/aarch64`` of the repository, put there by
``pip install --target build/aarch64 --no-deps --only-binary :all: --platform
manylinux_2_28_aarch64 iree-base-runtime==3.13.0``.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from patternc.runtime.parameters import PARAMETER_SCOPE, parameter_index

_SYSROOT = Path("/usr/aarch64-linux-gnu")
_DEFAULT_RUNTIME = Path(__file__).parents[1] / "build" / "aarch64"
_CPUS = {"snapdragon-855": "cortex-a76", "snapdragon-8gen2": "max,sve=off", "aarch64": "max"}


def require_aarch64() -> Path:
    """IREE's iree-run-module for aarch64; skips the test, by name, where a part is missing."""
    if shutil.which("qemu-aarch64-static") is None:
        pytest.skip("qemu-aarch64-static is missing (Debian: qemu-user-static)")
    if not (_SYSROOT / "lib" / "libstdc++.so.6").exists():
        pytest.skip(f"{_SYSROOT} is missing (Debian: libc6-arm64-cross libstdc++6-arm64-cross)")
    runtime = Path(os.environ.get("PATTERNC_AARCH64_RUNTIME", _DEFAULT_RUNTIME))
    tool = runtime / "iree" / "_runtime_libs" / "iree-run-module"
    if not os.access(tool, os.X_OK):
        pytest.skip(
            f"no executable aarch64 iree-run-module in {runtime} (PATTERNC_AARCH64_RUNTIME)"
        )
    return tool


def run_aarch64(
    folder: Path,
    *,
    target: str,
    vmfb: bytes,
    parameters: Mapping[str, np.ndarray],
    inputs: list[np.ndarray],
    outputs: int = 1,
    function: str = "main",
) -> list[np.ndarray]:
    """Runs a module on the emulated processor of a target.

    Args:
      folder: scratch folder for the files that go in and out.
      target: name of the target that the module is compiled for.
    """
    tool = require_aarch64()
    (folder / "module.vmfb").write_bytes(vmfb)
    parameter_index(parameters).create_archive_file(str(folder / "weights.irpa"))
    for i, array in enumerate(inputs):
        np.save(folder / f"input{i}.npy", array)
    command = ["qemu-aarch64-static", "-cpu", _CPUS[target], "-L", str(_SYSROOT)]
    command += [str(tool), "--device=local-sync", f"--function={function}", "--module=module.vmfb"]
    command += [f"--parameters={PARAMETER_SCOPE}=weights.irpa"]
    command += [f"--input=@input{i}.npy" for i in range(len(inputs))]
    command += [f"--output=@output{i}.npy" for i in range(outputs)]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
    return [np.load(folder / f"output{i}.npy") for i in range(outputs)]
