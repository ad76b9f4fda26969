# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The kernels of a network, put together by the layers that they compute."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.measuring.interleave import Timing
from patternc.runtime import LayerReport, Report

_OTHER = "pooling, copies, other operators"


@dataclass(frozen=True)
class Part:
    """A part of a network, within one call of it.

    Attributes:
      name: the layers' shape, or what kind of work it is.
      is_pattern: whether its kernels keep some of their positions.
      kernels: that are run.
      multiply_adds: of the weights that are kept.
      seconds: the medians of its kernels.
    """

    name: str
    is_pattern: bool
    kernels: int
    multiply_adds: int
    seconds: float

    @property
    def gops(self) -> float:
        return 2e-9 * self.multiply_adds / self.seconds


def split(report: Report, timings: Mapping[str, Timing], calls: int) -> list[Part]:
    """The parts of a network: pattern layers by shape, then the others by kind.

    Args:
      report: of the module.
      timings: of its kernels, by `time_dispatches`.
      calls: that they were timed in.
    """
    part_of: dict[str, str] = {}
    patterns: set[str] = set()
    multiply_adds: dict[str, int] = {}
    placed: list[LayerReport] = []  # in the layer that comes next
    for layer in report.layers:
        placed.append(layer)
        if "placement = consumer" in layer.schedule:
            continue
        part = _part_of(layer) + (" with what it reads" if len(placed) > 1 else "")
        part_of[_symbol(layer.name)] = part
        work = sum(layer.multiply_adds for layer in placed)
        multiply_adds[part] = multiply_adds.get(part, 0) + work
        if _is_pattern(layer):
            patterns.add(part)
        placed.clear()

    kernels: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for symbol, timing in timings.items():
        part = part_of.get(symbol, _OTHER)
        runs = len(timing.seconds) // calls
        kernels[part] = kernels.get(part, 0) + runs
        seconds[part] = seconds.get(part, 0.0) + runs * timing.median
    parts = [
        Part(name, name in patterns, kernels[name], multiply_adds.get(name, 0), seconds[name])
        for name in kernels
    ]
    return sorted(parts, key=lambda part: not part.is_pattern)


def _symbol(layer: str) -> str:
    """The name of a layer's executable, as `iree/StreamExecutable.cpp` makes it."""
    symbol = re.sub(r"[^A-Za-z0-9]", "_", layer)
    return symbol if symbol[:1].isalpha() else f"layer_{symbol}"


def _is_pattern(layer: LayerReport) -> bool:
    return len(layer.patterns[0]) < layer.weights[2] * layer.weights[3]


def _part_of(layer: LayerReport) -> str:
    filters, channels, height, width = layer.weights
    if not _is_pattern(layer):
        kind = "fully connected" if layer.output[2:] == [1, 1] else f"{height}x{width}"
        return kind + (", pruned" if layer.kept_kernels < layer.kernels else ", dense")
    channels = "depthwise" if layer.groups > 1 else str(channels)
    stride = "" if layer.strides == [1, 1] else f", stride {layer.strides[0]}"
    size = "x".join(map(str, layer.output[2:]))
    return f"{channels} -> {filters}, {height}x{width}{stride}, {size}"
