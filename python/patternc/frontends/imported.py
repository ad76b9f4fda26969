# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What every frontend hands to the compiler: MLIR text and, beside it, the weights."""

from dataclasses import dataclass, field

import numpy as np

from patternc.runtime.structure import Structure
from patternc.tensor_spec import TensorSpec


@dataclass(frozen=True)
class ImportedModel:
    """A model on linalg-on-tensors, its weights apart from its text.

    Attributes:
      text: an MLIR module with one public `func.func @main`. A constant of more than one element
        is `dense_resource<NAME>`, and the text has no `dialect_resources` section.
      blobs: NAME to its C-contiguous array. Arrays share memory with the model's tensors where
        they can, so they are to be read only, and before the model is changed.
      inputs: the arguments of `@main`, named as in the model; empty when the text itself is all
        that is known.
      outputs: the results of `@main`, likewise, named `output0` and so on.
      arguments: where the inputs are in the model's arguments: a tuple of the positional ones and
        of a dict of those by keyword. None: they are the arguments.
      result: where the outputs are in what the model returns. None: one is returned as it is,
        several as a tuple.
      classes: the model's own classes in the result, by `Structure.class_name`.
      name: what to call the model in reports and files.
    """

    text: str
    blobs: dict[str, np.ndarray] = field(repr=False)
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    name: str
    arguments: Structure | None = None
    result: Structure | None = None
    classes: dict[str, type] = field(default_factory=dict)
