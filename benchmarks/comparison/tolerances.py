# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""How far an engine may be from PyTorch eager in float32, and still be right."""

import numpy as np

from benchmarks.engines.engine import Precision
from benchmarks.measuring.errors import WrongResultError

# Of the largest absolute value of the output. Float32 in other orders of summation stays below a
# tenth of it; MNN's Winograd algorithm, of large tiles, does not: 2e-4 in VGG-16.
_TOLERANCE = 1e-4
_TOLERANCES = {"MNN": 1e-3}
# Of less precise arithmetic the largest difference says little, because int8 cuts off what lies
# beyond the calibration; these are shares of the norm. In fifty layers of random weights they add
# up, which says nothing of accuracy; a layer that is left out or misread makes an error of about 1.
_TOLERANCES_OF_NORM = {"tf32": 1e-2, "float16": 1e-2, "bfloat16": 1e-1, "int8": 2e-1}


def check_output(
    output: np.ndarray, expected: np.ndarray, *, engine: str, precision: Precision
) -> float:
    """Compares an output with that of PyTorch eager in float32 on the same weights.

    Args:
      output, expected: of the engine, and PyTorch's.
      engine: its name.
      precision: what it computes in.

    Returns:
      As `relative_error`.

    Raises:
      WrongResultError: they differ by more than the engine's arithmetic explains.
    """
    error = relative_error(output, expected)
    if precision == "float32":
        difference = float(np.abs(output - expected).max() / np.abs(expected).max())
        tolerance, whole = _TOLERANCES.get(engine, _TOLERANCE), "largest value"
    else:
        difference, tolerance, whole = error, _TOLERANCES_OF_NORM[precision], "norm"
    if not difference <= tolerance:  # a NaN is in no bound
        raise WrongResultError(
            f"differs from PyTorch eager by {difference:.1e} of the {whole}, "
            f"expected at most {tolerance:.0e}"
        )
    return error


def relative_error(output: np.ndarray, expected: np.ndarray) -> float:
    """The norm of the difference, as a share of the norm.

    Raises:
      WrongResultError: the output has another shape.
    """
    if output.shape != expected.shape:
        raise WrongResultError(f"has shape {output.shape}, PyTorch's has {expected.shape}")
    return float(np.linalg.norm(output - expected) / np.linalg.norm(expected))
