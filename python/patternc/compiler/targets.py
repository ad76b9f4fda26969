"""The machines that patternc compiles for, by name.

A target says two things: to the pattern lowering, which kind of kernel to write and how much it
can keep in registers; to IREE, with which flags to compile it.
"""

import difflib
from dataclasses import dataclass
from typing import Literal

from patternc.errors import TargetError
from patternc.runtime.device import usable_cores
from patternc.runtime.machine import Machine, host_machine
from patternc.runtime.manifest import Driver

_LLVM_CPU = (
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    "--iree-llvmcpu-debug-symbols=false",
    "--iree-vm-bytecode-module-strip-source-map",
)
_ANDROID = "--iree-llvmcpu-target-triple=aarch64-none-linux-android29"
# What a processor has that multiplies and adds vectors of float16, by its architecture.
_FLOAT16 = {"x86_64": {"avx512_fp16"}, "aarch64": {"fphp", "asimdhp"}}
# What IREE 3.13 knows as `adreno`, but without operations between the threads of a subgroup:
# reductions that use them reckon with 64 threads, which no driver promises.
_ADRENO = (
    '#hal.device.target<"vulkan", [#hal.executable.target<"vulkan-spirv", "vulkan-spirv-fb", '
    '{iree_codegen.target_info = #iree_gpu.target<arch = "adreno", '
    'features = "spirv:v1.6,cap:Shader", wgp = <compute = fp32|fp16|int32|int16|int8, '
    "storage = b64|b32|b16, subgroup = none, dot = dp4xi8toi32, subgroup_size_choices = [64], "
    "max_workgroup_sizes = [1024, 1024, 1024], max_thread_count_per_workgroup = 1024, "
    "max_workgroup_memory_bytes = 32768, max_workgroup_counts = [65535, 65535, 65535]>>}>]>"
)
_ARMV8_2 = ("asimd", "asimddp", "asimdhp", "asimdrdm", "atomics", "fphp")


@dataclass(frozen=True, kw_only=True)
class Target:
    """A machine to compile for.

    Attributes:
      name: what the user calls it.
      device: kind of kernel: vectors on a ``cpu``, one thread an output position on a ``gpu``,
        scalar loops on a ``vm``.
      lanes: 32-bit floats in a vector register of a ``cpu``, threads in a workgroup of a ``gpu``;
        1 on a ``vm``.
      registers: number of vector registers, which bounds the accumulators of a tile.
      cores: processor cores that are expected to share a layer.
      index_bits: width of stored channel and pattern numbers.
      flags: flags of iree-compile.
      driver: IREE driver that runs the module.
      machine: the processor that the code needs.
    """

    name: str
    device: Literal["cpu", "gpu", "vm"]
    lanes: int
    registers: int
    cores: int = 4
    index_bits: Literal[16, 32]
    flags: tuple[str, ...]
    driver: Driver
    machine: Machine

    @property
    def has_float16(self) -> bool:
        """Whether its processor multiplies and adds vectors of float16."""
        needed = _FLOAT16.get(self.machine.architecture or "")
        return self.device == "cpu" and needed is not None and needed <= {*self.machine.features}


def _host() -> Target:
    """This machine, with every instruction set that it has."""
    machine = host_machine()
    if "avx512f" in machine.features:
        lanes, registers = 16, 32
    elif "avx2" in machine.features:
        lanes, registers = 8, 16
    elif machine.architecture == "aarch64":
        lanes, registers = 4, 32
    else:
        lanes, registers = 4, 16
    return Target(
        name="llvm-cpu",
        device="cpu",
        lanes=lanes,
        registers=registers,
        cores=usable_cores(),
        index_bits=16,
        flags=(*_LLVM_CPU, "--iree-llvmcpu-target-cpu=host"),
        driver="local",
        machine=machine,
    )


def _arm(name: str, *flags: str, features: tuple[str, ...]) -> Target:
    return Target(
        name=name,
        device="cpu",
        lanes=4,
        registers=32,
        index_bits=16,
        flags=(*_LLVM_CPU, *flags),
        driver="local",
        machine=Machine("aarch64", features),
    )


def _vulkan(name: str, *flags: str) -> Target:
    return Target(
        name=name,
        device="gpu",
        lanes=64,
        registers=32,
        index_bits=32,
        flags=flags,
        driver="vulkan",
        machine=Machine(),
    )


_TARGETS = {
    target.name: target
    for target in (
        _host(),
        _arm("snapdragon-855", _ANDROID, "--iree-llvmcpu-target-cpu=cortex-a76", features=_ARMV8_2),
        _arm(
            "snapdragon-8gen2",
            _ANDROID,
            # The Cortex-X3 has SVE, but this chip's system does not let programs use it.
            "--iree-llvmcpu-target-cpu=cortex-x3",
            "--iree-llvmcpu-target-cpu-features=-sve",
            features=(*_ARMV8_2, "bf16", "i8mm"),
        ),
        _arm(
            "aarch64",
            "--iree-llvmcpu-target-triple=aarch64-none-linux-gnu",
            "--iree-llvmcpu-target-cpu=generic",
            features=("asimd",),
        ),
        _vulkan(
            "vulkan",
            "--iree-hal-target-device=vulkan",
            "--iree-vulkan-target=vp_android_baseline_2022",
        ),
        _vulkan("vulkan-adreno", f"--iree-hal-target-device={_ADRENO}"),
        Target(
            name="vmvx",
            device="vm",
            lanes=1,
            registers=32,
            index_bits=16,
            flags=(
                "--iree-hal-target-device=local",
                "--iree-hal-local-target-device-backends=vmvx",
            ),
            driver="local",
            machine=Machine(),
        ),
    )
}


def target_names() -> tuple[str, ...]:
    """The names that `get_target` knows."""
    return tuple(_TARGETS)


def require_float16(target: Target) -> None:
    """Checks that a target computes in float16.

    Raises:
      TargetError: it does not, or not on every machine.
    """
    if not target.has_float16:
        able = ", ".join(name for name, known in _TARGETS.items() if known.has_float16)
        raise TargetError(
            f"target '{target.name}' does not promise arithmetic in float16, as {able} do; "
            "compute in float32, or compile for one of these"
        )


def get_target(target: str | Target) -> Target:
    """The target of a name; a `Target` is returned as it is.

    Raises:
      TargetError: the name is not known.
    """
    if isinstance(target, Target):
        return target
    if target in _TARGETS:
        return _TARGETS[target]
    close = difflib.get_close_matches(str(target), _TARGETS, n=1)
    hint = f" (did you mean '{close[0]}'?)" if close else ""
    raise TargetError(f"unknown target '{target}'{hint}; known are {', '.join(_TARGETS)}")
