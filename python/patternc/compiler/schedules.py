# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Schedules of layers in a file, for `Pipeline.for_target` and ``pattern-apply-schedules``."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from patternc import ir
from patternc.compiler.targets import Target
from patternc.runtime import LayerReport

_SHAPE = ("input", "weights", "strides", "padding", "dilations", "groups", "dtype", "activation")


@dataclass(frozen=True, kw_only=True)
class LayerSchedule:
    """How the layers of one shape run on one target.

    Attributes:
      target: what it is for, as `Target.attribute` writes it.
      layer: fields of the `LayerReport` that a layer has to have for it: some of name, input,
        weights, output, strides, padding, dilations, groups, dtype and activation.
      schedule: how its loops run, as `LayerReport.schedule` has it; None to choose.
      filter_group: filters that are stored in a group at most; None to choose.
    """

    target: str
    layer: Mapping[str, Any]
    schedule: str | None = None
    filter_group: int | None = None

    @classmethod
    def of(cls, layer: LayerReport, target: Target) -> "LayerSchedule":
        """What a layer was compiled to, for all layers of its shape."""
        shape = {field: getattr(layer, field) for field in _SHAPE}
        return cls(
            target=target.attribute,
            layer=shape,
            schedule=layer.schedule,
            filter_group=layer.filter_group,
        )


def write_schedules(path: str | PathLike[str], schedules: Iterable[LayerSchedule]) -> None:
    """Writes a file of schedules; of several for a layer, the first one that fits counts."""
    entries = [
        {key: value for key, value in vars(schedule).items() if value is not None}
        for schedule in schedules
    ]
    text = json.dumps(
        {"format": "patternc schedules", "version": 1, "schedules": entries}, indent=1
    )
    Path(path).write_text(text + "\n", encoding="utf-8")


def enumerate_schedules(module: ir.Module) -> dict[str, list[str]]:
    """The schedules that each layer of a module may have on its target, by the layer's name.

    Args:
      module: a module whose activations are laid out, such as the one after
        ``pattern-layout-activations``; layers that are not laid out have none.
    """
    return json.loads(ir.schedules(module))
