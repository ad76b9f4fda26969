# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Share of right predictions."""

import torch
from torch import nn

from patternc.errors import TrainingError
from patternc.train.epoch_batches import Batches, check_batch


@torch.inference_mode()
def accuracy(model: nn.Module, batches: Batches) -> float:
    """Share of the images, 0 to 1, for which the largest output is the one of the label.

    The model is evaluated in eval mode and left in the mode of each of its modules.

    Args:
      model: from images to logits [n, classes], on any device.
      batches: pairs of images and labels, int64 [n].

    Raises:
      TrainingError: when there is no image.
    """
    device = next(model.parameters()).device
    modes = {module: module.training for module in model.modules()}
    model.eval()
    right = count = 0
    try:
        for images, labels in map(check_batch, batches):
            predicted = model(images.to(device)).argmax(dim=1)
            right += int((predicted == labels.to(device)).sum())
            count += len(labels)
    finally:
        for module, training in modes.items():
            module.training = training
    if not count:
        raise TrainingError("accuracy of no image; give batches that can be iterated again")
    return right / count
