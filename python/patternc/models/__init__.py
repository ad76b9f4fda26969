# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Convolutional networks as plain torch modules."""

# ruff: noqa: E402 - the check comes first, so that its message is what the user reads
from patternc.dependencies import require

require("torch", needed_for="the models of patternc")

from patternc.models.digits import DigitsNet
from patternc.models.mobilenet_v2 import MobileNetV2
from patternc.models.resnet50 import ResNet50
from patternc.models.small import (
    SmallInception,
    SmallMobileNet,
    SmallResNet,
    SmallVGG,
    randomise_batch_norm_,
)
from patternc.models.vgg16 import VGG16
from patternc.models.weights import load_weights_

__all__ = [
    "VGG16",
    "DigitsNet",
    "MobileNetV2",
    "ResNet50",
    "SmallInception",
    "SmallMobileNet",
    "SmallResNet",
    "SmallVGG",
    "load_weights_",
    "randomise_batch_norm_",
]
