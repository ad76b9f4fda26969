# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""MLIR as it is: from a string, from a file, and what is not MLIR text at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from patternc.errors import ModelError
from patternc.frontends import import_mlir, import_model

TEXT = """func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
"""


@pytest.mark.parametrize("text", [TEXT, "module {}", "builtin.module {}"])
def test_text(text):
    imported = import_model(text)
    assert (imported.text, imported.blobs, imported.name) == (text, {}, "main")
    assert imported.inputs == imported.outputs == ()


class Elsewhere(os.PathLike):
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return str(self.path)


@pytest.mark.parametrize("as_type", [str, Path, Elsewhere])
@pytest.mark.parametrize(
    "name", ["func_module.mlir", "module {1}.mlir", "module", "func.txt", "my\nmodule.mlir"]
)
def test_file(tmp_path, name, as_type):
    path = tmp_path / name  # A path, for all that it holds words of MLIR.
    path.write_text(TEXT)
    imported = import_model(as_type(path))
    assert (imported.text, imported.name) == (TEXT, path.stem)


def test_a_path_object_is_never_text(tmp_path):
    path = tmp_path / "module {}"
    path.write_text(TEXT)
    assert import_model(path).text == TEXT
    with pytest.raises(ModelError, match="does not exist"):
        import_model(Path("module {}"))


@pytest.mark.parametrize(
    "text",
    [
        "module {" * 20000 + "}" * 20000,
        "module attributes {a = " + "[" * 20000 + "]" * 20000 + "} {}",
        "func.func private @f() -> " + "tuple<" * 200000 + "f32" + ">" * 200000,
        "// ->" * 200000 + "\n" + "module {" * 20000 + "}" * 20000,
        "#m = affine_map<(d0) -> (" + "-" * 20000 + "d0)>\nmodule {}",
    ],
)
def test_text_that_would_fill_the_stack_of_the_parser(text):
    with pytest.raises(ModelError, match="the MLIR text nests more than 1000"):
        import_mlir(text)


def test_brackets_that_are_none_do_not_nest():
    signs = "#s = affine_set<(d0) : (d0 - 1 >= 0, d0 <= 5)>\n" * 2000
    assert import_mlir(signs + TEXT).text.endswith(TEXT)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"ML\xefR\x06MLIR22", "is MLIR bytecode, but text is expected"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
    ],
)
def test_file_that_is_not_text(tmp_path, data, message):
    path = tmp_path / "model.mlir"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=message) as caught:
        import_mlir(path)
    assert str(path) in str(caught.value)


def test_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ModelError, match=r"the MLIR file 'missing.mlir' does not exist"):
        import_mlir(Path("missing.mlir"))
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        import_mlir(tmp_path)
    with pytest.raises(ModelError, match="cannot be read: embedded null byte"):
        import_mlir(Path("model\0.mlir"))


@pytest.mark.parametrize("text", ["", "\n"])
def test_empty_text(text):
    with pytest.raises(ModelError, match="the MLIR text is empty"):
        import_mlir(text)


@pytest.mark.parametrize(("model", "found"), [(5, "int"), (None, "NoneType"), (dict, "the class")])
def test_not_a_model(model, found):
    with pytest.raises(ModelError, match=f"expected a torch.nn.Module.* but got {found}"):
        import_model(model)


def test_mlir_takes_no_example_args():
    with pytest.raises(ModelError, match="example_args are given"):
        import_model(TEXT, ())


def test_mlir_needs_neither_torch_nor_torch_mlir():
    script = (
        "import sys; sys.modules.update({'torch': None, 'torch_mlir': None})\n"
        "from patternc.frontends import import_model, import_torch\n"
        "from patternc.errors import MissingDependencyError, ModelError\n"
        "import_model('module {}')\n"
        "for call, error in ((import_model, ModelError), (import_torch, MissingDependencyError)):\n"
        "    try: call(5)\n"
        "    except error: continue\n"
        "    sys.exit('no ' + error.__name__)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
