# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A network that is trained with fake quantisation computes what its program will."""

import pytest
import torch
from torch import nn

pytest.importorskip("torchao.quantization.pt2e")
pytest.importorskip("torch_mlir")

from networks import random_network
from patternc import QuantizationConfig
from patternc.errors import QuantizationError
from patternc.frontends import import_torch
from patternc.models import SmallMobileNet, SmallResNet
from patternc.quantization.fake_quantized import FakeQuantized


def images(count=3, size=32):
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1))


def small_network():
    torch.manual_seed(0)
    model = nn.Sequential(
        *(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8, eps=0.1), nn.ReLU(), nn.Dropout(0.9)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)),
    )
    with torch.no_grad():
        model[0].weight[:, 1] = 0
    return model


@pytest.mark.parametrize("network", [SmallResNet, SmallMobileNet])
def test_computes_what_its_program_does(network):
    model = random_network(network, pruning={"connectivity": 2.0}, width=8)
    fake = FakeQuantized(model, images()[0])
    fake(images())
    fake.eval()
    module = fake.program().module()
    for image in images().split(1):
        torch.testing.assert_close(module(image), fake(image), rtol=0, atol=0)
    # It is the network, still.
    error = (fake(images()) - model(images())).square().mean() / model(images()).var()
    assert error < 0.1


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "RMSprop"])
def test_trains_what_is_not_zero(optimizer):
    model = small_network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fake = FakeQuantized(model, images()[0])
    steps = getattr(torch.optim, optimizer)(fake.parameters(), 0.03, weight_decay=0.01)
    losses = []
    for _ in range(8):
        steps.zero_grad()
        loss = (fake(images()) - 1).square().mean()
        loss.backward()
        steps.step()
        losses.append(loss.item())
    assert losses[-1] < 0.95 * losses[0]
    blobs = import_torch(fake.program()).blobs
    assert not blobs["0.weight"][:, 1].any()
    assert blobs["0.weight"][:, [0, 2]].any((1, 2, 3)).all()
    # The bias of the batch norm was trained, and the model was left as it is.
    trained = dict(fake.named_parameters())
    assert any(name.endswith("0.weight_bias") and value.any() for name, value in trained.items())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_ranges_follow_in_training_only():
    fake = FakeQuantized(small_network(), images()[0])
    first = fake(images()).detach()
    fake.eval()
    large = fake(100 * images())
    torch.testing.assert_close(fake(images()), first, rtol=0, atol=0)
    fake.train()
    for _ in range(300):
        fake(100 * images())
    assert fake(100 * images()).abs().max() > 10 * large.abs().max()


def test_weights_are_quantised_as_they_are_at_the_end():
    fake = FakeQuantized(small_network(), images()[0])
    fake(images())
    with torch.no_grad():
        for parameter in fake.parameters():
            parameter.mul_(0.25)
    integers = [w for w in fake.program().state_dict.values() if w.dtype is torch.int8]
    assert all((weight.abs().flatten(1).amax(1) == 127).all() for weight in integers)


class OfThatBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return self.conv(x).reshape(2, -1)


def test_refusals():
    image = images()[0]
    with pytest.raises(QuantizationError, match="cannot be run on batches of another size"):
        FakeQuantized(OfThatBatch(), image)
    with pytest.raises(QuantizationError, match="no layer that can be quantised"):
        FakeQuantized(nn.ReLU(), image)
    with pytest.raises(QuantizationError, match="ignore: 'b' matches no layer"):
        FakeQuantized(small_network(), image, QuantizationConfig(ignore=("b",)))
    fake = FakeQuantized(small_network(), image)
    with pytest.raises(QuantizationError, match=r"has the shape \[3, 16, 16\].* one size"):
        fake(images(size=16))
