# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The extension in one process with others that bring an LLVM of their own."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import patternc._mlir

WORK = {
    "patternc": """
from patternc import ir, passmanager
context = ir.Context()
module = ir.Module.parse("func.func @main() { return }", context)
passmanager.PassManager.parse("builtin.module(canonicalize)", context).run(module)
try:
    ir.Module.parse("nonsense")
    raise SystemExit("nonsense parses")
except ir.MLIRError:
    pass
""",
    "torch": """
import torch
assert torch.ones(2, 2).matmul(torch.ones(2, 2)).sum() == 8
""",
    "torch_mlir": """
from torch_mlir import ir as torch_ir, passmanager as torch_pm
with torch_ir.Context() as torch_context:
    torch_module = torch_ir.Module.parse("func.func @main() { return }")
    torch_pm.PassManager.parse("builtin.module(canonicalize)").run(torch_module.operation)
""",
    "iree.compiler": """
import iree.compiler
iree.compiler.compile_str("func.func @main() { return }", target_backends=["vmvx"])
from iree.compiler import ir as iree_ir
with iree_ir.Context():
    iree_ir.Module.parse("func.func @main() { return }")
""",
}


@pytest.mark.parametrize(
    "order",
    [
        ["patternc", "torch", "torch_mlir", "iree.compiler"],
        ["iree.compiler", "torch_mlir", "torch", "patternc"],
        ["torch_mlir", "patternc", "iree.compiler", "torch"],
        ["torch", "iree.compiler", "patternc", "torch_mlir"],
    ],
    ids="-".join,
)
def test_import_order(order: list[str]):
    for name in order:
        if importlib.util.find_spec(name.partition(".")[0]) is None:
            pytest.skip(f"{name} is not installed")
    # All imports first, then the work, in both orders: what clashes does so at either.
    imports = "\n".join(f"import {name}" for name in order).replace(
        "import patternc", "import patternc._mlir"
    )
    script = imports + "".join(WORK[name] for name in order + order[::-1])
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr


def test_import_needs_neither_torch_nor_iree():
    script = "import sys; sys.modules.update(torch=None, torch_mlir=None, iree=None)"
    script += WORK["patternc"]
    subprocess.run([sys.executable, "-c", script], check=True)


def test_stub_has_every_name():
    module = patternc._mlir
    stub = Path(patternc.__path__[0], "_mlir.pyi")
    stated: dict[str, set[str]] = {}
    for node in ast.parse(stub.read_text()).body:
        if isinstance(node, ast.ClassDef):
            stated[node.name] = {
                getattr(item, "name", None) or item.target.id
                for item in node.body
                if isinstance(item, ast.FunctionDef | ast.AnnAssign)
            } - {"__init__"}
        elif isinstance(node, ast.FunctionDef):
            stated[node.name] = set()
    actual = {
        name: {member for member in vars(value) if not member.startswith("__")}
        if isinstance(value, type)
        else set()
        for name, value in vars(module).items()
        if not name.startswith("_")
    }
    assert stated == actual
