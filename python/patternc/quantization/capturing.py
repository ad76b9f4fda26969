# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The graph of a float32 model, as torchao takes it."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.fx import GraphModule

from patternc.errors import QuantizationError
from patternc.frontends import exporting
from patternc.quantization import operators
from patternc.quantization.plain_weights import make_weights_plain_


def captured(
    model: nn.Module | ExportedProgram, example: tuple[Tensor, ...], *, any_batch: bool = False
) -> GraphModule:
    """The graph of a model in evaluation mode, which may be changed.

    Args:
      model: on the CPU.
      example: tensors that fix the shapes.
      any_batch: all but the first dimension, which is more than 1 in the example.

    Raises:
      QuantizationError: when the model is elsewhere, or quantised already.
      ModelError: when it cannot be captured.
    """
    if isinstance(model, ExportedProgram):
        graph: Any = copy.deepcopy(model).module()
    else:
        exporting.check_weights([*model.named_parameters(), *model.named_buffers()])
        devices = {weight.device.type for weight in model.parameters()} - {"cpu"}
        if devices:
            raise QuantizationError(
                f"the model is on device '{devices.pop()}', expected 'cpu'; move it by model.cpu()"
            )
        batch = {0: torch.export.Dim.AUTO}
        shapes = tuple(batch for _ in example) if any_batch else None
        # Its weights become others when batch norms are folded into them.
        graph = exporting.capture(model, example, None, dynamic_shapes=shapes).module()
    if any(_is_quantized(node) for node in graph.graph.nodes):
        raise QuantizationError("the model is quantised already; give the float32 one")
    make_weights_plain_(graph)
    _keep_batch_norms_(graph)
    return graph


def check_runs(graph: GraphModule, inputs: tuple[Tensor, ...], what: str) -> None:
    """Raises QuantizationError when a graph cannot be run on `what` the inputs are."""
    try:
        with torch.no_grad():
            graph(*inputs)
    except Exception as error:  # of the guards of the program, or of its operators
        raise QuantizationError(
            f"the model cannot be run on {what}: {exporting.first_line(error)}"
        ) from error


def _keep_batch_norms_(graph: GraphModule) -> None:
    """Hides from torchao the batch norms that must not be folded into the convolution before.

    It folds where something else reads the convolution or its weight, too.
    """
    for norm in list(graph.graph.nodes):
        if operators.operator_name(norm) not in operators.BATCH_NORMS:
            continue
        layer = norm.args[0]
        if operators.operator_name(layer) not in operators.LAYERS:
            continue
        weight = layer.args[1]
        if len(layer.users) == 1 and len(weight.users) == 1:
            continue
        with graph.graph.inserting_before(norm):
            hidden = graph.graph.call_function(torch.ops.aten.clone.default, (layer,))
        hidden.meta.update(layer.meta)
        norm.replace_input_with(layer, hidden)
    graph.recompile()


def _is_quantized(node: torch.fx.Node) -> bool:
    return str(node.target).startswith("quantized_decomposed.")
