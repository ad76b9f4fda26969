# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Saving and loading, and every way in which a saved module is refused."""

import dataclasses
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import handwritten
from patternc.errors import ArtifactError, CompilerError
from patternc.runtime import CompiledModule, Machine, artifact, load
from patternc.runtime.structure import Structure
from patternc.tensor_spec import TensorSpec

pytestmark = pytest.mark.iree

X = np.linspace(-2.0, 2.0, 8, dtype=np.float32)


@pytest.fixture
def saved(scale, tmp_path) -> Path:
    path = tmp_path / "scale.patternc"
    scale.save(path)
    return path


def _edit_manifest(saved: Path, edit) -> None:
    """Changes a manifest, and its digest with it."""
    file = saved / "manifest.json"
    values = json.loads(file.read_text())
    edit(values)
    values.pop("sha256")
    file.write_text(artifact._manifest_text(values))


def _with_manifest(module: CompiledModule, **changes) -> CompiledModule:
    return CompiledModule(
        vmfb=module.vmfb,
        parameters=module.parameters,
        manifest=dataclasses.replace(module.manifest, **changes),
        report=module.report(),
    )


def test_round_trip(saved, scale):
    module = load(saved)
    assert module.manifest == scale.manifest
    assert module.report() == scale.report() == handwritten.REPORT
    np.testing.assert_array_equal(module(X), scale(X))


def test_module_without_weights(sum_and_difference, tmp_path):
    sum_and_difference.save(tmp_path / "m.patternc")
    x = np.ones((4, 64), np.float32)
    assert (load(tmp_path / "m.patternc")(x, x)[0] == 2).all()


def test_folder_has_the_documented_parts_only(saved):
    assert sorted(file.name for file in saved.iterdir()) == [
        "manifest.json",
        "module.vmfb",
        "report.json",
        "weights.irpa",
    ]
    assert list(saved.parent.iterdir()) == [saved]


def test_loaded_module_saves_again_onto_itself(saved):
    module = load(saved)
    module(X)
    module.save(saved)
    np.testing.assert_array_equal(load(saved)(X), module(X))


def test_loaded_from_a_relative_path(saved, monkeypatch):
    monkeypatch.chdir(saved.parent)
    module = load(saved.name)
    monkeypatch.chdir("/")
    module(X)


def test_loads_in_a_fresh_process_without_torch_and_compiler(saved):
    script = """
import sys
import numpy as np
from patternc.runtime import load
module = load(sys.argv[1])
assert "iree.runtime" not in sys.modules
result = module(np.linspace(-2.0, 2.0, 8, dtype=np.float32))
assert "torch" not in sys.modules and "iree.compiler" not in sys.modules
np.save(sys.argv[2], result)
"""
    output = saved.parent / "result.npy"
    subprocess.run([sys.executable, "-c", script, str(saved), str(output)], check=True)
    np.testing.assert_allclose(np.load(output), handwritten.scale_reference(X), rtol=1e-6)


def test_missing_path(tmp_path):
    with pytest.raises(ArtifactError, match=r"nothing.patternc does not exist"):
        load(tmp_path / "nothing.patternc")


def test_folder_of_something_else(tmp_path):
    with pytest.raises(ArtifactError, match=r"is not a patternc artefact: it has no manifest.json"):
        load(tmp_path)


def test_file_instead_of_folder(tmp_path):
    (tmp_path / "m.vmfb").write_bytes(b"x")
    with pytest.raises(ArtifactError, match=r"m.vmfb is not a patternc artefact"):
        load(tmp_path / "m.vmfb")


def test_pipe_instead_of_a_part(saved):
    (saved / "module.vmfb").unlink()
    os.mkfifo(saved / "module.vmfb")
    with pytest.raises(ArtifactError, match=r"module.vmfb is damaged: it is not a file"):
        load(saved)


def test_manifest_of_something_else(saved):
    (saved / "manifest.json").write_text("[]")
    with pytest.raises(ArtifactError, match=r"manifest.json is of something else"):
        load(saved)


def test_manifest_that_is_not_json(saved):
    (saved / "manifest.json").write_text('{"format": ')
    with pytest.raises(ArtifactError, match=r"manifest.json is damaged: it is not JSON"):
        load(saved)


