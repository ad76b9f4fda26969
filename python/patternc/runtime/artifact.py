"""A compiled module on disk.

An artefact is a folder of four files: ``manifest.json`` (what it is, for which machine and which
versions, size and SHA-256 of the other parts), ``module.vmfb`` (IREE bytecode), ``weights.irpa``
(IREE's parameter archive, mapped into memory when it is used) and ``report.json``.
"""

import dataclasses
import hashlib
import importlib.metadata
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from patternc.dependencies import require
from patternc.errors import ArtifactError
from patternc.runtime.machine import host_machine
from patternc.runtime.manifest import Manifest
from patternc.runtime.parameters import parameter_index
from patternc.runtime.report import Report

FORMAT = "patternc"
FORMAT_VERSION = 1

_MANIFEST = "manifest.json"
_MODULE = "module.vmfb"
_WEIGHTS = "weights.irpa"
_REPORT = "report.json"


@dataclasses.dataclass(frozen=True)
class Artifact:
    """The verified parts of a saved module; the weights stay on disk."""

    vmfb: bytes
    weights: Path
    manifest: Manifest
    report: Report


def save(
    path: str | PathLike[str],
    *,
    vmfb: bytes,
    parameters: Mapping[str, np.ndarray] | Path,
    manifest: Manifest,
    report: Report,
) -> None:
    """Writes an artefact: all of it or nothing. An artefact at the same path is replaced.

    Raises:
      ArtifactError: something else is there, or it cannot be written.
    """
    path = Path(os.path.abspath(path))
    if path.exists() and not (path / _MANIFEST).is_file():
        raise ArtifactError(f"{path} exists and is not a patternc artefact; nothing was written")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
            folder = Path(scratch) / "new"
            folder.mkdir()
            (folder / _MODULE).write_bytes(vmfb)
            if isinstance(parameters, Path):
                shutil.copyfile(parameters, folder / _WEIGHTS)
            else:
                parameter_index(parameters).create_archive_file(str(folder / _WEIGHTS))
            compact = json.dumps(report.to_json(), separators=(",", ":"))
            (folder / _REPORT).write_text(compact)
            (folder / _MANIFEST).write_text(json.dumps(_manifest_json(folder, manifest), indent=2))
            _replace(path, folder, Path(scratch) / "old")
    except (OSError, ValueError) as error:  # IREE reports its own failures as ValueError
        raise ArtifactError(f"{path} cannot be written: {error}") from error


def read(path: str | PathLike[str]) -> Artifact:
    """Reads and verifies an artefact.

    Raises:
      ArtifactError: it is not an artefact, is damaged, or is for another version or machine.
    """
    path = Path(os.path.abspath(path))  # the weights are opened later
    values = _read_manifest(path)
    if values.get("format_version") != FORMAT_VERSION:
        raise ArtifactError(
            f"{path} has artefact format {values.get('format_version')}, but this version of "
            f"patternc reads format {FORMAT_VERSION}; compile the model again"
        )
    try:
        manifest = Manifest.from_json(values["manifest"])
        parts = {name: values["parts"][name] for name in (_MODULE, _WEIGHTS, _REPORT)}
        _check_iree(path, manifest)
        for name, expected in parts.items():
            _check_part(path / name, expected["bytes"], expected["sha256"])
        report = Report.from_json(json.loads((path / _REPORT).read_text()))
    except ArtifactError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        _damaged(path / _MANIFEST, f"it lacks a field or has one of another type ({error!r})")
    lack = host_machine().lacks(manifest.machine)
    if lack is not None:
        raise ArtifactError(
            f"{path} is compiled for '{manifest.target}' and needs {lack}; "
            "compile the model for this machine"
        )
    return Artifact((path / _MODULE).read_bytes(), path / _WEIGHTS, manifest, report)


def _manifest_json(folder: Path, manifest: Manifest) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "manifest": dataclasses.asdict(manifest),
        "parts": {
            name: {"bytes": (folder / name).stat().st_size, "sha256": _sha256(folder / name)}
            for name in (_MODULE, _WEIGHTS, _REPORT)
        },
    }


def _replace(path: Path, new: Path, old: Path) -> None:
    """Puts a finished folder in its place; the artefact that was there comes back on failure."""
    if not path.exists():
        new.rename(path)
        return
    path.rename(old)
    try:
        new.rename(path)
    except OSError:
        old.rename(path)
        raise


def _read_manifest(path: Path) -> dict[str, Any]:
    file = path / _MANIFEST
    if not path.exists():
        raise ArtifactError(f"{path} does not exist")
    if not file.is_file():
        raise ArtifactError(f"{path} is not a patternc artefact: it has no {_MANIFEST}")
    try:
        values = json.loads(file.read_text())
    except ValueError as error:
        _damaged(file, f"it is not JSON ({error})")
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ArtifactError(f"{path} is not a patternc artefact: {_MANIFEST} is of something else")
    return values


def _check_iree(path: Path, manifest: Manifest) -> None:
    try:
        installed = importlib.metadata.version("iree-base-runtime")
    except importlib.metadata.PackageNotFoundError:
        installed = require("iree.runtime", needed_for=f"loading {path}").version.VERSION
    if manifest.iree_version.split(".")[:2] != installed.split(".")[:2]:
        raise ArtifactError(
            f"{path} is compiled with IREE {manifest.iree_version}, but IREE {installed} is "
            f"installed; compile the model again, or pip install "
            f"'iree-base-runtime=={manifest.iree_version}'"
        )


def _check_part(file: Path, size: int, sha256: str) -> None:
    if not file.is_file():
        _damaged(file, "it is missing")
    found = file.stat().st_size
    if found != size:
        _damaged(file, f"it has {found} bytes, expected {size}")
    if _sha256(file) != sha256:
        _damaged(file, "its contents differ from what was saved (SHA-256)")


def _damaged(file: Path, how: str) -> NoReturn:
    raise ArtifactError(f"{file} is damaged: {how}; copy the artefact again or compile again")


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with open(file, "rb") as contents:
        while chunk := contents.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
