"""What the compiler tells about a module: one line for each convolution, and the sum."""

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
      dtype: of weights, images and sums: float32 or float16.
      patterns: the positions that each pattern of its set keeps.
      filter_group: filters that share one set of indices.
      kernels, kept_kernels: kernels of the layer, and those that are left.
      kept_weights: weights that are stored.
      dense_multiply_adds, multiply_adds: work without pruning, and as compiled.
      dense_bytes, csr_bytes, fkw_bytes: size of the weights dense, as CSR with 32-bit indices, and
        as FKW with all its arrays.
      schedule: the fields of the schedule: device, lanes, vectors and so on.
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
    schedule: Mapping[str, Any]
    dtype: str = "float32"  # as reports say that are older than this field

    @property
    def dense_weights(self) -> int:
        """Weights of the layer without pruning."""
        return math.prod(self.weights)

    @property
    def rate(self) -> float:
        """How many times fewer weights than dense; infinite when no kernel is left."""
        return self.dense_weights / self.kept_weights if self.kept_weights else float("inf")


@dataclass(frozen=True)
class Report:
    """The convolutions of a module, in the order in which they run. ``str()`` is a table."""

    layers: tuple[LayerReport, ...]

    @classmethod
    def from_json(cls, values: Sequence[Mapping[str, Any]]) -> "Report":
        """Inverse of `to_json`.

        Raises:
          TypeError: a field is missing or unknown.
        """
        return cls(tuple(LayerReport(**layer) for layer in values))

    def to_json(self) -> list[dict[str, Any]]:
        """The layers in JSON's types."""
        return [asdict(layer) for layer in self.layers]

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
            return f"{table}\n{_WHY_LARGER}"
        return table


# Behind the size of a layer that takes more than its dense weights do.
_LARGER = "*"
_WHY_LARGER = "* larger than dense: too few weights are removed to make up for the indices"
_ALIGNMENT = ("left", "left", "left", *["right"] * 10)


def _amounts(first: int, second: int, unit: float) -> tuple[str, str]:
    return _amount(first / unit), _amount(second / unit)


def _amount(value: float) -> str:
    """Three digits, however small the layer."""
    return f"{value:.1f}" if value >= 100 else f"{value:.3g}"
