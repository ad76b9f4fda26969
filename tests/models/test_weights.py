# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""State dicts with torchvision's keys and shapes are read from files."""

import sys
from collections import OrderedDict

import pytest
import torch
from torch import nn

import torchvision_weights
from patternc.errors import MissingDependencyError, WeightsError
from patternc.models import VGG16, MobileNetV2, ResNet50, load_weights_

pytestmark = pytest.mark.torch

SHAPES = {
    VGG16: torchvision_weights.vgg16(),
    ResNet50: torchvision_weights.resnet50(),
    MobileNetV2: torchvision_weights.mobilenet_v2(),
}


def numbered(shapes) -> OrderedDict:
    """A state dict whose tensors are 1, 2, 3, ... throughout; in a file each takes one element."""
    return OrderedDict(
        (
            key,
            torch.tensor(
                number, dtype=torch.int64 if key.endswith("tracked") else torch.float32
            ).expand(shape),
        )
        for number, (key, shape) in enumerate(shapes.items(), start=1)
    )


def assert_loaded(model: nn.Module, expected) -> None:
    state = model.state_dict()
    assert state.keys() == expected.keys()
    for key, tensor in expected.items():
        assert state[key].dtype == tensor.dtype
        assert bool((state[key] == tensor).all())


@pytest.mark.parametrize("network", [VGG16, ResNet50, MobileNetV2])
def test_public_keys_and_shapes(network):
    state = network().state_dict()
    assert [(k, tuple(v.shape)) for k, v in state.items()] == [*SHAPES[network].items()]


@pytest.mark.parametrize("network", [VGG16, ResNet50, MobileNetV2])
def test_pth(network, tmp_path):
    model, weights = network(), numbered(SHAPES[network])
    torch.save(weights, tmp_path / "weights.pth")
    load_weights_(model, tmp_path / "weights.pth")
    assert_loaded(model, weights)


def test_pth_of_the_years_before_zip_files(tmp_path):
    model, weights = MobileNetV2(), numbered(SHAPES[MobileNetV2])
    torch.save(weights, tmp_path / "weights.pth", _use_new_zipfile_serialization=False)
    load_weights_(model, str(tmp_path / "weights.pth"))
    assert_loaded(model, weights)


