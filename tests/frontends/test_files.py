# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Models by path: what is read by its suffix, and what is said of the others."""

import json
import zipfile

import pytest
import torch
from torch import nn

from patternc.errors import ModelError
from patternc.frontends import import_model

pytestmark = pytest.mark.torch
IMAGE = (torch.randn(1, 3, 8, 8),)


@pytest.fixture
def model() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 8, 3)).eval()


def test_an_exported_program(tmp_path, model):
    path = tmp_path / "module.PT2"
    with path.open("wb") as file:
        torch.export.save(torch.export.export(model, IMAGE), file)
    for source in (path, str(path)):
        imported = import_model(source)
        assert imported.name == "module" and imported.inputs[0].shape == (1, 3, 8, 8)
        (weight,) = (blob for blob in imported.blobs.values() if blob.ndim == 4)
        assert torch.equal(torch.from_numpy(weight), model[0].weight.detach())
    with pytest.raises(ModelError, match=r"example_args are float32\[1, 3, 9, 9\]"):
        import_model(path, (torch.randn(1, 3, 9, 9),))


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 and no more", b"\x80\x02.", "folder"])
def test_an_exported_program_that_cannot_be_read(tmp_path, content):
    path = tmp_path / "m.pt2"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"m\.pt2'") as caught:
        import_model(path)
    assert "\n" not in str(caught.value)


def test_an_exported_program_without_its_signature(tmp_path, model):
    path, damaged = tmp_path / "whole.pt2", tmp_path / "m.pt2"
    torch.export.save(torch.export.export(model, IMAGE), path)
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(damaged, "w") as copy:
        for name in whole.namelist():
            content = whole.read(name)
            if name.endswith("models/model.json"):
                program = json.loads(content)
                program["graph_module"]["module_call_graph"][0]["signature"] = None
                content = json.dumps(program).encode()
            copy.writestr(name, content)
    with pytest.raises(ModelError, match=r"m\.pt2' is no exported program that"):
        import_model(damaged)


def test_torchscript(tmp_path, model):
    path = tmp_path / "m.pt"
    torch.jit.trace(model, IMAGE).save(str(path))
    with pytest.raises(ModelError, match=r"m\.pt' is TorchScript, .* the torch\.nn\.Module that"):
        import_model(str(path), IMAGE)


def test_weights(tmp_path, model):
    torch.save(model.state_dict(), tmp_path / "m.pth")
    for name in ("m.pth", "none.safetensors", "none.pt", "none.bin"):
        with pytest.raises(ModelError, match=r"holds weights, .*load_weights_\(model, path\)"):
            import_model(tmp_path / name, IMAGE)


def test_onnx_says_how_to_convert(tmp_path):
    with pytest.raises(ModelError, match=r"torch-mlir-import-onnx resnet50\.onnx -o") as caught:
        import_model("resnet50.onnx")
    assert "torch-backend-to-linalg-on-tensors-backend-pipeline" in str(caught.value)


def test_other_frameworks():
    with pytest.raises(ModelError, match=r"'net\.tflite' is a model of another framework"):
        import_model("net.tflite")
