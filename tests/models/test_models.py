"""The networks: shapes, public parameter names, and batch norms that are not the identity."""

import pytest
import torch
from torch import nn

from patternc.models import (
    VGG16,
    DigitsNet,
    MobileNetV2,
    ResNet50,
    SmallMobileNet,
    SmallResNet,
    SmallVGG,
    randomise_batch_norm_,
)

SMALL = [SmallVGG, SmallResNet, SmallMobileNet]


def test_digits_net():
    assert DigitsNet()(torch.rand(2, 1, 8, 8)).shape == (2, 10)


@pytest.mark.parametrize("network", SMALL)
def test_small_networks(network):
    assert network()(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    model = network(channels=1, width=8, classes=4)
    assert model(torch.rand(2, 1, 31, 33)).shape == (2, 4)


@pytest.mark.parametrize("network", [DigitsNet, SmallResNet, SmallMobileNet])
def test_randomised_batch_norm_changes_the_output(network):
    torch.manual_seed(0)
    model = network().eval()
    x = torch.rand(1, 1, 8, 8) if network is DigitsNet else torch.rand(1, 3, 32, 32)
    before = model(x)
    randomise_batch_norm_(model, seed=1)
    first = model(x)
    randomise_batch_norm_(model, seed=1)
    assert torch.equal(model(x), first)
    assert not torch.allclose(first, before, rtol=0.05)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_var.min() >= 0.5
            assert module.running_mean.abs().max() > 0


def test_vgg16_has_the_public_parameter_names():
    model = VGG16()
    convolutions = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    names = [f"features.{i}" for i in convolutions] + [f"classifier.{i}" for i in (0, 3, 6)]
    state = model.state_dict()
    assert list(state) == [f"{n}.{p}" for n in names for p in ("weight", "bias")]
    assert sum(tensor.numel() for tensor in state.values()) == 138_357_544
    assert state["features.28.weight"].shape == (512, 512, 3, 3)
    assert state["classifier.0.weight"].shape == (4096, 25088)


def test_vgg16_runs_and_is_reproducible():
    x = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        first, second = (VGG16(classes=10, seed=3).eval()(x) for _ in range(2))
    assert first.shape == (1, 10)
    assert first.std() > 0.1
    assert torch.equal(first, second)


def keys(convolution: str, batch_norm: str) -> list[str]:
    """The keys of a convolution without bias and of its batch norm."""
    statistics = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    return [f"{convolution}.weight", *(f"{batch_norm}.{name}" for name in statistics)]


def test_resnet50_has_the_public_parameter_names():
    expected = keys("conv1", "bn1")
    for stage, blocks in enumerate((3, 4, 6, 3), start=1):
        for block in range(blocks):
            name = f"layer{stage}.{block}"
            for number in (1, 2, 3):
                expected += keys(f"{name}.conv{number}", f"{name}.bn{number}")
            if block == 0:
                expected += keys(f"{name}.downsample.0", f"{name}.downsample.1")
    expected += ["fc.weight", "fc.bias"]

    model = ResNet50()
    state = model.state_dict()
    assert list(state) == expected
    assert sum(parameter.numel() for parameter in model.parameters()) == 25_557_032
    shapes = {
        "conv1.weight": (64, 3, 7, 7),
        "bn1.running_mean": (64,),
        "layer1.0.conv1.weight": (64, 64, 1, 1),
        "layer1.0.downsample.0.weight": (256, 64, 1, 1),
        "layer2.0.conv1.weight": (128, 256, 1, 1),
        "layer2.0.conv2.weight": (128, 128, 3, 3),
        "layer3.5.conv3.weight": (1024, 256, 1, 1),
        "layer4.0.downsample.1.running_var": (2048,),
        "layer4.2.conv2.weight": (512, 512, 3, 3),
        "fc.weight": (1000, 2048),
    }
    assert {name: tuple(state[name].shape) for name in shapes} == shapes


def test_resnet50_halves_the_image_in_3x3_convolutions():
    halving = [n for n, m in ResNet50().named_modules() if getattr(m, "stride", 1) == (2, 2)]
    later = [f"layer{i}.0.{name}" for i in (2, 3, 4) for name in ("conv2", "downsample.0")]
    assert halving == ["conv1", *later]


def test_mobilenet_v2_has_the_public_parameter_names():
    expected = keys("features.0.0", "features.0.1")
    for number in range(1, 18):
        name = f"features.{number}.conv"
        activated = 1 if number == 1 else 2  # the first block has no expansion
        for position in range(activated):
            expected += keys(f"{name}.{position}.0", f"{name}.{position}.1")
        expected += keys(f"{name}.{activated}", f"{name}.{activated + 1}")
    expected += keys("features.18.0", "features.18.1")
    expected += ["classifier.1.weight", "classifier.1.bias"]

    model = MobileNetV2()
    state = model.state_dict()
    assert list(state) == expected
    assert sum(parameter.numel() for parameter in model.parameters()) == 3_504_872
    shapes = {
        "features.0.0.weight": (32, 3, 3, 3),
        "features.1.conv.0.0.weight": (32, 1, 3, 3),
        "features.1.conv.1.weight": (16, 32, 1, 1),
        "features.2.conv.0.0.weight": (96, 16, 1, 1),
        "features.2.conv.1.0.weight": (96, 1, 3, 3),
        "features.2.conv.2.weight": (24, 96, 1, 1),
        "features.2.conv.3.running_mean": (24,),
        "features.14.conv.1.0.weight": (576, 1, 3, 3),
        "features.17.conv.2.weight": (320, 960, 1, 1),
        "features.18.0.weight": (1280, 320, 1, 1),
        "classifier.1.weight": (1000, 1280),
    }
    assert {name: tuple(state[name].shape) for name in shapes} == shapes


def test_mobilenet_v2_halves_the_image_and_skips_as_in_the_paper():
    model = MobileNetV2()
    halving = [n for n, m in model.named_modules() if getattr(m, "stride", 1) == (2, 2)]
    blocks = [f"features.{i}.conv.1.0" for i in (2, 4, 7, 14)]
    assert halving == ["features.0.0", *blocks]
    skips = [i for i, part in enumerate(model.features) if getattr(part, "has_skip", False)]
    assert skips == [3, 5, 6, 8, 9, 10, 12, 13, 15, 16]


@pytest.mark.parametrize("network", [ResNet50, MobileNetV2])
def test_large_networks_run_on_any_image_and_are_reproducible(network):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(2, 1, 64, 97, generator=generator)
    with torch.no_grad():
        first, second = (network(channels=1, classes=10, seed=3).eval()(x) for _ in range(2))
        other = network(channels=1, classes=10, seed=4).eval()(x)
        photo = network().eval()(torch.rand(1, 3, 224, 224, generator=generator))
    assert first.shape == (2, 10) and photo.shape == (1, 1000)
    assert torch.equal(first, second) and not torch.equal(first, other)
    assert (first[0] - first[1]).abs().max() > 0.01 * first.abs().max()  # the image counts
