# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The machines that patternc compiles for, by name.

A target says two things: to the passes, as `#pattern.target`, what the processing unit can do; to
IREE, with which flags to compile for it. A new processor is a line of `_CPUS`.
"""

import difflib
import os
from dataclasses import dataclass
from typing import Literal

from patternc.errors import TargetError
from patternc.runtime.machine import Machine, host_machine
from patternc.runtime.manifest import Driver

_LOCAL = ("--iree-hal-target-device=local",)
_LLVM_CPU = (
    *_LOCAL,
    "--iree-hal-local-target-device-backends=llvm-cpu",
    "--iree-llvmcpu-debug-symbols=false",
    "--iree-vm-bytecode-module-strip-source-map",
)
# A GPU as IREE 3.13 describes it, but without operations between the threads of a subgroup:
# reductions that use them reckon with as many threads as it names, which no driver promises.
_VULKAN = (
    '#hal.device.target<"vulkan", [#hal.executable.target<"vulkan-spirv", "vulkan-spirv-fb", '
    '{{iree_codegen.target_info = #iree_gpu.target<arch = "{arch}", '
    'features = "spirv:v1.6,cap:Shader", wgp = <compute = fp32|fp16|int32|int16|int8, '
    "storage = {storage}, subgroup = none, dot = dp4xi8toi32, "
    "subgroup_size_choices = [{subgroup}], max_workgroup_sizes = [{threads}, {threads}, {threads}],"
    " max_thread_count_per_workgroup = {threads}, max_workgroup_memory_bytes = {shared_bytes}, "
    "max_workgroup_counts = [65535, 65535, 65535]>>}}>]>"
)

# Vector bits and registers of an architecture: of the first line whose instruction set is there.
_VECTORS = (
    ("x86_64", "avx512f", 512, 32),
    ("x86_64", "avx2", 256, 16),
    ("x86_64", None, 128, 16),
    ("aarch64", "asimd", 128, 32),
)
# What an instruction set, by its name in /proc/cpuinfo, means for kernels.
_FEATURES = {
    "avx": "broadcast_load",
    "asimd": "broadcast_load byte_lookup lane_multiply",
    "avx512vbmi": "byte_permute",
    "avx512f": "software_prefetch",
    "avx2": "byte_lookup dot_s16 saturating_pack",
    "avx_vnni": "dot_u8s8",
    "avx512_vnni": "dot_u8s8",
    "asimddp": "dot_s8s8",
    "avx512_fp16": "float16",
    "asimdhp": "float16",
}
_X86_64_V3 = """
    sse4_1 sse4_2 popcnt movbe abm avx f16c fma bmi1 bmi2 avx2
"""
_X86_64_V4 = f"{_X86_64_V3} avx512f avx512bw avx512cd avx512dq avx512vl"
_ARMV8_2 = "asimd asimddp asimdhp asimdrdm atomics fphp"
_ANDROID, _LINUX = "linux-android29", "linux-gnu"

_KIB = 1 << 10

# Name, architecture, system, processor for IREE with `+` or `-` features, instruction sets, and
# bytes of the first- and second-level cache of a core.
_CPUS = (
    ("x86-64-v3", "x86_64", _LINUX, "x86-64-v3", _X86_64_V3, 32 * _KIB, 1024 * _KIB),
    ("x86-64-v4", "x86_64", _LINUX, "x86-64-v4", _X86_64_V4, 32 * _KIB, 1024 * _KIB),
    ("aarch64", "aarch64", _LINUX, "generic", "asimd", 32 * _KIB, 1024 * _KIB),
    ("snapdragon-855", "aarch64", _ANDROID, "cortex-a76", _ARMV8_2, 64 * _KIB, 512 * _KIB),
    (
        "snapdragon-8gen2",
        "aarch64",
        _ANDROID,
        # The Cortex-X3 has SVE, but this chip's system does not let programs use it.
        "cortex-x3 -sve",
        f"{_ARMV8_2} bf16 i8mm",
        64 * _KIB,
        1024 * _KIB,
    ),
)

# Name, architecture as IREE knows it, widths of elements in memory, threads of a subgroup and of a
# workgroup, bytes that a workgroup shares, registers and cores: those of an Adreno 650, a GeForce
# RTX 3090, a Radeon RX 7900 XTX, and of a processor with AVX2 behind Mesa's llvmpipe, where
# registers are memory. All of them have arithmetic in float16.
_GPUS = (
    ("vulkan-adreno", "adreno", "b64|b32|b16", 64, 1024, 32 * _KIB, 48, 3),
    ("vulkan-ampere", "ampere", "b64|b32|b16|b8", 32, 1024, 48 * _KIB, 64, 82),
    ("vulkan-rdna3", "rdna3", "b64|b32|b16|b8", 64, 1024, 64 * _KIB, 64, 96),
    ("vulkan-llvmpipe", "llvmpipe", "b64|b32|b16|b8", 8, 1024, 32 * _KIB, 96, 2),
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A machine to compile for.

    Attributes:
      name: what the user calls it.
      device: kind of kernel: vectors on a ``cpu``, one thread an output position on a ``gpu``,
        scalar loops on a ``vm``.
      features: what it can do, in the words of `#pattern.target`.
      vector_bits, registers: size and number of the vector registers of a ``cpu``; on a ``gpu``,
        registers of four elements that a thread has.
      cores: processor cores, or compute units of a ``gpu``, that are expected to share a layer.
      l1_bytes, l2_bytes: caches that a core has for itself.
      threads, subgroup, shared_bytes: of a ``gpu``: most threads of a workgroup, those that run in
        step, and memory that a workgroup shares.
      flags: flags of iree-compile.
      driver: IREE driver that runs the module.
      machine: the processor that the code needs.
    """

    name: str
    device: Literal["cpu", "gpu", "vm"]
    features: tuple[str, ...] = ()
    vector_bits: int = 0
    registers: int = 0
    cores: int = 4
    l1_bytes: int = 32 * _KIB
    l2_bytes: int = 1024 * _KIB
    threads: int = 0
    subgroup: int = 0
    shared_bytes: int = 0
    flags: tuple[str, ...]
    driver: Driver
    machine: Machine

    @property
    def attribute(self) -> str:
        """What the passes know of it: the text of a `#pattern.target`."""
        numbers = {
            name: getattr(self, name)
            for name in (
                *("vector_bits", "registers", "cores", "l1_bytes", "l2_bytes"),
                *("threads", "shared_bytes", "subgroup"),
            )
        }
        parameters = {
            "device": self.device,
            "features": "|".join(self.features) or "none",
            **{name: number for name, number in numbers.items() if number},
        }
        return f"#pattern.target<{', '.join(f'{k} = {v}' for k, v in parameters.items())}>"

    @property
    def has_float16(self) -> bool:
        """Whether it multiplies and adds vectors of float16."""
        return "float16" in self.features


