# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Quantisation of a trained model by what it computes from some inputs."""

import copy
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.fx import GraphModule
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

from patternc.errors import QuantizationError
from patternc.frontends import exporting
from patternc.progress import show_progress
from patternc.quantization import operators
from patternc.quantization.calibration import calibration_inputs
from patternc.quantization.config import QuantizationConfig
from patternc.quantization.quantizer import PatterncQuantizer


def quantize(
    model: nn.Module | ExportedProgram,
    calibration: Iterable[Any],
    *,
    config: QuantizationConfig | None = None,
    example_args: tuple[Tensor, ...] | None = None,
    progress: bool = True,
) -> ExportedProgram:
    """Quantises a trained model to 8 bits, without training, through torchao's PT2E flow.

    The model runs in evaluation mode on the inputs of the calibration, and the ranges of its
    activations are taken down. Weights that are 0 because they were pruned stay 0.

    Args:
      model: a float32 module on the CPU, or a program that was exported in evaluation mode; left
        as it is.
      calibration: inputs like those that the model is going to see, some hundred images: an
        iterable of tensors, or of tuples of tensors, the arguments of the model. They are kept in
        memory, checked, until all have been run.
      config: which layers are quantised, and how ranges are found; None for the defaults.
      example_args: tensors that fix the shapes of the program; None for the first of the
        calibration. Those of the calibration may have whole multiples of its batch.
      progress: show a progress bar, on a terminal only.

    Returns:
      A program for `patternc.compile`, whose integers lie between operators that quantise and
      dequantise; its inputs and outputs are float32 as those of the model. Weights are int8 with a
      scale for each filter, activations uint8 with a scale and a zero point a tensor.

    Raises:
      QuantizationError: when the calibration is empty, does not fit the model or is not finite,
        the config names a layer that there is not, or no layer can be quantised.
      ModelError: when the model cannot be captured.
    """
    if config is not None and not isinstance(config, QuantizationConfig):
        raise QuantizationError(
            f"config is a {type(config).__name__}, expected a QuantizationConfig"
        )
    config = config or QuantizationConfig()
    if not isinstance(model, nn.Module | ExportedProgram):
        raise QuantizationError(
            f"model is a {type(model).__name__}, expected a torch.nn.Module or a "
            "torch.export.ExportedProgram"
        )
    if example_args is None and isinstance(model, ExportedProgram):
        example_args = _example_of(model)
    inputs = calibration_inputs(calibration, example_args)
    example = tuple(
        torch.zeros_like(tensor) for tensor in (inputs[0] if example_args is None else example_args)
    )
    graph = _captured(model, example, inputs[0])
    with _quiet(), torch.no_grad():
        prepared = prepare_pt2e(graph, PatterncQuantizer(config))
        weights = _float_weights(prepared)
        _refuse_infinite(prepared)
        for arguments in show_progress(
            inputs, len(inputs), "calibrate", unit="input", shown=progress
        ):
            prepared(*arguments)
        quantized = convert_pt2e(prepared)
        _check_zeros(quantized, weights)
        _drop_unread_(quantized)
        return torch.export.export(quantized, inputs[0])


def _example_of(program: ExportedProgram) -> tuple[Tensor, ...]:
    """Tensors of the shapes that a program was exported for."""
    inputs = exporting.signature(program).inputs
    return tuple(torch.zeros(spec.shape, dtype=getattr(torch, spec.dtype)) for spec in inputs)


def _captured(
    model: nn.Module | ExportedProgram, example: tuple[Tensor, ...], first: tuple[Tensor, ...]
) -> GraphModule:
    """The graph of a model, which may be changed."""
    if isinstance(model, ExportedProgram):
        graph: Any = copy.deepcopy(model).module()
    else:
        exporting.check_weights([*model.named_parameters(), *model.named_buffers()])
        devices = {weight.device.type for weight in model.parameters()} - {"cpu"}
        if devices:
            raise QuantizationError(
                f"the model is on device '{devices.pop()}', expected 'cpu'; move it by model.cpu()"
            )
        # Its weights become others when batch norms are folded into them.
        graph = exporting.capture(model, example, None).module()
    if any(_is_quantized(node) for node in graph.graph.nodes):
        raise QuantizationError("the model is quantised already; give the float32 one")
    try:
        with torch.no_grad():
            graph(*first)
    except Exception as error:  # of the guards of the program, or of its operators
        raise QuantizationError(
            f"the model cannot be run on the calibration: {exporting.first_line(error)}"
        ) from error
    _keep_batch_norms_(graph)
    return graph


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


def _float_weights(prepared: GraphModule) -> dict[str, Tensor]:
    """The weights that are going to be quantised, by the node of their layer."""
    weights = {}
    for layer in prepared.graph.nodes:
        if operators.operator_name(layer) in operators.LAYERS:
            observer = layer.args[1]
            if observer.op == "call_module":
                weights[layer.name] = _tensor(prepared, observer.args[0].target)
    return weights


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


def _refuse_infinite(prepared: GraphModule) -> None:
    """Lets every observer refuse NaN and infinite values, of which no range can be made."""
    for node in prepared.graph.nodes:
        if node.op != "call_module" or node.target == "_guards_fn":
            continue

        def check(module: nn.Module, arguments: tuple[Tensor], source: Any = node.args[0]) -> None:
            if not exporting.is_finite(arguments[0]):
                raise QuantizationError(
                    f"the result '{source.name}'{exporting.layer_of(source)} is NaN or infinite "
                    "for an input of the calibration"
                )

        prepared.get_submodule(node.target).register_forward_pre_hook(check)


def _drop_unread_(graph: GraphModule) -> None:
    """Removes the float32 weights that were quantised, which would be saved beside the others."""
    read = {node.target for node in graph.graph.nodes if node.op == "get_attr"}
    for name, _ in list(graph.named_parameters()):
        if name not in read:
            owner, _, attribute = name.rpartition(".")
            delattr(graph.get_submodule(owner), attribute)


def _is_quantized(node: torch.fx.Node) -> bool:
    return str(node.target).startswith("quantized_decomposed.")


def _tensor(module: nn.Module, target: Any) -> Tensor:
    owner, _, attribute = target.rpartition(".")
    return getattr(module.get_submodule(owner), attribute).detach()


@contextmanager
def _quiet() -> Iterator[None]:
    """Hides what PyTorch and torchao warn of themselves."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        yield
