"""An exported program to linalg-on-tensors, through torch-mlir; its weights become blobs."""

# torch-mlir's bindings are compiled and have no type stubs.
# pyright: reportAttributeAccessIssue=false

import re

import numpy as np
import torch
from torch.export import ExportedProgram
from torch_mlir import ir
from torch_mlir.dialects import torch as torch_dialect
from torch_mlir.extras import fx_importer
from torch_mlir.passmanager import PassManager

from patternc.errors import ModelError
from patternc.frontends.exporting import first_line, layer_of

_PIPELINES = (
    "builtin.module(torchdynamo-export-to-torch-backend-pipeline)",
    "builtin.module(torch-backend-to-linalg-on-tensors-backend-pipeline)",
)


class _BlobHooks(fx_importer.FxImporterHooks):
    """Makes each constant tensor a `dense_resource` on its own memory, named after it.

    The importer by itself goes through `Tensor.tolist()`, which takes 33 s for ResNet-50 and
    6 GB for VGG-16.
    """

    def __init__(self, names: dict[torch.Tensor, str]):
        self.blobs: dict[str, np.ndarray] = {}
        self._names = names
        # By identity; the key keeps its tensor alive, or another might be given its identity.
        self._attributes: dict[torch.Tensor, ir.Attribute] = {}

    def resolve_literal(self, gni, literal, info):
        if not isinstance(literal, torch.Tensor) or literal.numel() == 1:
            return None  # The importer prints these in place.
        if literal not in self._attributes:
            self._attributes[literal] = self._carry(literal)
        return ir.Operation.create(
            "torch.vtensor.literal",
            results=[gni._cc.tensor_to_vtensor_type(literal)],
            attributes={"value": self._attributes[literal]},
        ).result

    def _carry(self, tensor: torch.Tensor) -> ir.Attribute:
        name = self._free_name(self._names.get(tensor, "constant"))
        array = tensor.detach().cpu().contiguous().numpy()
        self.blobs[name] = array
        return ir.DenseResourceElementsAttr.get_from_buffer(
            array.data, name, fx_importer.create_mlir_tensor_type(tensor)
        )

    def _free_name(self, wanted: str) -> str:
        # MLIR would print other characters escaped, and would itself rename what is taken.
        wanted = re.sub(r"[^\w.$-]", "_", wanted, flags=re.ASCII)
        name, count = wanted, 0
        while name in self.blobs:
            count += 1
            name = f"{wanted}_{count}"
        return name


def lower(
    program: ExportedProgram, names: dict[torch.Tensor, str]
) -> tuple[str, dict[str, np.ndarray]]:
    """Lowers a checked and folded program.

    Args:
      program: from `exporting.export`.
      names: what to call its constants, by identity.

    Returns:
      The text of the MLIR module and the blobs that it names.

    Raises:
      ModelError: when torch-mlir has no lowering for an operator.
    """
    context = ir.Context()
    torch_dialect.register_dialect(context)
    hooks = _BlobHooks(names)
    importer = fx_importer.FxImporter(context=context, hooks=hooks)
    try:
        importer.import_program(program, func_name="main")
        for pipeline in _PIPELINES:
            PassManager.parse(pipeline, context).run(importer.module_op)
    # Besides MLIRError, the importer has assertions and Python errors for what it does not know.
    except Exception as error:
        raise ModelError(f"torch-mlir cannot lower {_culprit(program, error)}") from error
    mend_(importer.module)
    text = importer.module_op.get_asm(large_resource_limit=0)
    # What is left of the section of resources when all of them are elided is not valid MLIR.
    text = text.partition("\n{-#")[0].rstrip() + "\n"
    used = dict.fromkeys(re.findall(r'dense_resource<"?([\w.$-]+)"?>', text))
    return text, {name: hooks.blobs[name] for name in used}


def _culprit(program: ExportedProgram, error: Exception) -> str:
    """Names the operator that an error of torch-mlir is about, and its layer."""
    message = getattr(error, "error_diagnostics", None)
    message = message[0].message if message else first_line(error)
    operator = re.search(r"torch\.((?:aten|prims|operator)\.\w+)", message)
    if operator is None:
        return f"the model: {message}"
    for node in program.graph.nodes:
        if str(node.target).startswith(f"{operator[1]}."):
            return f"operator {node.target}{layer_of(node)}"
    return f"operator {operator[1]}"
