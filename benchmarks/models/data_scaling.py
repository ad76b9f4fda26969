# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random weights through which an input shows at the output, for any network."""

from typing import Any

import torch
from torch import Tensor, nn

_CONVOLUTIONS = (
    *(nn.Conv1d, nn.Conv2d, nn.Conv3d),
    *(nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
)
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)

# Of a channel, so that its mean says something of other inputs as well.
_FEWEST_SAMPLES = 64


@torch.no_grad()
def scale_to_data_(model: nn.Module, inputs: Tensor) -> None:
    """Scales the weights so that every layer's output varies by about 1 from input to input.

    With the weights that a network is born with, or those that pruning left, its input fades from
    layer to layer, the output is made of biases, and no check of it would find a layer that is
    wrong. Here the layers are scaled by what they compute of some inputs (after Mishkin and Matas,
    All you need is a good init, ICLR 2016): convolutions and linear layers to a variance of 1 and
    a mean near 0 in each channel, where they have a bias; batch norms take near these inputs'
    statistics. Parameters that are born constant (scales of layers, biases, position embeddings)
    become random, so that a mistake in them shows. Zeros of weights stay.

    Args:
      model: left in evaluation mode, its parameters without gradients.
      inputs: a batch of several inputs.
    """
    model.eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    layers = {m for m in model.modules() if _is_layer(m)}
    norms = {m for m in model.modules() if isinstance(m, _BATCH_NORMS)}
    weights = {id(layer.weight) for layer in layers}
    for name, parameter in model.named_parameters():
        if id(parameter) not in weights and parameter.is_floating_point():
            # Some norms are born 0, or nearly, which would hide what is before them.
            if parameter.dim() == 1 and name.endswith("weight") and parameter.abs().mean() < 0.3:
                parameter.fill_(1)
            _vary_(parameter, generator)

    # Each layer the first time that it is called, which is before what it computes is used.
    def scale(layer: nn.Module, arguments: tuple[Any, ...], keywords: Any, output: Any) -> Any:
        if layer not in layers or not isinstance(output, Tensor):
            return None
        layers.remove(layer)
        channel = 1 if isinstance(layer, _CONVOLUTIONS) else -1
        others = [d for d in range(output.dim()) if d != channel % output.dim()]
        mean = output.mean(others)
        if output.numel() < _FEWEST_SAMPLES * mean.numel():  # of no significance: behind a pool
            mean = torch.zeros_like(mean)
        shape = [-1 if d not in others else 1 for d in range(output.dim())]
        deviation = (output - mean.reshape(shape)).square().mean().sqrt()
        if not (torch.isfinite(deviation) and deviation > 0):
            return None
        layer.weight.div_(deviation)
        if layer.bias is not None:
            layer.bias.sub_(mean).div_(deviation)
            layer.bias.add_(torch.randn(layer.bias.shape, generator=generator), alpha=0.1)
        return layer.forward(*arguments, **keywords)

    def estimate(norm: nn.Module, arguments: tuple[Any, ...]) -> None:
        if norm not in norms or norm.running_mean is None:
            return
        norms.remove(norm)
        others = [d for d in range(arguments[0].dim()) if d != 1]
        variance, mean = torch.var_mean(arguments[0], others, correction=0)
        # Of few samples, channels get a variance that is more and more the same.
        own = arguments[0].numel() / (arguments[0].numel() + _FEWEST_SAMPLES * mean.numel())
        variance = own * variance + (1 - own) * (variance + mean.square()).mean() + 1e-6
        noise = torch.randn(mean.shape, generator=generator)
        norm.running_mean.copy_(own * mean + 0.1 * noise * variance.sqrt())
        norm.running_var.copy_(variance * (1 + 0.1 * noise.tanh()))

    hooks = [layer.register_forward_hook(scale, with_kwargs=True) for layer in layers]
    hooks += [norm.register_forward_pre_hook(estimate) for norm in norms]
    try:
        model(inputs)
    finally:
        for hook in hooks:
            hook.remove()


def _is_layer(module: nn.Module) -> bool:
    """Whether it is linear: a convolution, or a matrix of whatever class."""
    weight = getattr(module, "weight", None)
    return (
        isinstance(weight, Tensor)
        and weight.dim() >= 2
        and hasattr(module, "bias")
        and not isinstance(module, nn.Embedding)
    )


def _vary_(parameter: Tensor, generator: torch.Generator) -> None:
    """Makes a parameter that is constant random about where it was; very small ones larger."""
    first = float(parameter.flatten()[0]) if parameter.numel() else 0.0
    if parameter.numel() < 2 or (parameter != first).any():
        return
    noise = torch.randn(parameter.shape, generator=generator)
    if first == 0:
        parameter.copy_(0.1 * noise)
    elif abs(first) < 0.1:  # the scale of a residual branch
        parameter.copy_(0.5 + 0.1 * noise)
    else:
        parameter.mul_(1 + 0.1 * noise)
