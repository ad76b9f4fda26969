"""Weights as IREE reads them: by name, from arrays or from a mapped archive."""

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
