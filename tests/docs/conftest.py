# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Documents as tests: their code runs in order, and prints what they say."""

import contextlib
import doctest
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import patternc

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^```(\w*) *(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_RULES = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block: ``python`` and ``sh`` run, ``text`` is what the block before it printed.

    Attributes:
      language: of the code, the first word behind the fence.
      note: the second; ``example`` marks output that differs from run to run.
      line: number of the line in the document that the code starts on.
    """

    language: str
    note: str
    code: str
    line: int


def read_blocks(document: Path) -> list[Block]:
    text = document.read_text(encoding="utf-8")
    return [
        Block(match[1], match[2], match[3], text.count("\n", 0, match.start(3)) + 1)
        for match in _FENCE.finditer(text)
    ]


@pytest.fixture
def run_document(tmp_path, monkeypatch) -> Callable[[Path], dict[str, Any]]:
    """A function that runs the code of a document in an empty folder.

    It returns the names that the ``python`` blocks, which share one namespace, have left.
    """
    torch = pytest.importorskip("torch")
    folders = [os.path.dirname(sys.executable), str(ROOT / "build" / "dev" / "bin")]
    monkeypatch.setenv("PATH", os.pathsep.join([*folders, os.environ["PATH"]]))
    # Processes that a document starts run elsewhere, where a relative path does not lead here.
    monkeypatch.setenv("PYTHONPATH", str(Path(patternc.__file__).parents[1]))
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    yield _run
    torch.set_num_threads(threads)


def _run(document: Path) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "__main__"}
    printed, where = "", ""
    for block in read_blocks(document):
        if block.language == "text":
            if block.note != "example":
                _compare(block.code, printed, where)
            printed = ""
            continue
        assert not printed, f"{where} prints what no text block shows:\n{printed}"
        where = f"{document.name}, line {block.line},"
        if block.language == "python":
            printed = _run_python(block, document, names)
        elif block.language == "sh":
            printed = _run_shell(block, where)
    assert not printed, f"{where} prints what no text block shows:\n{printed}"
    return names


def _run_python(block: Block, document: Path, names: dict[str, Any]) -> str:
    # Empty lines in front make the lines of a traceback those of the document.
    code = compile("\n" * (block.line - 1) + block.code, str(document), "exec")
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(code, names)
    return output.getvalue()


def _run_shell(block: Block, where: str) -> str:
    if "pattern-opt" in block.code and shutil.which("pattern-opt") is None:
        pytest.skip("pattern-opt is not installed and not in build/dev/bin")
    process = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.code], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, f"{where} fails:\n{process.stdout}{process.stderr}"
    return process.stdout


def _compare(expected: str, printed: str, where: str) -> None:
    checker = doctest.OutputChecker()
    if not checker.check_output(expected, printed, _RULES):
        example = doctest.Example("", expected)
        pytest.fail(f"{where} {checker.output_difference(example, printed, _RULES)}")
