# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

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
from patternc.frontends import mending
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
      ModelError: when torch-mlir has no lowering for an operator; names it and its layer.
    """
    for node in program.graph.nodes:
        # The importer makes locations of this, which is how errors find the node again.
        node.meta["stack_trace"] = f'File "{node.name}", line 1,'
    context = ir.Context()
    torch_dialect.register_dialect(context)
    hooks = _BlobHooks(names)
    importer = fx_importer.FxImporter(context=context, hooks=hooks)
    try:
        importer.import_program(program, func_name="main")
        for pipeline in _PIPELINES:
            PassManager.parse(pipeline, context).run(importer.module_op)
    except ir.MLIRError as error:
        diagnostic = error.error_diagnostics[0]
        culprit = _node_at(diagnostic.location, program) or _node_named(diagnostic.message, program)
        raise _refusal(culprit, diagnostic.message) from error
    # The importer has assertions and Python errors for what it does not know.
    except Exception as error:
        message = first_line(error)
        raise _refusal(_node_named(message, program), message) from error
    for text, location in mending.failed_assertions(importer.module):
        raise ModelError(f"{_refusal(_node_at(location, program), text)}: {text}")
    mending.mend_(importer.module)
    text = _text(importer.module_op)
    used = dict.fromkeys(re.findall(r'dense_resource<"?([\w.$-]+)"?>', text))
    return text, {name: hooks.blobs[name] for name in used}


def _text(module: ir.Operation) -> str:
    text = module.get_asm(large_resource_limit=0)
    if " tm_tensor." in text:  # whose own syntax nobody else reads
        text = module.get_asm(large_resource_limit=0, print_generic_op_form=True)
    # What is left of the section of resources when all of them are elided is not valid MLIR.
    return text.partition("\n{-#")[0].rstrip() + "\n"


def _refusal(culprit: torch.fx.Node | None, message: str) -> ModelError:
    what = f"operator {culprit.target}{layer_of(culprit)}" if culprit else f"the model: {message}"
    return ModelError(f"torch-mlir cannot lower {what}")


def _node_at(location: ir.Location, program: ExportedProgram) -> torch.fx.Node | None:
    names = re.findall(r'"([^"]+)":1:', str(location))
    return next((node for node in _operators(program) if node.name in names), None)


def _node_named(message: str, program: ExportedProgram) -> torch.fx.Node | None:
    """The first operator of the name that a message has."""
    operator = re.search(r"\b((?:aten|prims)\.\w+)", message)
    if operator is None:
        return None
    return next(
        (node for node in _operators(program) if str(node.target).startswith(f"{operator[1]}.")),
        None,
    )


def _operators(program: ExportedProgram) -> list[torch.fx.Node]:
    return [node for node in program.graph.nodes if node.op == "call_function"]