@pytest.mark.parametrize("field", ["manifest", "parts"])
def test_manifest_without_a_field(saved, field):
    _edit_manifest(saved, lambda values: values.pop(field))
    with pytest.raises(ArtifactError, match=r"manifest.json is damaged: it lacks a field"):
        load(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"machine": "x86_64"},
        {"iree_version": 3},
        {"driver": "cuda"},
        {"inputs": [1]},
        {"inputs": [{"name": "x", "shape": [-8], "dtype": "float32"}]},
        {"inputs": [{"name": "x", "shape": [8.0], "dtype": "float32"}]},
        {"inputs": [{"name": "x", "shape": [8], "dtype": "object"}]},
        {"result": {"kind": "tensor"}},
        {"result": {"kind": "list", "children": [], "keys": [], "value": None, "class_name": ""}},
        {"arguments": dataclasses.asdict(Structure("tensor"))},
        {"result": dataclasses.asdict(Structure("dict", (Structure("tensor"),), ()))},
        {"result": dataclasses.asdict(Structure("dataclass", (Structure("tensor"),), ("a b",)))},
    ],
)
def test_manifest_with_a_field_of_another_type(saved, change):
    _edit_manifest(saved, lambda values: values["manifest"].update(change))
    with pytest.raises(ArtifactError, match=r"manifest.json is damaged"):
        load(saved)


@pytest.mark.parametrize("part", ["module.vmfb", "weights.irpa", "report.json"])
class TestDamagedPart:
    def test_missing(self, saved, part):
        (saved / part).unlink()
        with pytest.raises(ArtifactError, match=f"{part} is damaged: it is missing"):
            load(saved)

    def test_truncated(self, saved, part):
        contents = (saved / part).read_bytes()
        (saved / part).write_bytes(contents[:-1])
        with pytest.raises(ArtifactError, match=rf"{part} is damaged: it has \d+ bytes, expected"):
            load(saved)

    def test_altered(self, saved, part):
        contents = bytearray((saved / part).read_bytes())
        contents[-2] ^= 1
        (saved / part).write_bytes(contents)
        with pytest.raises(ArtifactError, match=f"{part} is damaged: its contents differ"):
            load(saved)


def test_every_flipped_bit_of_the_manifest_is_refused(saved):
    file = saved / "manifest.json"
    contents = file.read_bytes()
    for bit in range(8 * len(contents)):
        flipped = bytearray(contents)
        flipped[bit // 8] ^= 1 << bit % 8
        file.write_bytes(flipped)
        with pytest.raises(ArtifactError):
            load(saved)
    file.write_bytes(contents)
    load(saved)


def test_other_format_version(saved):
    _edit_manifest(saved, lambda values: values.update(format_version=99))
    with pytest.raises(ArtifactError, match=r"has artefact format 99, but .* reads format 4"):
        load(saved)


def test_artefact_of_the_first_format(scale, tmp_path):
    """Its manifest had no digest, so nothing of it is believed; it can be replaced."""
    old = shutil.copytree(Path(__file__).parent / "format1.patternc", tmp_path / "old.patternc")
    with pytest.raises(ArtifactError, match=r"format 1, but .* reads format 4; compile the model"):
        load(old)
    scale.save(old)
    load(old)


@pytest.mark.parametrize(
    ("field", "spec"),
    [
        ("outputs", TensorSpec("y", (8 << 20,))),
        ("outputs", TensorSpec("y", (4,))),
        ("outputs", TensorSpec("y", (2, 4))),
        ("outputs", TensorSpec("y", (8,), "int32")),
        ("inputs", TensorSpec("x", (16,))),
        ("inputs", TensorSpec("x", (8,), "int32")),
    ],
)
@pytest.mark.parametrize("threads", [1, None])
def test_manifest_of_another_module(scale, field, spec, threads):
    """With right digests: memory is read as the runtime says that it is, or not at all."""
    module = _with_manifest(scale, **{field: (spec,)}).with_threads(threads)
    x = np.zeros(module.manifest.inputs[0].shape, module.manifest.inputs[0].dtype)
    with pytest.raises(CompilerError, match=r"do not belong together|INVALID_ARGUMENT"):
        module(x)
    with pytest.raises(CompilerError, match=r"do not belong together|INVALID_ARGUMENT"):
        module.prepare(x)().numpy()


def test_manifest_with_other_numbers_of_inputs_and_outputs(scale):
    spec = scale.manifest.inputs[0]
    for changes in ({"outputs": ()}, {"outputs": (spec, spec)}, {"inputs": (spec, spec)}):
        module = _with_manifest(scale, **changes)
        with pytest.raises(CompilerError, match=r"do not belong together|INVALID_ARGUMENT"):
            module(*[X] * len(module.manifest.inputs))


class TestWhatWasLoadedIsWhatRuns:
    @pytest.fixture(params=["replaced", "deleted", "truncated", "overwritten"])
    def gone(self, saved, sum_and_difference, request):
        """A module whose artefact is another one, or none, by the time of the first call."""
        module = load(saved)
        if request.param == "replaced":
            sum_and_difference.save(saved)
        elif request.param == "deleted":
            shutil.rmtree(saved)
        else:
            for file in saved.iterdir():
                size = file.stat().st_size
                with open(file, "r+b") as contents:
                    contents.truncate(0)
                    contents.write(b"?" * size if request.param == "overwritten" else b"")
        return module

    def test_call(self, gone, scale):
        np.testing.assert_array_equal(gone(X), scale(X))

    def test_save(self, gone, scale, tmp_path):
        gone.save(tmp_path / "again.patternc")
        np.testing.assert_array_equal(load(tmp_path / "again.patternc")(X), scale(X))


def test_load_while_the_artefact_is_replaced(saved, scale, monkeypatch):
    """The folder that was opened is gone by the time its parts are read."""
    read_manifest = artifact._read_manifest
    replaced = []

    def replace_first(path, folder):
        values = read_manifest(path, folder)
        if not replaced:
            replaced.append(path)
            scale.save(path)
        return values

    monkeypatch.setattr(artifact, "_read_manifest", replace_first)
    np.testing.assert_array_equal(load(saved)(X), scale(X))
    assert replaced


def test_permissions_are_those_of_other_files(scale, tmp_path):
    before = os.umask(0o027)
    try:
        scale.save(tmp_path / "m.patternc")
        load(tmp_path / "m.patternc").save(tmp_path / "again.patternc")
    finally:
        os.umask(before)
    for folder in tmp_path.iterdir():
        assert stat.S_IMODE(folder.stat().st_mode) == 0o750
        assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o640}


