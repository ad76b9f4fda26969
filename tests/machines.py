# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Every target as a test parameter, and modules run where their target runs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from aarch64 import require_aarch64, run_aarch64
from patternc.compiler import get_target
from patternc.runtime import CompiledModule, host_machine
from vulkan import require_vulkan

_AARCH64 = ("snapdragon-855", "snapdragon-8gen2", "aarch64")
_VULKAN = ("vulkan", "vulkan-adreno", "vulkan-ampere", "vulkan-rdna3", "vulkan-llvmpipe")
_X86_64 = ("x86-64-v3", "x86-64-v4")

# Where IREE's own kernels, too, can be trusted with any operator. Of the host there is AVX-512, if
# it has it, so that only AVX2 is another one.
EVERY_PROCESSOR_BUT_THE_HOST = [
    "vmvx",
    "x86-64-v3",
    *(pytest.param(name, marks=pytest.mark.aarch64) for name in _AARCH64),
]
EVERY_TARGET_BUT_THE_HOST = [
    *EVERY_PROCESSOR_BUT_THE_HOST,
    *(pytest.param(name, marks=pytest.mark.vulkan) for name in ("vulkan", "vulkan-adreno")),
]
# They differ from the other GPUs in what is chosen for them.
DESKTOP_GPUS = [
    pytest.param(name, marks=pytest.mark.vulkan) for name in ("vulkan-ampere", "vulkan-rdna3")
]


# Those that compute in float16; this machine may.
FLOAT16_TARGETS = [
    "llvm-cpu",
    pytest.param("snapdragon-855", marks=pytest.mark.aarch64),
    pytest.param("vulkan-adreno", marks=pytest.mark.vulkan),
]


def require_machine(target: str) -> None:
    """Skips the test, by name, where modules for a target cannot run."""
    if target in _VULKAN:
        require_vulkan()
    if target in _AARCH64:
        require_aarch64()
    missing = host_machine().lacks(get_target(target).machine) if target in _X86_64 else None
    if missing:
        pytest.skip(f"code for {target} needs {missing}")


def require_float16(target: str) -> None:
    """Skips the test, by name, where modules in float16 for a target cannot be made or run."""
    require_machine(target)
    if not get_target(target).has_float16:
        pytest.skip("this machine has no arithmetic in float16")


def run(
    module: CompiledModule, *inputs: torch.Tensor, folder: Path
) -> tuple[np.ndarray | torch.Tensor, ...]:
    """Calls a module, on an emulated processor if it is for another than this machine has."""
    if host_machine().lacks(module.manifest.machine) is None:
        results = module(*inputs)
        return results if isinstance(results, tuple) else (results,)
    assert not isinstance(module.parameters, Path)
    return tuple(
        run_aarch64(
            folder,
            target=module.manifest.target,
            vmfb=module.vmfb,
            parameters=module.parameters,
            inputs=[x.numpy() for x in inputs],
            outputs=len(module.manifest.outputs),
        )
    )
