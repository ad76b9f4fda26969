# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pruning without data: reconstruction is optimal, images match batch norms, statistics are new."""

import copy

import pytest
import torch
from torch import nn

from patternc.errors import PruningError
from patternc.prune import analyze, prune_, prune_data_free_, synthetic_images
from patternc.train import reestimate_batch_norm_


def make_model() -> nn.Module:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding="same", bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    )
    reestimate_batch_norm_(model, make_inputs())
    return model.eval()


def make_inputs(shape=(16, 3, 6, 6), seed=0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(*shape, generator=generator) for _ in range(2)]


LAYERS = {
    "bias": (nn.Conv2d(8, 8, 3), (4, 8, 6, 6)),
    "stride, padding, dilation": (
        nn.Conv2d(8, 8, 3, stride=2, padding=2, dilation=2, bias=False), (4, 8, 9, 9),
    ),
    "groups": (nn.Conv2d(8, 8, 3, groups=2, padding="same", padding_mode="reflect"), (4, 8, 6, 6)),
    "depthwise": (nn.Conv2d(8, 8, 3, groups=8), (4, 8, 6, 6)),
    "1d": (nn.Conv1d(8, 8, 5, stride=2, padding=1, dilation=2), (8, 8, 30)),
    "linear": (nn.Linear(8, 8), (4, 9, 8)),
}  # fmt: skip


@pytest.mark.parametrize(("layer", "shape"), LAYERS.values(), ids=LAYERS)
def test_weights_under_the_mask_are_optimal(layer, shape):
    """No step along the gradient of the reconstruction error, under the mask, makes it smaller."""
    torch.manual_seed(0)
    nn.init.normal_(layer.weight)
    inputs = make_inputs(shape)
    model = copy.deepcopy(layer)
    report = prune_data_free_(model, inputs, connectivity=2, linear=True, progress=False)
    (mask,) = report.masks.values()
    assert torch.equal(model.weight != 0, mask)
    error = sum((model(x) - layer(x).detach()).square().sum() for x in inputs)
    error.backward()
    scale = sum(layer(x).square().sum() for x in inputs).item()
    assert model.weight.grad[mask].abs().max() < 1e-3 * scale
    if model.bias is not None:
        assert model.bias.grad.abs().max() < 1e-3 * scale

    magnitude = copy.deepcopy(layer)
    prune_(magnitude, connectivity=2, linear=True)
    by_magnitude = sum((magnitude(x) - layer(x)).square().sum() for x in inputs)
    assert error < by_magnitude


def test_whole_model_keeps_its_outputs_better_than_by_magnitude():
    model, inputs = make_model(), make_inputs()
    expected = model(inputs[0])
    pruned, magnitude = copy.deepcopy(model), copy.deepcopy(model)
    report = prune_data_free_(pruned, inputs, connectivity=2, progress=False)
    prune_(magnitude, connectivity=2)
    reestimate_batch_norm_(magnitude, inputs)
    error = (pruned(inputs[0]) - expected).square().mean()
    assert error < 0.8 * (magnitude(inputs[0]) - expected).square().mean()
    planned = analyze(model, connectivity=2)
    assert [layer.kept_weights for layer in report.layers] == [
        layer.kept_weights for layer in planned.layers
    ]


def test_what_is_not_reconstructed_is_said():
    class Sequence(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(8, 8)

        def forward(self, x):
            return self.lstm(x)[0]

    model = Sequence()
    report = prune_data_free_(model, make_inputs((3, 2, 8)), linear=True, progress=False)
    assert {layer.note for layer in report.layers} == {"by magnitude, not reconstructed"}
    assert model.lstm.weight_hh_l0.count_nonzero() < 64 * 4


def test_images_match_the_statistics_of_batch_norms():
    model = make_model()
    before = copy.deepcopy(model.state_dict())
    images = synthetic_images(model, (32, 3, 6, 6), batches=1, steps=60, progress=False)
    noise = torch.randn(32, 3, 6, 6) * 3 + 1

    def distance(images):
        twin = copy.deepcopy(model)
        reestimate_batch_norm_(twin, [images])
        return sum(
            (twin[n].running_mean - model[n].running_mean).square().sum()
            + (twin[n].running_var - model[n].running_var).square().sum()
            for n in (1, 4)
        )

    assert [tuple(batch.shape) for batch in images] == [(32, 3, 6, 6)]
    assert distance(images[0]) < 0.05 * distance(noise)
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
    assert not any(p.grad is not None for p in model.parameters())
    again = synthetic_images(model, (32, 3, 6, 6), batches=1, steps=60, progress=False)
    assert torch.equal(images[0], again[0])


def test_errors():
    model = make_model()
    with pytest.raises(PruningError, match="no batch of inputs to reconstruct layers with"):
        prune_data_free_(model, [])
    with pytest.raises(PruningError, match=r"shape is \[3, 6, 6\], expected \[n, channels"):
        synthetic_images(model, (3, 6, 6))
    with pytest.raises(PruningError, match="batches is 1 and steps is 0, expected at least 1"):
        synthetic_images(model, (1, 3, 6, 6), batches=1, steps=0)
    model.add_module("unused", nn.Conv2d(8, 8, 3))
    model.forward = lambda x: model[0](x)
    with pytest.raises(PruningError, match="is to be pruned, but the model does not use it"):
        prune_data_free_(model, make_inputs(), progress=False)
