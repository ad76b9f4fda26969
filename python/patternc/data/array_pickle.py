# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pickles of plain values and byte arrays, read without executing anything that is in them.

A pickle is a program, and `pickle.load` runs whatever it calls. This reader admits the names with
which numpy pickles an array, and puts classes of its own in their place. Numpy's own would not be
safe: a dtype whose state says that its objects are plain bytes makes numpy follow pointers that
stand in the file.
"""

import pickle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from patternc.errors import DataError


def read_batch(file: Path) -> dict[str, Any]:
    """Reads a dictionary of plain values and uint8 arrays.

    Args:
      file: its path; pickled by Python 2, or by Python 3 with protocol 3 or later.

    Returns:
      The dictionary. Strings of Python 2 are decoded byte by byte (latin-1).

    Raises:
      DataError: when the file is damaged, is no such dictionary, or asks for any other name.
    """
    try:
        with file.open("rb") as stream:
            content = _Reader(stream, encoding="latin1").load()
        if not isinstance(content, dict):
            raise pickle.UnpicklingError(f"it holds a {type(content).__name__}, expected a dict")
        return {
            str(key): value.array() if isinstance(value, _Array) else value
            for key, value in content.items()
        }
    except Exception as error:  # whatever a damaged pickle makes of itself
        raise DataError(f"cannot read the pickle '{file}': {error}") from error


class _Array:
    """What a file says of an array: how numpy makes an empty one, and the state it then gets."""

    def __init__(self, *_: Any):
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def array(self) -> np.ndarray:
        _version, shape, dtype, is_fortran, content = self.state
        if not isinstance(dtype, _Dtype) or dtype.name != "u1":
            raise pickle.UnpicklingError("it holds an array that is not of uint8")
        if isinstance(content, str):
            content = content.encode("latin1")
        return np.frombuffer(content, np.uint8).reshape(shape, order="F" if is_fortran else "C")


class _Dtype:
    """What a file says of an element type."""

    def __init__(self, name: Any = None, *_: Any):
        self.name = name

    def __setstate__(self, state: Any) -> None:
        """Byte order and the like, which a byte has not."""


class _Reader(pickle.Unpickler):
    # Each of these has a __setstate__ that wants an instance, so that a pickle which sets the state
    # of the class itself fails.
    _ADMITTED: ClassVar[dict[tuple[str, str], type]] = {
        ("numpy.core.multiarray", "_reconstruct"): _Array,  # before numpy 2
        ("numpy._core.multiarray", "_reconstruct"): _Array,
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _Dtype,
    }

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        try:
            return self._ADMITTED[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it asks for '{module_name}.{global_name}', which no file of CIFAR-10 does; "
                "do not trust it"
            ) from None
