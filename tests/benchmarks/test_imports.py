# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Imports go one way, and what measures no compiled code imports no compiler."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# As the table of benchmarks/README.md says.
MAY_USE = {
    "measuring": "",
    "models": "",
    "engines": "measuring",
    "comparison": "measuring engines",
    "speed": "measuring models engines comparison",
    "arm": "measuring models",
    "spirv": "measuring models",
    "vulkan": "measuring models engines comparison",
    "pruning": "measuring",
    "cocotune": "measuring",
    "zoo": "measuring models engines",
    "demo": "measuring models engines comparison",
}
# Of these no module may import any of what compiles a model or runs compiled code.
WITHOUT_COMPILER = ("measuring", "models", "pruning", "cocotune")
COMPILERS = (
    *("patternc.compiler", "patternc.frontends", "patternc.runtime", "patternc._mlir"),
    *("torch_mlir", "iree", "onnx", "onnxruntime", "openvino", "MNN", "ncnn"),
)


def _modules(*rooms: str) -> list[str]:
    files = [file for room in rooms for file in sorted((ROOT / "benchmarks" / room).glob("*.py"))]
    return [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]


def _imported(file: Path) -> set[str]:
    """Modules of the benchmarks that a file imports, and names that it imports of them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports name the whole path"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "benchmarks"}


def test_every_room_is_in_the_table():
    folder = ROOT / "benchmarks"
    rooms = {file.parent.name for file in folder.glob("*/__init__.py")}
    programs = {file.stem for file in folder.glob("*.py")} - {"__init__"}
    assert rooms | programs == {*MAY_USE}


@pytest.mark.parametrize("room", MAY_USE)
def test_imports_go_one_way(room):
    folder = ROOT / "benchmarks"
    for file in (*folder.glob(f"{room}.py"), *folder.glob(f"{room}/*.py")):
        rooms = {name.split(".")[1] for name in _imported(file)}
        assert rooms <= {room, *MAY_USE[room].split()}, file


@pytest.mark.torch
@pytest.mark.parametrize("module", _modules(*WITHOUT_COMPILER))
def test_no_compiler_is_imported(module):
    program = (
        f"import sys, {module}\n"
        f"found = [name for name in sys.modules for compiler in {COMPILERS}\n"
        "         if name == compiler or name.startswith(f'{compiler}.')]\n"
        "sys.exit(f'imports {found}' if found else 0)"
    )
    process = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
