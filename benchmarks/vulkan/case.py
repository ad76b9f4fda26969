# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A layer or a network in a folder that is carried: what was made of it, and where that lies."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.engines.engine import Precision

CASES = "cases"
_CASE = "case.json"


@dataclass(frozen=True)
class Module:
    """A model that patternc or IREE alone compiled.

    Attributes:
      name: of the contender.
      file: artefact of patternc's, in the folder of the case.
      repeated_file: the bytecode of one whose kernels run several times in a call.
      model: which model it computes, by the name of its expected output.
      precision: what it computes in.
    """

    name: str
    file: str
    repeated_file: str
    model: str
    precision: Precision


@dataclass(frozen=True)
class Case:
    """What is known of a case; its arrays lie beside it.

    Attributes:
      name, title: of the layer or the network.
      repeats: how often each kernel runs in a call of the repeated modules.
      modules: what was compiled; the first of them is what the others are compared with.
      net: name of the dense model's files for ncnn, if it was translated.
      missing: why some contenders cannot take part.
    """

    name: str
    title: str
    repeats: int
    modules: tuple[Module, ...] = ()
    net: str | None = None
    missing: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        (folder / _CASE).write_text(json.dumps(asdict(self), indent=1) + "\n")


def read_case(folder: Path) -> Case:
    values: dict[str, Any] = json.loads((folder / _CASE).read_text())
    modules = tuple(Module(**module) for module in values.pop("modules"))
    return Case(**values, modules=modules)


def image_file(folder: Path) -> Path:
    """The input of a case, as NumPy saves it."""
    return folder / "image.npy"


def expected_file(folder: Path, model: str) -> Path:
    """What PyTorch computes of it in float32, likewise."""
    return folder / f"{model}.npy"
