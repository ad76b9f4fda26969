# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Subspaces in files: JSON, YAML, and the pickled list that the published tool reads."""

import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from patternc.cocotune.subspace import Subspace
from patternc.errors import CocoTuneError
from patternc.whole_file import whole_file

_JSON, _YAML, _PICKLE = (".json",), (".yaml", ".yml"), (".pkl", ".pickle", ".p")
_KEYS = ("modules", "configurations")


def read_subspace(file: str | Path, *, modules: Sequence[str] | None = None) -> Subspace:
    """Reads a subspace.

    The file has a list of lists of pruning ratios, or a mapping with `modules`, a list of names,
    and `configurations`. Nothing that a pickle calls is executed.

    Args:
      file: .json, .yaml, .yml, .pkl, .pickle or .p.
      modules: names for the ratios of a file that has no names, in order of execution.

    Raises:
      CocoTuneError: when the file cannot be read, or holds no subspace.
    """
    file = Path(file)
    content = _read(file)
    try:
        if isinstance(content, dict):
            if sorted(map(str, content)) != sorted(_KEYS):
                found = ", ".join(map(str, content)) or "none"
                raise CocoTuneError(f"the keys are {found}, expected {' and '.join(_KEYS)}")
            names = _sequence(content["modules"], "modules")
            ratios = content["configurations"]
        elif modules is None:
            raise CocoTuneError("the file names no modules; give their names")
        else:
            names, ratios = modules, content
        rows = _sequence(ratios, "the subspace")
        return Subspace(
            tuple(str(name) for name in names),
            tuple(tuple(_sequence(row, f"configuration {i}")) for i, row in enumerate(rows)),
        )
    except CocoTuneError as error:
        raise CocoTuneError(f"{file}: {error}") from None


def write_subspace(file: str | Path, subspace: Subspace) -> None:
    """Writes a subspace as JSON or YAML, by the file's name, for `read_subspace`.

    Raises:
      CocoTuneError: for another name, or when the file cannot be written; what was in it stays.
    """
    file = Path(file)
    plain = {
        "modules": list(subspace.modules),
        "configurations": [list(ratios) for ratios in subspace.configurations],
    }
    if file.suffix in _JSON:
        rows = ",\n".join(f"  {json.dumps(row)}" for row in plain["configurations"])
        text = f'{{"modules": {json.dumps(plain["modules"])},\n "configurations": [\n{rows}]}}\n'
    elif file.suffix in _YAML:
        text = yaml.safe_dump(plain, sort_keys=False, default_flow_style=None)
    else:
        raise CocoTuneError(f"{file}: subspaces are written as {' or '.join(_JSON + _YAML)}")
    try:
        with whole_file(file) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CocoTuneError(f"{file} cannot be written: {error}") from error


def _read(file: Path) -> Any:
    known = _JSON + _YAML + _PICKLE
    if file.suffix not in known:
        raise CocoTuneError(f"{file}: a subspace is in a file of {', '.join(known)}")
    try:
        if file.suffix in _PICKLE:
            with file.open("rb") as stream:
                return _PlainUnpickler(stream, encoding="latin1").load()
        text = file.read_text(encoding="utf-8")
        return json.loads(text) if file.suffix in _JSON else yaml.safe_load(text)
    except OSError as error:
        raise CocoTuneError(f"{file} cannot be read: {error}") from error
    except Exception as error:  # whatever a damaged pickle makes of itself
        raise CocoTuneError(f"{file} is damaged or no {file.suffix[1:]} file: {error}") from error


def _sequence(value: Any, what: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise CocoTuneError(f"{what} is a {type(value).__name__}, expected a list")
    return value


class _PlainUnpickler(pickle.Unpickler):
    """Lists, tuples, dictionaries, numbers and strings; whatever has a name is refused."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        raise pickle.UnpicklingError(
            f"it asks for '{module_name}.{global_name}', and a list of ratios asks for nothing; do "
            "not trust it"
        )
