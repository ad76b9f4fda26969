# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`whole_file` and `whole_folder`: written whole, or as it was."""

import errno
import fcntl
import os
import signal
import subprocess
import sys

import pytest

from patternc import whole_file as module
from patternc.whole_file import whole_file, whole_folder


def test_a_file_is_replaced_at_the_end(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("old")
    with whole_file(file) as unfinished:
        unfinished.write_text("new")
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_stays_when_writing_fails(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("old")

    def write_half():
        with whole_file(file) as unfinished:
            unfinished.write_text("ne")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        write_half()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def _write(folder, text: str) -> None:
    with whole_folder(folder) as unfinished:
        (unfinished / "text").write_text(text)


@pytest.fixture(params=["exchange", "no exchange"])
def folder(tmp_path, request, monkeypatch):
    """A folder to write, also where the file system cannot exchange two names."""
    if request.param == "no exchange":

        def refuse(*_):
            raise OSError(errno.EINVAL, "invalid argument")

        monkeypatch.setattr(module, "_rename", refuse)
    return tmp_path / "folder [1]"


def test_a_folder_is_written_and_replaced(folder):
    for text in ("old", "new"):
        _write(folder, text)
        assert (folder / "text").read_text() == text
        assert list(folder.parent.iterdir()) == [folder]


def test_a_folder_stays_when_writing_fails(folder):
    _write(folder, "old")

    def write_half():
        with whole_folder(folder) as unfinished:
            (unfinished / "text").write_text("ne")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        write_half()
    assert (folder / "text").read_text() == "old"
    assert list(folder.parent.iterdir()) == [folder]


def test_a_folder_stays_when_renaming_fails(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "not permitted")

    _write(tmp_path / "folder", "old")
    monkeypatch.setattr(module, "_rename", refuse)
    with pytest.raises(PermissionError):
        _write(tmp_path / "folder", "new")
    assert (tmp_path / "folder" / "text").read_text() == "old"


KILLED = """
import os, pathlib, signal, sys
from patternc import whole_file
moment, folder = sys.argv[1], pathlib.Path(sys.argv[2])
rename = whole_file._rename
def die(*arguments):
    if moment == "after":
        rename(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
whole_file._rename = die
with whole_file.whole_folder(folder) as unfinished:
    (unfinished / "text").write_text("new")
"""


@pytest.mark.parametrize(("moment", "found"), [("before", "old"), ("after", "new")])
def test_killed_while_replacing(tmp_path, moment, found):
    folder = tmp_path / "folder"
    _write(folder, "old")
    run = subprocess.run([sys.executable, "-c", KILLED, moment, str(folder)], check=False)
    assert run.returncode == -signal.SIGKILL
    assert (folder / "text").read_text() == found
    assert len(list(tmp_path.iterdir())) == 2  # the scratch of the dead process
    _write(folder, "next")
    assert list(tmp_path.iterdir()) == [folder]


def test_scratch_of_a_living_writer_stays(tmp_path):
    folder = tmp_path / "folder"
    with whole_folder(folder) as unfinished:
        (unfinished / "text").write_text("first")
        _write(folder, "second")
        assert unfinished.is_dir()
    assert (folder / "text").read_text() == "first"
    assert list(tmp_path.iterdir()) == [folder]


def test_scratch_that_is_taken_for_dead_before_it_is_locked(tmp_path, monkeypatch):
    """Between making the scratch and locking it, another process removes it."""
    flock, removed = fcntl.flock, []

    def lock(file, operation):
        if not removed:
            removed.append(os.readlink(f"/proc/self/fd/{file}"))
            os.rmdir(removed[0])
        flock(file, operation)

    monkeypatch.setattr(module.fcntl, "flock", lock)
    _write(tmp_path / "folder", "new")
    assert removed and (tmp_path / "folder" / "text").read_text() == "new"


def test_another_writer_is_faster(tmp_path, monkeypatch):
    """Something appears at the path, or vanishes, between looking and renaming."""
    folder, rename = tmp_path / "folder", module._rename
    calls = []

    def late(source, target, flags):
        calls.append(flags)
        if len(calls) == 1:
            _write(folder, "other")
        return rename(source, target, flags)

    monkeypatch.setattr(module, "_rename", late)
    _write(folder, "new")
    assert (folder / "text").read_text() == "new"
    assert list(tmp_path.iterdir()) == [folder]
