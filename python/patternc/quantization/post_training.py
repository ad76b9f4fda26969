# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Quantisation of a trained model by what it computes from some inputs."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.fx import GraphModule
from torchao.quantization.pt2e.quantize_pt2e import prepare_pt2e

from patternc.errors import QuantizationError
from patternc.frontends import exporting
from patternc.progress import show_progress
from patternc.quantization.calibration import calibration_inputs
from patternc.quantization.capturing import captured, check_runs
from patternc.quantization.config import QuantizationConfig
from patternc.quantization.conversion import converted, quiet
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
    graph = captured(model, example)
    check_runs(graph, inputs[0], "the calibration")
    with quiet(), torch.no_grad():
        prepared = prepare_pt2e(graph, PatterncQuantizer(config))
        _refuse_infinite(prepared)
        for arguments in show_progress(
            inputs, len(inputs), "calibrate", unit="input", shown=progress
        ):
            prepared(*arguments)
        return converted(prepared, inputs[0])


def _example_of(program: ExportedProgram) -> tuple[Tensor, ...]:
    """Tensors of the shapes that a program was exported for."""
    inputs = exporting.signature(program).inputs
    return tuple(torch.zeros(spec.shape, dtype=getattr(torch, spec.dtype)) for spec in inputs)


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