def test_safetensors(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    model, weights = MobileNetV2(), numbered(SHAPES[MobileNetV2])
    contiguous = {key: tensor.contiguous() for key, tensor in weights.items()}
    safetensors.save_file(contiguous, tmp_path / "weights.safetensors")
    load_weights_(model, tmp_path / "weights.safetensors")
    assert_loaded(model, weights)


def test_variants_for_cifar_have_the_same_keys():
    """Those of MobileNet-V2 are also of the same shapes."""
    for network, other in ((ResNet50, {"conv1.weight": (64, 3, 3, 3)}), (MobileNetV2, {})):
        state = network(variant="cifar").state_dict()
        assert {k: tuple(v.shape) for k, v in state.items()} == SHAPES[network] | other


class Small(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Linear(8, 2))


def save(tmp_path, content, name="weights.pth"):
    torch.save(content, tmp_path / name)
    return tmp_path / name


def test_counters_of_batch_norms_may_be_absent(tmp_path):
    """As in what was saved before PyTorch 0.4.1, such as the first public ResNet-50."""
    weights = {k: v + 1 for k, v in Small().state_dict().items() if "tracked" not in k}
    model = Small()
    load_weights_(model, save(tmp_path, weights))
    counter = {"1.num_batches_tracked": torch.tensor(0)}
    assert_loaded(model, weights | counter)


def test_weights_take_the_type_of_the_model(tmp_path):
    weights = {k: v.half() if v.is_floating_point() else v for k, v in Small().state_dict().items()}
    model = Small()
    load_weights_(model, save(tmp_path, weights))
    assert model[0].weight.dtype == torch.float32
    assert torch.equal(model[0].weight, weights["0.weight"].float())


def test_other_keys_and_shapes_are_named_and_nothing_is_loaded(tmp_path):
    model = Small()
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    weights = {key: tensor + 1 for key, tensor in before.items()}
    del weights["0.bias"]
    weights["2.weight"] = torch.zeros(1000, 8)
    weights |= {f"fc{number}.bias": torch.zeros(1) for number in range(7)}
    file = save(tmp_path, weights)
    message = (
        rf"'{file}' does not fit Small: missing: 0\.bias; unexpected: fc0\.bias, fc1\.bias, "
        r"fc2\.bias, fc3\.bias, fc4\.bias and 2 more; of another shape: 2\.weight "
        r"\(found \[1000, 8\], expected \[2, 8\]\); make the model with the classes"
    )
    with pytest.raises(WeightsError, match=message):
        load_weights_(model, file)
    assert_loaded(model, before)


def test_nothing_in_the_file_is_executed(tmp_path):
    class Call:
        def __reduce__(self):
            return (tmp_path / "executed").mkdir, ()

    file = save(tmp_path, {"0.weight": Call()})
    with pytest.raises(WeightsError, match=f"cannot read weights from '{file}'"):
        load_weights_(Small(), file)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_damaged_and_missing_files(tmp_path, name):
    file = tmp_path / name
    with pytest.raises(WeightsError, match=f"there is no file '{file}' to read weights from"):
        load_weights_(Small(), file)
    torch.save(Small().state_dict(), file)
    for content in (b"", b"text", file.read_bytes()[:-200]):
        file.write_bytes(content)
        with pytest.raises(WeightsError, match=f"cannot read weights from '{file}': "):
            load_weights_(Small(), file)


def test_files_of_something_else(tmp_path):
    with pytest.raises(WeightsError, match="holds a list, expected a dict of tensors by name"):
        load_weights_(Small(), save(tmp_path, [1]))
    checkpoint = {"state_dict": Small().state_dict(), "epoch": 3}
    message = "holds a OrderedDict under 'state_dict', expected tensors by name; if it is a check"
    with pytest.raises(WeightsError, match=message):
        load_weights_(Small(), save(tmp_path, checkpoint))


def test_without_safetensors_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    (tmp_path / "weights.safetensors").write_bytes(b"")
    with pytest.raises(MissingDependencyError, match=r"pip install 'patternc\[torch\]'"):
        load_weights_(Small(), tmp_path / "weights.safetensors")


@pytest.mark.parametrize(
    "damage",
    [torch.Tensor.to_sparse, lambda t: t + 1j, lambda t: t.to("meta")],
    ids=["sparse", "complex", "meta"],
)
def test_tensors_that_cannot_be_converted(tmp_path, damage):
    model = Small()
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    weights = {key: tensor + 1 for key, tensor in before.items()}
    weights["1.weight"] = damage(weights["1.weight"])
    with pytest.raises(WeightsError, match=r"that cannot be converted: 1\.weight \(torch\."):
        load_weights_(model, save(tmp_path, weights))
    assert_loaded(model, before)


@pytest.mark.parametrize("error", [RuntimeError("no\nroom"), KeyError("x"), KeyboardInterrupt()])
def test_after_any_error_the_weights_are_as_before(tmp_path, error):
    class Failing(nn.Linear):
        def _load_from_state_dict(self, *arguments):
            super()._load_from_state_dict(*arguments)
            raise error

    model = nn.Sequential(nn.BatchNorm1d(4), Failing(4, 4))
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    file = save(tmp_path, {key: tensor + 1 for key, tensor in before.items()})
    raised = WeightsError if isinstance(error, Exception) else KeyboardInterrupt
    with pytest.raises(raised):
        load_weights_(model, file)
    assert_loaded(model, before)


def test_models_that_hold_no_values(tmp_path):
    file = save(tmp_path, nn.Linear(4, 4).state_dict())
    with pytest.raises(WeightsError, match="'weight' of the model is on the meta device"):
        load_weights_(nn.Linear(4, 4, device="meta"), file)
    with pytest.raises(WeightsError, match="'weight' of the model has no shape yet"):
        load_weights_(nn.LazyLinear(4), file)


def test_the_reason_is_given_in_one_line(tmp_path):
    (tmp_path / "empty.caffemodel").touch()
    with pytest.raises(WeightsError, match=r"empty\.caffemodel': it is empty"):
        load_weights_(Small(), tmp_path / "empty.caffemodel")
    for content in (b"\x80\x02.", b"PK\x03\x04", b"\x80\x04" + b"(" * 100000):
        (tmp_path / "w.pth").write_bytes(content)
        with pytest.raises(WeightsError, match=r"w\.pth': .+; expected a state dict") as caught:
            load_weights_(Small(), tmp_path / "w.pth")
        assert "\n" not in str(caught.value)
    with pytest.raises(WeightsError, match="something under 5, expected names of tensors"):
        load_weights_(Small(), save(tmp_path, {5: torch.zeros(1)}))
