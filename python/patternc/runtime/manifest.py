# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The manifest: what a compiled module is, without the module."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from patternc.runtime.machine import Machine
from patternc.runtime.structure import Structure
from patternc.tensor_spec import DTYPES, TensorSpec

Driver = Literal["local", "vulkan"]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What is needed to run a compiled module and to refuse it where it cannot run.

    Attributes:
      target: name of the target it was compiled for.
      driver: ``local`` runs on the processor, ``vulkan`` on a Vulkan device.
      machine: the processor that the code needs.
      cores: how many cores the work of a layer is split for.
      function: exported function.
      inputs: its arguments, in order.
      outputs: its results, in order.
      arguments: where the inputs are in the arguments of a call: a tuple of the positional ones and
        of a dict of those by keyword. None: the inputs are the arguments.
      result: where the outputs are in what a call returns. None: one output is returned as it is,
        several as a tuple.
      patternc_version: version of patternc that compiled it.
      iree_version: version of IREE that compiled it; the runtime must be of the same release.
    """

    target: str
    driver: Driver
    machine: Machine
    cores: int
    function: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    arguments: Structure | None = None
    result: Structure | None = None
    patternc_version: str
    iree_version: str

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Manifest":
        """Inverse of `dataclasses.asdict` and JSON.

        Raises:
          AttributeError, KeyError, TypeError, ValueError: a field is missing or is not what it
            has to be.
        """
        machine = values["machine"]
        texts = {
            name: _text(values[name])
            for name in ("target", "driver", "function", "patternc_version", "iree_version")
        }
        if texts["driver"] not in get_args(Driver):
            raise ValueError(f"unknown driver {texts['driver']}")
        if type(values["cores"]) is not int or values["cores"] < 1:
            raise ValueError(f"{values['cores']} is no number of cores")
        manifest = cls(
            **texts,  # pyright: ignore[reportArgumentType]
            machine=Machine(machine["architecture"], tuple(machine["features"])),
            cores=values["cores"],
            inputs=tuple(map(_tensor_spec, values["inputs"])),
            outputs=tuple(map(_tensor_spec, values["outputs"])),
            arguments=_structure(values["arguments"], len(values["inputs"])),
            result=_structure(values["result"], len(values["outputs"])),
        )
        if manifest.arguments is not None:
            kinds = [child.kind for child in manifest.arguments.children]
            if manifest.arguments.kind != "tuple" or kinds != ["tuple", "dict"]:
                raise ValueError("the arguments are not a tuple and a dict")
        return manifest


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _tensor_spec(values: Mapping[str, Any]) -> TensorSpec:
    shape = tuple(values["shape"])
    if any(type(size) is not int or size < 0 for size in shape):
        raise ValueError(f"{shape} is not a shape")
    if values["dtype"] not in DTYPES:
        raise ValueError(f"{values['dtype']} is not a dtype of tensors")
    return TensorSpec(_text(values["name"]), shape, values["dtype"])


def _structure(values: Mapping[str, Any] | None, tensors: int) -> Structure | None:
    if values is None:
        return None
    structure = Structure.from_json(values)
    if structure.tensors != tensors:
        raise ValueError(f"{structure.tensors} tensors in a structure of {tensors}")
    return structure
