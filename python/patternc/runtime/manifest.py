"""The manifest: what a compiled module is, without the module."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from patternc.runtime.machine import Machine
from patternc.tensor_spec import TensorSpec

Driver = Literal["local", "vulkan"]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What is needed to run a compiled module and to refuse it where it cannot run.

    Attributes:
      target: name of the target it was compiled for.
      driver: ``local`` runs on the processor, ``vulkan`` on a Vulkan device.
      machine: the processor that the code needs.
      function: exported function.
      inputs: its arguments, in order.
      outputs: its results, in order.
      patternc_version: version of patternc that compiled it.
      iree_version: version of IREE that compiled it; the runtime must be of the same release.
    """

    target: str
    driver: Driver
    machine: Machine
    function: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    patternc_version: str
    iree_version: str

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Manifest":
        """Inverse of `dataclasses.asdict` and JSON.

        Raises:
          KeyError, TypeError: a field is missing or has another type.
        """
        machine = values["machine"]
        return cls(
            target=values["target"],
            driver=values["driver"],
            machine=Machine(machine["architecture"], tuple(machine["features"])),
            function=values["function"],
            inputs=_specs_from_json(values["inputs"]),
            outputs=_specs_from_json(values["outputs"]),
            patternc_version=values["patternc_version"],
            iree_version=values["iree_version"],
        )


def _specs_from_json(values: list[dict[str, Any]]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(v["name"], tuple(v["shape"]), v["dtype"]) for v in values)
