# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""GPUs that kernels can be compiled for by their own driver, here or not."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.spirv.driver import Compiled
from patternc.errors import CompilerError, MissingDependencyError

_ROOT = Path(__file__).resolve().parents[2]
_RADV = Path("/usr/share/vulkan/icd.d/radeon_icd.x86_64.json")  # Debian's mesa-vulkan-drivers
_ADRENO = _ROOT / "build" / "adreno"  # by make build/stamps/adreno
_ADRENO_FILES = ("/usr/bin/python3.11", "/usr/share/vulkan/icd.d/freedreno_icd.aarch64.json")
_MEMORY_BYTES = 1 << 28  # more than compiling allocates; a file with holes


@dataclass(frozen=True)
class Gpu:
    """How to start a driver for it.

    Attributes:
      name: what the user calls it.
      environment: variables that the driver reads.
      needs: a file that is not everywhere, and how to get it.
      launcher: what runs Python, this Python by default.
    """

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[Path, str] | None = None
    launcher: Sequence[str] = (sys.executable,)


def _amd(name: str, family: str) -> Gpu:
    environment = {"VK_DRIVER_FILES": str(_RADV), "RADV_FORCE_FAMILY": family}
    return Gpu(name, environment, (_RADV, "apt install mesa-vulkan-drivers"))


def _adreno(name: str, chip: str) -> Gpu:
    root = _ADRENO / "root"
    python, driver = _ADRENO_FILES
    environment = {
        "VK_DRIVER_FILES": driver,
        "LD_LIBRARY_PATH": str(_ADRENO),  # the stand-in for libdrm
        "ADRENO_CHIP": chip,
    }
    launcher = ("qemu-aarch64-static", "-L", str(root), f"{root}{python}")
    needs = (_ADRENO / "libdrm.so.2", "make build/stamps/adreno")
    return Gpu(name, environment, needs, launcher)


# Mesa 22.3 knows these families of AMD, and no Adreno of the 7xx series.
GPUS = {
    gpu.name: gpu
    for gpu in (
        Gpu("here"),
        _amd("rdna2", "navi21"),
        _amd("rdna3", "gfx1100"),
        _adreno("adreno-640", "06040001"),
        _adreno("adreno-650", "06050002"),
        _adreno("adreno-660", "06060001"),
    )
}


def compile_for(gpu: Gpu, binaries: Sequence[bytes]) -> Compiled:
    """Compiles SPIR-V modules with the driver of a GPU, in a process of its own.

    Raises:
      MissingDependencyError: the driver is not installed.
      CompilerError: it fails, or does not tell what it compiles to.
    """
    if gpu.needs and not gpu.needs[0].exists():
        file, command = gpu.needs
        raise MissingDependencyError(f"{gpu.name} needs {file}, which is missing: {command}")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{number}.spv") for number in range(len(binaries))]
        for file, binary in zip(files, binaries, strict=True):
            file.write_bytes(binary)
        memory = Path(folder, "memory")
        with open(memory, "wb") as hole:
            hole.truncate(_MEMORY_BYTES)
        try:
            process = subprocess.run(
                [*gpu.launcher, "-m", "benchmarks.spirv.driver", *files],
                cwd=_ROOT,
                env=os.environ | {"ADRENO_MEMORY": str(memory)} | gpu.environment,
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            raise MissingDependencyError(f"{gpu.launcher[0]} cannot be run ({error})") from error
    if process.returncode:
        why = process.stderr.strip().splitlines()[-1:] or [f"it ended with {process.returncode}"]
        raise CompilerError(f"the driver for {gpu.name} fails: {why[0]}")
    return Compiled.from_json(json.loads(process.stdout))
