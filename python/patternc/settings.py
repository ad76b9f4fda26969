# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The knobs of patternc, all of them, in one place.

Each knob is one field of `Settings`, one keyword and one environment variable:
``PATTERNC_`` and the field's name in capitals. A keyword wins over the variable.
"""

import dataclasses
import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from patternc.errors import PatterncError

_PREFIX = "PATTERNC_"
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"", "0", "false", "no", "off"}
_LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """How a compilation reports on itself. None of it changes the result.

    Attributes:
      keep_stages: keep the IR after every stage as text, for `CompiledModule.mlir`. Default: off.
      dump_dir: folder that receives the IR after every stage and the files that IREE makes of
        every kernel (assembly, object). Default: nothing is dumped.
      print_ir: print the IR after every pass on standard error. Default: off.
      reproducer_dir: folder for the input of a compiler stage that failed; each gets a folder of
        its own in it, which only the user can look into. Default: the system's folder for temporary
        files.
      timing: print the time of every pass on standard error. Default: off.
      log_level: ``debug``, ``info``, ``warning`` or ``error``, for the logger ``patternc``.
        Default: what the program has set.
    """

    keep_stages: bool = False
    dump_dir: Path | None = None
    print_ir: bool = False
    reproducer_dir: Path | None = None
    timing: bool = False
    log_level: str | None = None

    def __post_init__(self) -> None:
        for name in ("dump_dir", "reproducer_dir"):
            folder = getattr(self, name)
            if not isinstance(folder, str | PathLike | None):
                raise PatterncError(f"{name} is {folder!r}, expected the path of a folder")
            object.__setattr__(self, name, None if folder is None else Path(folder))
        if self.log_level is not None and self.log_level not in _LOG_LEVELS:
            raise PatterncError(
                f"log level is '{self.log_level}', expected one of {', '.join(_LOG_LEVELS)}"
            )

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, **keywords: Any
    ) -> "Settings":
        """Reads the environment variables; a keyword takes precedence over its variable.

        Raises:
          PatterncError: a variable has a value that its knob does not take.
        """
        values: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            text = environment.get(_PREFIX + field.name.upper())
            if text is None:
                continue
            if isinstance(field.default, bool):
                values[field.name] = _parse_bool(_PREFIX + field.name.upper(), text)
            elif field.name.endswith("_dir"):
                if text:
                    values[field.name] = Path(text)
            else:
                values[field.name] = text
        return cls(**(values | keywords))


def _parse_bool(variable: str, text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise PatterncError(f"{variable} is '{text}', expected 1 or 0")
