# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The border to IREE, with the real iree-compile."""

import shlex
import stat
import subprocess
import tempfile

import iree.runtime
import pytest

from patternc.compiler.egress import check_allowed, iree_version, to_vmfb
from patternc.compiler.targets import get_target
from patternc.errors import CompilerError, PatterncError
from patternc.settings import Settings

pytestmark = pytest.mark.iree

IDENTITY = """
module {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}
"""

# Allowed by its operations, refused by IREE's verifier.
INVALID = IDENTITY.replace("return %x : tensor<4xf32>", "return")


def test_compiles_for_the_host(tmp_path):
    vmfb = to_vmfb(IDENTITY, get_target("llvm-cpu"), settings=Settings(reproducer_dir=tmp_path))
    module = iree.runtime.VmModule.copy_buffer(iree.runtime.VmInstance(), vmfb)
    assert "main" in module.function_names
    assert list(tmp_path.iterdir()) == []


def test_version_is_a_release():
    assert iree_version().startswith("3.")


def test_failure_leaves_a_reproducer_that_fails_again(tmp_path):
    with pytest.raises(CompilerError) as caught:
        to_vmfb(INVALID, get_target("vmvx"), settings=Settings(reproducer_dir=tmp_path / "r"))
    lines = str(caught.value).splitlines()
    assert lines[0] == "iree-compile failed for target 'vmvx':"
    assert "error: " in lines[1]
    (folder,) = (tmp_path / "r").iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (reproducer,) = folder.iterdir()
    assert reproducer.read_text() == INVALID
    assert lines[-1] == f"reproducer: {reproducer}"
    command = shlex.split(lines[-2].removeprefix("reproduce with: "))
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode != 0
    assert "error: " in again.stderr
    with pytest.raises(CompilerError):  # another failure does not take its place
        to_vmfb(INVALID, get_target("vmvx"), settings=Settings(reproducer_dir=tmp_path / "r"))
    assert len(list((tmp_path / "r").iterdir())) == 2 and reproducer.exists()


def test_by_default_a_reproducer_is_among_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(CompilerError, match=f"reproducer: {tmp_path}/patternc-reproducer-"):
        to_vmfb(INVALID, get_target("vmvx"), settings=Settings())


def test_no_folder_for_a_reproducer(tmp_path):
    (tmp_path / "file").touch()
    settings = Settings(reproducer_dir=tmp_path / "file")
    with pytest.raises(PatterncError, match=r"no folder for reproducers can be made in .*/file"):
        to_vmfb(INVALID, get_target("vmvx"), settings=settings)


def test_truncated_module(tmp_path):
    with pytest.raises(CompilerError, match="iree-compile failed for target 'vmvx'"):
        to_vmfb(IDENTITY[:-4], get_target("vmvx"), settings=Settings(reproducer_dir=tmp_path))


def test_dumps_the_kernels(tmp_path):
    text = IDENTITY.replace(
        "return %x :", "%y = arith.addf %x, %x : tensor<4xf32>\n    return %y :"
    )
    to_vmfb(text, get_target("llvm-cpu"), settings=Settings(dump_dir=tmp_path))
    assert list((tmp_path / "kernels").glob("*.s"))


@pytest.mark.parametrize(
    "line",
    [
        "%0 = linalg.fill ins(%c : f32) outs(%x : tensor<4xf32>) -> tensor<4xf32>",
        "%0:2 = scf.for %i = %a to %b step %c iter_args(%p = %q, %r = %s) -> (f32, f32) {",
        '"util.global"() <{sym_name = "w", type = tensor<8xf32>}> : () -> ()',
        '%1 = "flow.dispatch"(%x) <{entry_points = [@k::@k]}> : (f32) -> f32',
        "%v = vector.load %m[%c] : memref<8xf32>, vector<4xf32>",
        "%thread_id_x = gpu.thread_id  x",
        "%0 = arith.addf %x, %y {pattern.layer = \"conv1\"} : f32",
        '#map = affine_map<(d0) -> (d0)>\nmodule {\n}\n{-#\n  "conv1.weight": "0x00"\n#-}',
    ],
)  # fmt: skip
def test_allowed(line):
    check_allowed(line)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("%v = vector.load %m[%c] {alignment = 4 : i64} : memref<8xf32>", "'alignment' attribute"),
        ("%a = memref.alloca() {alignment = 64 : i64} : memref<8xf32>", "'alignment' attribute"),
        ("%0 = vector.extract_strided_slice %x {offsets = [0]} : f32", "form differs"),
        ("linalg.add ins(%x, %y : f32, f32) outs(%x : f32) -> f32", "linalg.add, whose form"),
        ("%r = tosa.pad %x, %p, %c : (f32) -> f32", "tosa.pad, whose form differs"),
        ('%r = "gpu.thread_id"() <{dimension = #gpu<dim x>}> : () -> index', "in generic form"),
        ("%0 = torch.aten.relu %x : f32", "torch.aten.relu, an operation of the dialect 'torch'"),
        ("%0 = pattern.conv2d %x, %w : f32", "pattern.conv2d, which the pattern lowering"),
        ("%0 = arith.addf %x, %y {a = #pattern.set<3>} : f32", "#pattern.set, which the pattern"),
    ],
)
def test_refused(line, reason):
    with pytest.raises(CompilerError, match=reason) as caught:
        check_allowed(f"module {{\n  {line}\n  {line}\n}}")
    assert len(str(caught.value).splitlines()) == 2
    assert "line 2: " in str(caught.value)


def test_refusal_comes_before_the_compiler(tmp_path):
    settings = Settings(reproducer_dir=tmp_path / "r")
    with pytest.raises(CompilerError, match="operations that IREE does not read"):
        to_vmfb("%0 = torch.aten.relu %x : f32", get_target("vmvx"), settings=settings)
    assert not settings.reproducer_dir.exists()
