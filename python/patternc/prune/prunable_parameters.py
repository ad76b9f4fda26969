# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The parameters of a module that pruning knows, and tensors that are computed in their place."""

from typing import Any

from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

Convolution = nn.Conv1d | nn.Conv2d


def prunable_parameters(module: nn.Module) -> tuple[str, ...]:
    """Names of the kernels of a convolution, or of the matrices of Linear, RNN and attention.

    Other parameters, such as a gain that a subclass of them has, are not among them.
    """
    if isinstance(module, Convolution | nn.Linear) or is_transposed_linear(module):
        names: tuple[str, ...] = ("weight",)
    elif isinstance(module, nn.RNNBase):
        flat = module._flat_weights_names
        names = tuple(name for name in flat if name.startswith("weight_"))
    elif isinstance(module, nn.RNNCellBase):
        names = ("weight_ih", "weight_hh")
    elif isinstance(module, nn.MultiheadAttention):
        names = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")
    else:
        return ()
    return tuple(
        name
        for name in names
        if isinstance(tensor := value_of(module, name), Tensor) and tensor.dim() >= 2
    )


def value_of(module: nn.Module, name: str) -> Any:
    """An attribute of a module, which looking at does not change; None if it has none."""
    if not parametrize.is_parametrized(module, name):
        return getattr(module, name, None)
    # In training some, such as spectral norm, take a step each time they are computed.
    parts = {part: part.training for part in module.parametrizations[name].modules()}  # pyright: ignore
    try:
        for part in parts:
            part.training = False
        return getattr(module, name)
    finally:
        for part, training in parts.items():
            part.training = training


def is_transposed_linear(module: nn.Module) -> bool:
    """Whether it is the `Conv1D` of transformers (of GPT-2): x W + b with W [inputs, outputs].

    It is known by its name and form, because transformers need not be installed.
    """
    weight = getattr(module, "weight", None)
    return (
        any(kind.__name__ == "Conv1D" for kind in type(module).__mro__)
        and isinstance(weight, Tensor)
        and weight.dim() == 2
        and weight.shape[1] == getattr(module, "nf", None)
    )


def is_computed(module: nn.Module, name: str) -> bool:
    """Whether a tensor is no parameter, but made of others before each call."""
    return name not in module._parameters


def how_to_store(module: nn.Module, name: str) -> str:
    """What computes a tensor, and what makes a parameter of its value."""
    if parametrize.is_parametrized(module, name):
        kinds = ", ".join(type(k).__name__.lstrip("_") for k in module.parametrizations[name])  # pyright: ignore[reportArgumentType,reportCallIssue,reportIndexIssue,reportGeneralTypeIssues]
        call = f"torch.nn.utils.parametrize.remove_parametrizations(layer, '{name}')"
        return f"is computed by {kinds}; first call {call}"
    for hook in module._forward_pre_hooks.values():
        for kind, attribute, call in _HOOKS:
            if isinstance(hook, kind) and getattr(hook, attribute, None) == name:
                return f"is computed by {type(hook).__name__}; first call {call}(layer, '{name}')"
    return "is computed from other tensors; first make it a parameter"


_HOOKS = (
    (WeightNorm, "name", "torch.nn.utils.remove_weight_norm"),
    (SpectralNorm, "name", "torch.nn.utils.remove_spectral_norm"),
    (BasePruningMethod, "_tensor_name", "torch.nn.utils.prune.remove"),
)