def test_other_iree_version(saved):
    _edit_manifest(saved, lambda values: values["manifest"].update(iree_version="3.10.0"))
    with pytest.raises(ArtifactError, match=r"is compiled with IREE 3.10.0, but IREE 3.* is inst"):
        load(saved)


def test_other_architecture(scale, tmp_path):
    _with_manifest(scale, machine=Machine("riscv64")).save(tmp_path / "m.patternc")
    with pytest.raises(ArtifactError, match=r"m.patternc .* needs an riscv64 processor"):
        load(tmp_path / "m.patternc")


def test_missing_cpu_feature(scale, tmp_path):
    host = scale.manifest.machine
    other = dataclasses.replace(host, features=(*host.features, "avx1024"))
    _with_manifest(scale, machine=other).save(tmp_path / "m.patternc")
    with pytest.raises(ArtifactError, match="needs the CPU features avx1024"):
        load(tmp_path / "m.patternc")


def test_does_not_overwrite_what_is_not_an_artefact(scale, tmp_path):
    (tmp_path / "precious.txt").write_text("data")
    for path in (tmp_path, tmp_path / "precious.txt"):
        with pytest.raises(ArtifactError, match="is not a patternc artefact; nothing was written"):
            scale.save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["precious.txt"]


def test_parent_folder_is_missing(scale, tmp_path):
    with pytest.raises(ArtifactError, match=r"m.patternc cannot be written"):
        scale.save(tmp_path / "missing" / "m.patternc")
    assert list(tmp_path.iterdir()) == []


def test_does_not_overwrite_what_has_more_than_an_artefact(saved, scale):
    """Other folders have a `manifest.json`, too."""
    (saved / "background.js").write_text("")
    with pytest.raises(ArtifactError, match="is not a patternc artefact; nothing was written"):
        scale.save(saved)


def test_replaces_a_damaged_artefact(saved, scale):
    (saved / "manifest.json").write_text("")
    scale.save(saved)
    load(saved)


def test_failure_while_writing_leaves_the_old_artefact(saved, scale, monkeypatch):
    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(artifact, "_size_and_digest", full)
    with pytest.raises(ArtifactError, match="cannot be written: no space left on device"):
        scale.save(saved)
    monkeypatch.undo()
    assert list(saved.parent.iterdir()) == [saved]
    np.testing.assert_array_equal(load(saved)(X), scale(X))
