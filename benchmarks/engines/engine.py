# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What an engine is: it compiles a torch model, and loads it to be run."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

if TYPE_CHECKING:  # what is only loaded and run needs no torch
    from torch import Tensor, nn

Precision = Literal["float32", "tf32", "bfloat16", "float16", "int8"]


class NotMeasuredError(Exception):
    """The engine cannot take part; the message says why and what to do."""


@dataclass(frozen=True)
class Prepared:
    """A model that is loaded into an engine.

    Attributes:
      run: runs the model on the input that it was prepared with, and nothing else.
      output: runs it once more, and returns what it computed.
    """

    run: Callable[[], object]
    output: Callable[[], np.ndarray]


class Engine(Protocol):
    """What runs a model.

    Attributes:
      name: with the precision, where that is not float32.
      precision: what convolutions and matrices are computed in; input and output are float32.
    """

    name: str
    precision: Precision

    def compile(self, model: "nn.Module", image: "Tensor") -> Any:
        """What can be done ahead of time, once for a model: export, conversion, compilation.

        Args:
          model: in eval mode, with one input and one output.
          image: an input, batch first, whose shape becomes fixed.

        Returns:
          What `load` takes.

        Raises:
          NotMeasuredError: the engine is not installed, or cannot run this model.
        """
        ...

    def load(self, compiled: Any, image: "Tensor", *, threads: int) -> Prepared:
        """What every process has to do before the first run.

        Args:
          compiled: by `compile`.
          image: the input.
          threads: processor threads that `Prepared.run` uses.

        Raises:
          NotMeasuredError: the engine cannot run this model.
        """
        ...

    def save(self, compiled: Any, file: Path) -> None:
        """Writes what `compile` returned, as a file or a folder."""
        ...

    def read(self, file: Path) -> Any:
        """What `load` takes, from where `save` wrote it."""
        ...


class Pickled:
    """Keeps a compiled model as Python does."""

    def save(self, compiled: Any, file: Path) -> None:
        file.write_bytes(pickle.dumps(compiled))

    def read(self, file: Path) -> Any:
        return pickle.loads(file.read_bytes())


def name_with(name: str, precision: Precision) -> str:
    """The name of an engine in a precision."""
    return name if precision == "float32" else f"{name}, {precision}"


def prepare(engine: Engine, model: "nn.Module", image: "Tensor", *, threads: int) -> Prepared:
    """Compiles and loads a model."""
    return engine.load(engine.compile(model, image), image, threads=threads)


def load_saved(engine: Engine, file: Path, image: "Tensor", *, threads: int) -> Prepared:
    """Loads a model from where its engine saved it."""
    return engine.load(engine.read(file), image, threads=threads)
