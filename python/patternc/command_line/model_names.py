# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Models by what the command line calls them."""

import importlib
import sys
import traceback

import torch
from torch import Tensor, nn

from patternc.errors import ModelError
from patternc.models import VGG16, DigitsNet, MobileNetV2, ResNet50
from patternc.models.variant import Variant

_WITH_VARIANTS = {"vgg16": VGG16, "resnet50": ResNet50, "mobilenet-v2": MobileNetV2}


def make_model(
    name: str, *, variant: Variant | None, channels: int, classes: int, seed: int
) -> nn.Module:
    """A model with random weights.

    Args:
      name: 'digits', 'vgg16', 'resnet50', 'mobilenet-v2', or `package.module:factory`, where the
        factory is called without arguments. Modules of the working directory are found, too.
      variant: of the models that have variants; None for 'imagenet'.
      channels: of an image.
      classes: outputs.
      seed: of the weights.

    Raises:
      ModelError: for an unknown name, a factory that cannot be found or makes no module, and a
        variant where there is none.
    """
    if name in _WITH_VARIANTS:
        kind = _WITH_VARIANTS[name]
        return kind(variant=variant or "imagenet", channels=channels, classes=classes, seed=seed)
    if variant is not None:
        raise ModelError(
            f"model '{name}' has no variants, expected one of {', '.join(_WITH_VARIANTS)}"
        )
    torch.manual_seed(seed)
    if name == "digits":
        return DigitsNet(classes)
    module, colon, factory = name.partition(":")
    if not colon:
        raise ModelError(
            f"unknown model '{name}', expected digits, {', '.join(_WITH_VARIANTS)}, or "
            "package.module:factory"
        )
    return _call(module, factory)


def check_fit(model: nn.Module, image: Tensor, classes: int, name: str) -> None:
    """Raises ModelError unless the model makes a value for each class of an image."""
    model.eval()
    try:
        with torch.inference_mode():
            outputs = model(image[None])
    except Exception as error:  # whatever its own code raises
        raise ModelError(
            f"model '{name}' does not take images of shape {list(image.shape)}, which the data "
            f"has: {_reason(error)}"
        ) from error
    found = list(outputs.shape) if isinstance(outputs, torch.Tensor) else type(outputs).__name__
    if found != [1, classes]:
        raise ModelError(
            f"model '{name}' makes {found} of an image, expected {[1, classes]}, a value for each "
            "class of the data"
        )


def _call(module: str, factory: str) -> nn.Module:
    if "" not in sys.path:
        sys.path.insert(0, "")  # the working directory, which a console script does not look in
    try:
        make = getattr(importlib.import_module(module), factory, None)
    except Exception as error:  # whatever its own code raises
        raise ModelError(f"module '{module}' cannot be imported: {_reason(error)}") from error
    if not callable(make):
        raise ModelError(f"module '{module}' has no function or class '{factory}'")
    try:
        model = make()
    except Exception as error:
        raise ModelError(f"'{module}:{factory}' cannot be called: {_reason(error)}") from error
    if not isinstance(model, nn.Module):
        raise ModelError(
            f"'{module}:{factory}' makes a {type(model).__name__}, expected a torch.nn.Module"
        )
    return model


def _reason(error: Exception) -> str:
    """What an error of the user's code says, and where in that code it is."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({place.filename}, line {place.lineno})"
