# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Images made from nothing but a trained network."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from tqdm import tqdm

from patternc.errors import PruningError
from patternc.train.batch_norm import batch_norms


def synthetic_images(
    model: nn.Module,
    shape: Sequence[int],
    *,
    batches: int = 2,
    steps: int = 200,
    learning_rate: float = 0.1,
    smoothness: float = 1e-2,
    decay: float = 1e-4,
    seed: int = 0,
    progress: bool = True,
) -> list[Tensor]:
    """Images whose statistics at every batch norm are those that the network was trained with.

    Noise is optimised so that mean and variance of each channel come close to the running ones, as
    in DeepInversion (Yin et al., CVPR 2020), with total variation and L2 against noise that the
    statistics do not see. Without batch norm the images stay noise.

    Args:
      model: a trained network; not changed.
      shape: of a batch of images, [n, channels, height, width]. Statistics are of a batch, so a
        few large ones (n = 256) are better than many small ones.
      batches: how many to make.
      steps: of Adam for each batch.
      learning_rate: of Adam.
      smoothness: weight of the total variation.
      decay: weight of the mean square.
      seed: of the noise.
      progress: show a progress bar, on a terminal only.

    Returns:
      The batches, float32 on the device of the model.

    Raises:
      PruningError: for a shape that is not one of images, or a number that is not positive.
    """
    if len(shape) != 4 or min(shape) < 1:
        raise PruningError(f"shape is {list(shape)}, expected [n, channels, height, width]")
    if batches < 1 or steps < 1:
        raise PruningError(f"batches is {batches} and steps is {steps}, expected at least 1")
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    norms = batch_norms(model)
    losses: list[Tensor] = []

    def compare(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        assert isinstance(norm.running_mean, Tensor) and isinstance(norm.running_var, Tensor)
        axes = [axis for axis in range(inputs[0].dim()) if axis != 1]
        variance, mean = torch.var_mean(inputs[0], axes, correction=0)
        # In units of the deviation, so that no layer outweighs the others.
        scale = norm.running_var + 1e-5
        losses.append(((mean - norm.running_mean).square() / scale).mean())
        losses.append((variance / scale - norm.running_var / scale).square().mean())

    modes = {module: module.training for module in model.modules()}
    hooks = [norm.register_forward_pre_hook(compare) for norm in norms]
    model.eval()
    made = []
    try:
        for _ in tqdm(range(batches), "images", disable=None if progress else True):
            images = torch.randn(*shape, generator=generator).to(device).requires_grad_()
            optimizer = torch.optim.Adam([images], learning_rate)
            for _ in range(steps if norms else 0):
                losses.clear()
                model(images)
                loss = torch.stack(losses).mean()
                loss = loss + smoothness * _total_variation(images)
                loss = loss + decay * images.square().mean()
                (images.grad,) = torch.autograd.grad(loss, [images])
                optimizer.step()
            made.append(images.detach())
    finally:
        for hook in hooks:
            hook.remove()
        for module, training in modes.items():
            module.training = training
    return made


def _total_variation(images: Tensor) -> Tensor:
    down = images.diff(dim=2).abs().sum() + images.diff(dim=3).abs().sum()
    return down / images.numel()
