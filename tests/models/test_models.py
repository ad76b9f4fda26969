# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The networks: shapes, where they halve the image, and batch norms that are not the identity."""

import pytest
import torch
from torch import nn

from patternc.errors import ModelError
from patternc.models import (
    VGG16,
    DigitsNet,
    MobileNetV2,
    ResNet50,
    SmallInception,
    SmallMobileNet,
    SmallResNet,
    SmallVGG,
    randomise_batch_norm_,
)

SMALL = [SmallVGG, SmallResNet, SmallInception, SmallMobileNet]


def test_digits_net():
    assert DigitsNet()(torch.rand(2, 1, 8, 8)).shape == (2, 10)


@pytest.mark.parametrize("network", SMALL)
def test_small_networks(network):
    assert network()(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    model = network(channels=1, width=8, classes=4)
    assert model(torch.rand(2, 1, 31, 33)).shape == (2, 4)


@pytest.mark.parametrize("network", [DigitsNet, SmallResNet, SmallInception, SmallMobileNet])
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


def test_vgg16_runs_and_is_reproducible():
    x = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        first, second = (VGG16(classes=10, seed=3).eval()(x) for _ in range(2))
    assert first.shape == (1, 10)
    assert first.std() > 0.1
    assert torch.equal(first, second)


def test_resnet50_halves_the_image_in_3x3_convolutions():
    halving = [n for n, m in ResNet50().named_modules() if getattr(m, "stride", 1) == (2, 2)]
    later = [f"layer{i}.0.{name}" for i in (2, 3, 4) for name in ("conv2", "downsample.0")]
    assert halving == ["conv1", *later]


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


@pytest.mark.parametrize(
    ("network", "parameters"),
    [(VGG16, 138_357_544), (ResNet50, 25_557_032), (MobileNetV2, 3_504_872)],
)
def test_large_networks_have_as_many_parameters_as_published(network, parameters):
    assert sum(parameter.numel() for parameter in network().parameters()) == parameters


def halvings(model: nn.Module) -> list[str]:
    """Names of the layers whose output is half as high as their input, for an image of 32x32."""
    found, hooks = [], []
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.MaxPool2d):

            def note(_, inputs, output, name=name):
                if output.shape[2] * 2 == inputs[0].shape[2]:
                    found.append(name)

            hooks.append(module.register_forward_hook(note))
    with torch.no_grad():
        assert model.eval()(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    return found


def test_resnet50_for_cifar_keeps_the_size_of_the_image_in_its_stem():
    later = [f"layer{i}.0.{name}" for i in (2, 3, 4) for name in ("conv2", "downsample.0")]
    assert halvings(ResNet50(variant="cifar", classes=10)) == later


def test_mobilenet_v2_for_cifar_halves_the_image_three_times():
    model = MobileNetV2(variant="cifar", classes=10)
    assert halvings(model) == [f"features.{i}.conv.1.0" for i in (4, 7, 14)]


def test_vgg16_for_cifar_has_the_keys_of_pytorch_cifar():
    model = VGG16(variant="cifar", classes=10)
    convolutions = [0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40]
    expected = []
    for number in convolutions:
        expected += [f"features.{number}.{name}" for name in ("weight", "bias")]
        statistics = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
        expected += [f"features.{number + 1}.{name}" for name in statistics]
    expected += ["classifier.weight", "classifier.bias"]
    assert list(model.state_dict()) == expected
    assert sum(parameter.numel() for parameter in model.parameters()) == 14_728_266
    assert halvings(model) == [f"features.{number}" for number in (6, 13, 23, 33, 43)]


def test_width_scales_vgg16():
    model = VGG16(variant="cifar", classes=10, width=16)
    filters = [module.out_channels for module in model.features if isinstance(module, nn.Conv2d)]
    assert filters == [16, 16, 32, 32, 64, 64, 64, 128, 128, 128, 128, 128, 128]
    assert model.classifier.in_features == 128
    assert VGG16(width=8).classifier[0].in_features == 64 * 7 * 7


def test_narrow_vgg16_for_cifar_starts_with_an_output_that_depends_on_the_image():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 32, 32, generator=generator)
    with torch.no_grad():
        first, second = (
            VGG16(variant="cifar", classes=10, width=16, seed=seed).eval()(x) for seed in (3, 3)
        )
    assert torch.equal(first, second)
    assert (first[0] - first[1]).abs().max() > 0.01 * first.abs().max()


@pytest.mark.parametrize("network", [VGG16, ResNet50, MobileNetV2])
def test_unknown_variant(network):
    with pytest.raises(ModelError, match="variant is 'cifar100', expected 'imagenet' or 'cifar'"):
        network(variant="cifar100")
