# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Weights as IREE reads them: by name, from an archive in memory."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from patternc.dependencies import require

if TYPE_CHECKING:
    from iree.runtime import ParameterIndex

PARAMETER_SCOPE = "patternc"
"""Scope of the named parameters: ``#flow.parameter.named<"patternc"::"NAME">``."""

_CHUNK = 1 << 20


class WeightsArchive:
    """An ``.irpa`` archive in memory that belongs to this process, and to no Python object.

    IREE lets go of a weight when the last user of it is done, which may be a worker thread, and
    frees an array there without the interpreter's lock. A file in memory lives as long as its
    mapping. It is also what was verified, whatever happens to the file on the disk.
    """

    def __init__(self, chunks: Iterable[bytes] = ()) -> None:
        """Copies an archive, chunk by chunk."""
        self._file = os.memfd_create("patternc-weights")
        for chunk in chunks:
            view = memoryview(chunk)
            while view:
                view = view[os.write(self._file, view) :]

    @classmethod
    def of(cls, parameters: Mapping[str, np.ndarray]) -> "WeightsArchive":
        """An archive of contiguous arrays."""
        archive = cls()
        parameter_index(parameters).create_archive_file(archive._path)
        return archive

    def index(self) -> "ParameterIndex":
        """IREE's index of the weights, on a mapping of the archive."""
        index = require("iree.runtime", needed_for="the weights of a module").ParameterIndex()
        index.load(self._path, format="irpa")
        return index

    def chunks(self) -> Iterable[bytes]:
        """The bytes of the archive, in order."""
        offset = 0
        while chunk := os.pread(self._file, _CHUNK, offset):
            yield chunk
            offset += len(chunk)

    @property
    def _path(self) -> str:
        return f"/proc/self/fd/{self._file}"

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)

    def __deepcopy__(self, _: Any) -> "WeightsArchive":
        return self  # nothing changes it

    def __reduce__(self) -> tuple[Any, ...]:
        return WeightsArchive, (list(self.chunks()),)


def parameter_index(parameters: Mapping[str, np.ndarray]) -> "ParameterIndex":
    """An index of contiguous arrays by name, which refers to them and does not copy them."""
    index = require("iree.runtime", needed_for="the weights of a module").ParameterIndex()
    for name, array in parameters.items():
        index.add_buffer(name, array)
    return index


def write_archive(parameters: Mapping[str, np.ndarray] | WeightsArchive, file: Path) -> None:
    """Writes the weights as an ``.irpa`` file.

    Raises:
      OSError, ValueError: it cannot be written.
    """
    with open(file, "wb") as output:  # which gives it the permissions that files have here
        if isinstance(parameters, WeightsArchive):
            output.writelines(parameters.chunks())
    if not isinstance(parameters, WeightsArchive):
        parameter_index(parameters).create_archive_file(str(file))
