# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What the compiler tells about a module: its pattern layers, and what it left to IREE."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tabulate import tabulate


@dataclass(frozen=True, kw_only=True)
class LayerReport:
    """One convolution.

    Attributes:
      name: the layer's name in the model.
      input, weights, output: shapes, NxCxHxW and filtersxchannelsxheightxwidth.
      strides, padding, dilations, groups, activation: of the convolution; padding is top, left,
        bottom, right.
      dtype: of weights and images: float32, float16 or int8.
      float_reason: why it computes floats although the model quantises other layers; else empty.
      patterns: the positions that each pattern of its set keeps.
      filter_group: filters that share one set of indices.
      kernels, kept_kernels: kernels of the layer, and those that are left.
      kept_weights: weights that are stored.
      dense_multiply_adds, multiply_adds: work without pruning, and as compiled.
      dense_bytes, csr_bytes, fkw_bytes: size of the weights dense, as CSR with 32-bit indices, and
        as FKW: all that the kernel reads of the layer's weights, as it ships.
      schedule: how its loops run, as the compiler writes it: ``#schedule.cpu_matrix<...>``.
    """

    name: str
    input: Sequence[int]
    weights: Sequence[int]
    output: Sequence[int]
    strides: Sequence[int]
    padding: Sequence[int]
    dilations: Sequence[int]
    groups: int
    activation: str
    patterns: Sequence[Sequence[int]]
    filter_group: int
    kernels: int
    kept_kernels: int
    kept_weights: int
    dense_multiply_adds: int
    multiply_adds: int
    dense_bytes: int
    csr_bytes: int
    fkw_bytes: int
    schedule: str
    dtype: str
    float_reason: str = ""

    @property
    def dense_weights(self) -> int:
        """Weights of the layer without pruning."""
        return math.prod(self.weights)

    @property
    def rate(self) -> float:
        """How many times fewer weights than dense; infinite when no kernel is left."""
        return self.dense_weights / self.kept_weights if self.kept_weights else float("inf")


@dataclass(frozen=True, kw_only=True)
class LeftOperation:
    """An operation with multiply-adds that IREE computes, because no kernel does.

    Attributes:
      layer: the layer whose weights it multiplies by; empty where it has none.
      operation: its name, such as ``linalg.batch_matmul``.
      multiply_adds: its work; 0 where its sizes are not known.
      reason: why no kernel computes it.
    """

    layer: str
    operation: str
    multiply_adds: int
    reason: str


@dataclass(frozen=True)
class Report:
    """What is known of a compiled module. ``str()`` is a table of the layers, and one of the rest.

    Attributes:
      layers: the convolutions and matrices that pattern kernels compute, in the order in which they
        run.
      left: what else multiplies and adds, in order, and why it was left to IREE.
    """

    layers: tuple[LayerReport, ...]
    left: tuple[LeftOperation, ...] = ()

    @classmethod
    def from_json(cls, values: Mapping[str, Sequence[Mapping[str, Any]]]) -> "Report":
        """Inverse of `to_json`.

        Raises:
          KeyError, TypeError: a field is missing or unknown.
        """
        return cls(
            tuple(LayerReport(**layer) for layer in values["layers"]),
            tuple(LeftOperation(**operation) for operation in values["left"]),
        )

    def to_json(self) -> dict[str, list[dict[str, Any]]]:
        """The layers, and what was left, in JSON's types."""
        return {
            "layers": [asdict(layer) for layer in self.layers],
            "left": [asdict(operation) for operation in self.left],
        }

    def total(self, field: str) -> int:
        """Sum of a number over all layers."""
        return sum(getattr(layer, field) for layer in self.layers)

    def __str__(self) -> str:
        rows = [
            [
                layer.name,
                "x".join(map(str, layer.weights)),
                "x".join(map(str, layer.output[2:])),
                len(layer.patterns),
                len(layer.patterns[0]),
                f"{layer.kept_kernels}/{layer.kernels}",
                layer.filter_group,
                f"{layer.rate:.1f}x",
                *_amounts(layer.dense_multiply_adds, layer.multiply_adds, 1e6),
                *_amounts(layer.dense_bytes, layer.csr_bytes, 1e3),
                _amount(layer.fkw_bytes / 1e3) + _LARGER * (layer.fkw_bytes > layer.dense_bytes),
            ]
            for layer in self.layers
        ]
        kept, dense = self.total("kept_weights"), self.total("dense_weights")
        rows.append(
            [
                "total",
                "",
                "",
                "",
                "",
                f"{self.total('kept_kernels')}/{self.total('kernels')}",
                "",
                f"{dense / kept:.1f}x" if kept else "",
                *_amounts(self.total("dense_multiply_adds"), self.total("multiply_adds"), 1e6),
                *_amounts(self.total("dense_bytes"), self.total("csr_bytes"), 1e3),
                _amount(self.total("fkw_bytes") / 1e3),
            ]
        )
        headers = [
            "layer",
            "weights",
            "output",
            "patterns",
            "taps",
            "kernels",
            "group",
            "rate",
            "dense MMAC",
            "MMAC",
            "dense kB",
            "CSR kB",
            "FKW kB",
        ]
        table = tabulate(rows, headers, disable_numparse=True, colalign=_ALIGNMENT)
        if any(layer.fkw_bytes > layer.dense_bytes for layer in self.layers):
            table = f"{table}\n{_WHY_LARGER}"
        if any(layer.float_reason for layer in self.layers):
            table = f"{table}\n\n{self._in_floats()}"
        return f"{table}\n\n{self._left()}" if self.left else table

    def _in_floats(self) -> str:
        """The layers that are not in 8 bits, in a model where others are."""
        rows = [
            (layer.name, _amount(layer.multiply_adds / 1e6), layer.float_reason)
            for layer in self.layers
            if layer.float_reason
        ]
        headers = ["in floats", "MMAC", "because"]
        return tabulate(rows, headers, disable_numparse=True, colalign=("left", "right", "left"))

    def _left(self) -> str:
        """What was left to IREE: operations that are alike in a row, the most work first."""
        alike: dict[tuple[str, str, str], list[LeftOperation]] = {}
        for operation in self.left:
            key = (operation.layer, operation.operation, operation.reason)
            alike.setdefault(key, []).append(operation)
        all_work = self.total("multiply_adds") + sum(o.multiply_adds for o in self.left)
        rows = [
            (work, (layer or "-", name, len(group), _amount(work / 1e6), share, reason))
            for (layer, name, reason), group in alike.items()
            for work in (sum(operation.multiply_adds for operation in group),)
            for share in (f"{work / all_work:.1%}" if all_work else "-",)
        ]
        rows.sort(key=lambda row: -row[0])
        headers = ["left to IREE", "operation", "times", "MMAC", "share", "because"]
        return tabulate(
            [row for _, row in rows],
            headers,
            disable_numparse=True,
            colalign=("left", "left", "right", "right", "right", "left"),
        )


# Behind the size of a layer that takes more than its dense weights do.
_LARGER = "*"
_WHY_LARGER = "* larger than dense: too few weights are removed to make up for the indices"
_ALIGNMENT = ("left", "left", "left", *["right"] * 10)


def _amounts(first: int, second: int, unit: float) -> tuple[str, str]:
    return _amount(first / unit), _amount(second / unit)


def _amount(value: float) -> str:
    """Three digits, however small the layer."""
    return f"{value:.1f}" if value >= 100 else f"{value:.3g}"
