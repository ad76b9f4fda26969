"""Weights as IREE reads them: by name, from arrays or from a mapped archive."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from patternc.dependencies import require

if TYPE_CHECKING:
    from iree.runtime import ParameterIndex

PARAMETER_SCOPE = "patternc"
"""Scope of the named parameters: ``#flow.parameter.named<"patternc"::"NAME">``."""


def parameter_index(parameters: Mapping[str, np.ndarray] | Path) -> "ParameterIndex":
    """An index of the weights, which refers to them and does not copy them.

    Args:
      parameters: contiguous arrays by name, or an ``.irpa`` file, which is mapped into memory.
    """
    index = require("iree.runtime", needed_for="the weights of a module").ParameterIndex()
    if isinstance(parameters, Path):
        index.load(str(parameters))
    else:
        for name, array in parameters.items():
            index.add_buffer(name, array)
    return index


def resident_index(parameters: Mapping[str, np.ndarray] | Path) -> "ParameterIndex":
    """An index of the weights to run with, in memory that belongs to no Python object.

    IREE lets go of a weight when the last user of it is done, which may be a worker thread, and
    frees an array there without the interpreter's lock. So arrays are copied into a file in
    memory, which lives as long as its mapping.

    Args:
      parameters: as for `parameter_index`.
    """
    if isinstance(parameters, Path):
        return parameter_index(parameters)
    file = os.memfd_create("patternc-weights")
    try:
        path = f"/proc/self/fd/{file}"
        parameter_index(parameters).create_archive_file(path)
        index = require("iree.runtime", needed_for="the weights of a module").ParameterIndex()
        index.load(path, format="irpa")
    finally:
        os.close(file)
    return index
