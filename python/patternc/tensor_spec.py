"""Inputs and outputs of a model, as the frontends find them and the runtime checks them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TensorSpec:
    """An input or output: its name, static shape and numpy dtype name (``float32``)."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
