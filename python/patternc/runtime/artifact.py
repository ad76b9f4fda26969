# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A compiled module on disk.

An artefact is a folder of four files: ``manifest.json`` (what it is, for which machine and which
versions, size and SHA-256 of the other parts, and a digest of all of that), ``module.vmfb`` (IREE
bytecode), ``weights.irpa`` (IREE's parameter archive) and ``report.json``.

The digests find damage, not malice: ``module.vmfb`` is native code, and whoever can write an
artefact can also write digests that fit.
"""

import contextlib
import dataclasses
import hashlib
import importlib.metadata
import json
import os
import stat
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from patternc.dependencies import require
from patternc.errors import ArtifactError
from patternc.runtime.machine import host_machine
from patternc.runtime.manifest import Manifest
from patternc.runtime.parameters import WeightsArchive, write_archive
from patternc.runtime.report import Report
from patternc.whole_file import flush, whole_folder

FORMAT = "patternc"
FORMAT_VERSION = 4

_MANIFEST = "manifest.json"
_MODULE = "module.vmfb"
_WEIGHTS = "weights.irpa"
_REPORT = "report.json"
_PARTS = (_MODULE, _WEIGHTS, _REPORT)
_CHUNK = 1 << 20


@dataclasses.dataclass(frozen=True)
class Artifact:
    """The verified parts of a saved module, in memory."""

    vmfb: bytes
    weights: WeightsArchive
    manifest: Manifest
    report: Report


def save(
    path: str | PathLike[str],
    *,
    vmfb: bytes,
    parameters: Mapping[str, np.ndarray] | WeightsArchive,
    manifest: Manifest,
    report: Report,
) -> None:
    """Writes an artefact: all of it or nothing. An artefact at the same path is replaced.

    Raises:
      ArtifactError: something else is there, or it cannot be written.
    """
    path = Path(os.path.abspath(path))
    try:
        if os.path.lexists(path) and not _is_artifact(path):
            raise ArtifactError(
                f"{path} exists and is not a patternc artefact; nothing was written"
            )
        with whole_folder(path) as folder:
            (folder / _MODULE).write_bytes(vmfb)
            write_archive(parameters, folder / _WEIGHTS)
            (folder / _REPORT).write_text(json.dumps(report.to_json(), separators=(",", ":")))
            text = _manifest_text(
                {
                    "format": FORMAT,
                    "format_version": FORMAT_VERSION,
                    "manifest": dataclasses.asdict(manifest),
                    "parts": {name: _size_and_digest(folder / name) for name in _PARTS},
                }
            )
            (folder / _MANIFEST).write_text(text, encoding="utf-8")
            for name in (*_PARTS, _MANIFEST):
                flush(folder / name)
    except (OSError, ValueError) as error:  # IREE reports its own failures as ValueError
        if isinstance(error, ArtifactError):
            raise
        raise ArtifactError(f"{path} cannot be written: {error}") from error


def read(path: str | PathLike[str]) -> Artifact:
    """Reads and verifies an artefact; nothing of it is read again later.

    Raises:
      ArtifactError: it is not an artefact, is damaged, or is for another version or machine.
    """
    path = Path(os.path.abspath(path))
    while True:
        try:
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            raise ArtifactError(f"{path} does not exist") from None
        except NotADirectoryError:
            raise ArtifactError(f"{path} is not a patternc artefact: it is not a folder") from None
        except (OSError, ValueError) as error:
            raise ArtifactError(f"{path} cannot be read: {error}") from error
        try:
            return _read(path, folder)
        except ArtifactError:
            # Another process may have replaced the artefact, and removed the one that is open here.
            if not _is_replaced(path, folder):
                raise
        finally:
            os.close(folder)


def _read(path: Path, folder: int) -> Artifact:
    values = _read_manifest(path, folder)
    try:
        manifest = Manifest.from_json(values["manifest"])
        parts = {
            name: (int(values["parts"][name]["bytes"]), str(values["parts"][name]["sha256"]))
            for name in _PARTS
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        _damaged(path / _MANIFEST, f"it lacks a field or has one of another type ({error!r})")
    _check_iree(path, manifest)
    vmfb = b"".join(_verified(path, folder, _MODULE, *parts[_MODULE]))
    weights = WeightsArchive(_verified(path, folder, _WEIGHTS, *parts[_WEIGHTS]))
    text = b"".join(_verified(path, folder, _REPORT, *parts[_REPORT]))
    try:
        report = Report.from_json(json.loads(text))
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        _damaged(path / _REPORT, f"it is not a report ({error!r})")
    lack = host_machine().lacks(manifest.machine)
    if lack is not None:
        raise ArtifactError(
            f"{path} is compiled for '{manifest.target}' and needs {lack}; "
            "compile the model for this machine"
        )
    return Artifact(vmfb, weights, manifest, report)


def _manifest_text(values: dict[str, Any]) -> str:
    """The manifest as it is written: in one form only, so that no bit of it can be another."""
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return json.dumps({**values, "sha256": digest}, indent=2) + "\n"


def _size_and_digest(file: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with open(file, "rb") as contents:
        while chunk := contents.read(_CHUNK):
            digest.update(chunk)
        return {"bytes": contents.tell(), "sha256": digest.hexdigest()}


def _is_artifact(path: Path) -> bool:
    """Whether a folder holds nothing but an artefact, perhaps a damaged one, or one of old."""
    try:
        names = {entry.name for entry in os.scandir(path)}
    except NotADirectoryError:
        return False
    return _MANIFEST in names and names <= {_MANIFEST, *_PARTS}


def _is_replaced(path: Path, folder: int) -> bool:
    try:
        now = os.stat(path)
    except OSError:
        return False
    return not os.path.samestat(now, os.fstat(folder))


def _read_manifest(path: Path, folder: int) -> dict[str, Any]:
    file = path / _MANIFEST
    with _opened(path, folder, _MANIFEST) as contents:
        if contents is None:
            raise ArtifactError(f"{path} is not a patternc artefact: it has no {_MANIFEST}")
        try:
            text = contents.read().decode("utf-8")
            values = json.loads(text)
        except (RecursionError, ValueError) as error:
            _damaged(file, f"it is not JSON ({error})")
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ArtifactError(f"{path} is not a patternc artefact: {_MANIFEST} is of something else")
    if values.get("format_version") != FORMAT_VERSION:
        raise ArtifactError(
            f"{path} has artefact format {values.get('format_version')}, but this version of "
            f"patternc reads format {FORMAT_VERSION}; compile the model again"
        )
    values.pop("sha256", None)
    if text != _manifest_text(values):
        _damaged(file, "its contents differ from what was saved (SHA-256)")
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


def _verified(path: Path, folder: int, name: str, size: int, sha256: str) -> Iterator[bytes]:
    """The contents of a part, chunk by chunk; raises at the end if they are not what was saved."""
    with _opened(path, folder, name) as contents:
        if contents is None:
            _damaged(path / name, "it is missing")
        found = os.fstat(contents.fileno()).st_size
        if found != size:
            _damaged(path / name, f"it has {found} bytes, expected {size}")
        digest = hashlib.sha256()
        while chunk := contents.read(_CHUNK):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != sha256:
            _damaged(path / name, "its contents differ from what was saved (SHA-256)")


@contextlib.contextmanager
def _opened(path: Path, folder: int, name: str) -> Iterator[Any]:
    """A file of an open folder; None if there is none of that name."""
    try:
        # Without waiting for somebody to write into a pipe of that name.
        file = os.open(name, os.O_RDONLY | os.O_NONBLOCK, dir_fd=folder)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise ArtifactError(f"{path / name} cannot be read: {error}") from error
    with open(file, "rb") as contents:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            _damaged(path / name, "it is not a file")
        try:
            yield contents
        except OSError as error:
            raise ArtifactError(f"{path / name} cannot be read: {error}") from error


def _damaged(file: Path, how: str) -> NoReturn:
    raise ArtifactError(f"{file} is damaged: {how}; copy the artefact again or compile again")
