# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What a saved module weighs: little more than the weights that are kept and the dense parts."""

import pytest
import torch
from torch import nn

from patternc import compile, prune_
from patternc.models import VGG16, MobileNetV2, ResNet50

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.slow]


@pytest.mark.parametrize(
    ("make", "stem"),
    [(ResNet50, "conv1"), (MobileNetV2, "features.0.0"), (lambda: VGG16().features, "0")],
    ids=["resnet50", "mobilenet_v2", "vgg16 convolutions"],
)
def test_artefact_is_within_5_percent_of_its_weights(make, stem, tmp_path):
    model = make().eval()
    prune_(model, form="group", group_size=4, connectivity=3.6, ignore=stem)
    module = compile(model, (torch.randn(1, 3, 224, 224),))
    module.save(tmp_path / "net.patternc")
    stored = sum(part.stat().st_size for part in (tmp_path / "net.patternc").iterdir())

    layers = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    kept = sum(int(layer.weight.count_nonzero()) for layer in layers)
    biases = sum(layer.weight.shape[0] for layer in layers)  # of batch norms, too
    assert module.report().total("kept_weights") == kept
    assert 4 * (kept + biases) < stored <= 1.05 * 4 * (kept + biases)
