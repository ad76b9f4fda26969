# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The program of integers that a graph becomes once all ranges are known."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.fx import GraphModule
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e

from patternc.errors import QuantizationError
from patternc.frontends import exporting
from patternc.quantization import operators


def converted(prepared: GraphModule, example: tuple[Tensor, ...]) -> ExportedProgram:
    """The quantised program of a graph that torchao prepared, for inputs of fixed shapes.

    Raises:
      QuantizationError: when a weight that is 0 would not stay so.
    """
    weights = quantized_weights(prepared)
    quantized = convert_pt2e(prepared)
    _check_zeros(quantized, weights)
    _drop_unread_(quantized)
    return torch.export.export(quantized, example)


def quantized_weights(prepared: GraphModule) -> dict[str, Tensor]:
    """The weights that are going to be quantised, by the node of their layer."""
    weights = {}
    for layer in prepared.graph.nodes:
        if operators.operator_name(layer) in operators.LAYERS:
            observer = layer.args[1]
            if observer.op == "call_module":
                weights[layer.name] = _tensor(prepared, observer.args[0].target)
    return weights


@contextmanager
def quiet() -> Iterator[None]:
    """Hides what PyTorch and torchao warn of themselves."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        yield


def _check_zeros(quantized: GraphModule, weights: dict[str, Tensor]) -> None:
    """Checks that weights that are 0 have stayed so."""
    for layer in quantized.graph.nodes:
        if layer.name not in weights:
            continue
        integers = _tensor(quantized, layer.args[1].args[0].target)
        if integers[weights[layer.name] == 0].any():
            raise QuantizationError(
                f"weights of layer '{exporting.layer_path(layer)}' that were removed are not 0 "
                "once they are quantised; this is a fault of patternc or torchao"
            )


def _drop_unread_(graph: GraphModule) -> None:
    """Removes what would be saved beside what is read: float32 weights, masks of pruned ones."""
    read = {node.target for node in graph.graph.nodes if node.op == "get_attr"}
    for name, _ in [*graph.named_parameters(), *graph.named_buffers()]:
        if name not in read:
            owner, _, attribute = name.rpartition(".")
            delattr(graph.get_submodule(owner), attribute)


def _tensor(module: nn.Module, target: Any) -> Tensor:
    owner, _, attribute = target.rpartition(".")
    return getattr(module.get_submodule(owner), attribute)
