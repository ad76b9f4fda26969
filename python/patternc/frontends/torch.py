# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""PyTorch models to linalg-on-tensors, through torch.export and torch-mlir."""

from typing import TYPE_CHECKING, Any

from patternc.dependencies import require
from patternc.frontends.imported import ImportedModel

if TYPE_CHECKING:
    import torch


def import_torch(
    model: "torch.nn.Module | torch.export.ExportedProgram",
    example_args: tuple | None = None,
    *,
    example_kwargs: dict[str, Any] | None = None,
    name: str = "main",
) -> ImportedModel:
    """Imports a PyTorch model as it computes at inference.

    A weight that the model computes from constants, such as a parametrised or masked one, becomes
    a plain weight. The model and its tensors are left as they are.

    Args:
      model: a module, which is captured in evaluation mode whatever mode it is in, or a program
        that was exported in evaluation mode. Compute is in float32.
      example_args: tensors that fix the input shapes, in whatever tuples, lists, dicts, named
        tuples and dataclasses the model takes them; also numbers, text and None, which become
        fixed. A module needs them; for an exported program they are optional and must fit it.
      example_kwargs: likewise, the arguments that are given by keyword.
      name: what to call the model in reports and files.

    Returns:
      The model as MLIR text and blobs, each blob named after its parameter.

    Raises:
      ModelError: when the model or its arguments cannot be compiled; names the layer, the
        parameter or the operator that is to blame.
      MissingDependencyError: when torch or torch-mlir is not installed.
    """
    for package in ("torch", "torch_mlir"):
        require(package, needed_for="importing a PyTorch model")
    from patternc.frontends import (
        bytes,
        decompositions,
        exporting,
        folding,
        lowering,
        quantization,
    )

    program = exporting.export(model, example_args, example_kwargs)
    quantization.write_in_floats_(program)
    bytes.check_bytes(program)
    names = folding.fold_constants_(program)
    decompositions.restore_batch_norms_(program)
    signature = exporting.signature(program)
    exporting.keep_tensors_(program)
    text, blobs = lowering.lower(program, names)
    return ImportedModel(
        text=text,
        blobs=blobs,
        inputs=signature.inputs,
        outputs=signature.outputs,
        arguments=signature.arguments,
        result=signature.result,
        classes=signature.classes,
        name=name,
    )
