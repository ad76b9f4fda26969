# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What a module needs of the machine that runs it, and what this machine has."""

import functools
import platform
from dataclasses import dataclass

# The names of /proc/cpuinfo for the instruction sets that a compiler picks instructions from.
_CODE_FEATURES = {
    "x86_64": frozenset(
        """sse4_1 sse4_2 popcnt movbe abm avx f16c fma bmi1 bmi2 avx2 avx_vnni avx_ifma
        avx_vnni_int8 avx512f avx512cd avx512bw avx512dq avx512vl avx512ifma avx512vbmi avx512_vbmi2
        avx512_vnni avx512_bitalg avx512_vpopcntdq avx512_bf16 avx512_fp16 avx512_vp2intersect
        gfni vaes vpclmulqdq amx_tile amx_int8 amx_bf16 amx_fp16""".split()
    ),
    "aarch64": frozenset(
        """asimd atomics fphp asimdhp asimdrdm asimddp asimdfhm i8mm bf16 sve sve2 svei8mm
        svebf16""".split()
    ),
}

_SAME_ARCHITECTURE = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Machine:
    """A processor, as far as compiled code depends on it.

    Attributes:
      architecture: ``x86_64``, ``aarch64``, …; None for code that runs on every processor.
      features: instruction sets by their names in ``/proc/cpuinfo``, sorted.
    """

    architecture: str | None = None
    features: tuple[str, ...] = ()

    def lacks(self, needed: "Machine") -> str | None:
        """What this machine lacks of a needed one, in words; None when code for it runs here."""
        if needed.architecture is None:
            return None
        if needed.architecture != self.architecture:
            return f"an {needed.architecture} processor (this machine is {self.architecture})"
        missing = sorted(set(needed.features) - set(self.features))
        return f"the CPU features {', '.join(missing)}" if missing else None


@functools.cache
def host_machine() -> Machine:
    """The machine that this process runs on."""
    name = platform.machine().lower()
    architecture = _SAME_ARCHITECTURE.get(name, name)
    known = _CODE_FEATURES.get(architecture, frozenset())
    return Machine(architecture, tuple(sorted(known & _cpu_flags())))


def _cpu_flags() -> frozenset[str]:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
            for line in cpuinfo:
                name, _, flags = line.partition(":")
                if name.strip() in ("flags", "Features"):
                    return frozenset(flags.split())
    except OSError:  # not Linux: nothing is known, so nothing is promised
        pass
    return frozenset()