def _cpu(
    name: str, machine: Machine, flags: tuple[str, ...], l1_bytes: int, l2_bytes: int, cores: int
) -> Target:
    has = {None, *machine.features}
    vectors = [row[2:] for row in _VECTORS if row[0] == machine.architecture and row[1] in has]
    # Of an architecture that is not in the table, as little is promised as there is of any.
    bits, registers = vectors[0] if vectors else (128, 16)
    features = {word for name in machine.features for word in _FEATURES.get(name, "").split()}
    if bits == 512 and "avx512bw" not in has:  # which has those of 512 bits
        features -= {"byte_lookup", "dot_s16", "saturating_pack"}
    return Target(
        name=name,
        device="cpu",
        features=tuple(sorted(features)),
        vector_bits=bits,
        registers=registers,
        cores=cores,
        l1_bytes=l1_bytes,
        l2_bytes=l2_bytes,
        flags=(*_LLVM_CPU, *flags),
        driver="local",
        machine=machine,
    )


def _host() -> Target:
    """This machine, with every instruction set and all the cores that it has."""
    flags = ("--iree-llvmcpu-target-cpu=host",)
    return _cpu("llvm-cpu", host_machine(), flags, 32 * _KIB, 1024 * _KIB, os.cpu_count() or 1)


def _deployable(
    name: str, architecture: str, system: str, cpu: str, sets: str, l1_bytes: int, l2_bytes: int
) -> Target:
    processor, _, changed = cpu.partition(" ")
    flags = (
        f"--iree-llvmcpu-target-triple={architecture}-none-{system}",
        f"--iree-llvmcpu-target-cpu={processor}",
        *((f"--iree-llvmcpu-target-cpu-features={changed}",) if changed else ()),
    )
    machine = Machine(architecture, tuple(sorted(sets.split())))
    return _cpu(name, machine, flags, l1_bytes, l2_bytes, cores=4)


def _vulkan(
    name: str,
    *flags: str,
    subgroup: int,
    threads: int,
    shared_bytes: int,
    registers: int,
    cores: int,
    features: tuple[str, ...] = (),
) -> Target:
    return Target(
        name=name,
        device="gpu",
        features=features,
        registers=registers,
        cores=cores,
        threads=threads,
        subgroup=subgroup,
        shared_bytes=shared_bytes,
        flags=(
            *flags,
            # The other way to hand over buffers takes 64 bits for every index.
            "--iree-vulkan-dispatch-abi=descriptors",
            # Functions take and give fences, so that the runtime waits once for all it began.
            "--iree-execution-model=async-external",
        ),
        driver="vulkan",
        machine=Machine(),
    )


def _gpu(
    name: str,
    arch: str,
    storage: str,
    subgroup: int,
    threads: int,
    shared_bytes: int,
    registers: int,
    cores: int,
) -> Target:
    device = _VULKAN.format(
        arch=arch, storage=storage, subgroup=subgroup, threads=threads, shared_bytes=shared_bytes
    )
    return _vulkan(
        name,
        f"--iree-hal-target-device={device}",
        subgroup=subgroup,
        threads=threads,
        shared_bytes=shared_bytes,
        registers=registers,
        cores=cores,
        features=(*(("byte_access",) if "b8" in storage else ()), "dot_s8s8", "float16"),
    )


_TARGETS = {
    target.name: target
    for target in (
        _host(),
        *(_deployable(*row) for row in _CPUS),
        _vulkan(
            "vulkan",
            "--iree-hal-target-device=vulkan",
            "--iree-vulkan-target=vp_android_baseline_2022",
            subgroup=64,
            threads=128,
            shared_bytes=16 * _KIB,
            registers=48,
            cores=3,
        ),
        *(_gpu(*row) for row in _GPUS),
        Target(
            name="vmvx",
            device="vm",
            flags=(*_LOCAL, "--iree-hal-local-target-device-backends=vmvx"),
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
