# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What a program may do with tensors of 8-bit integers.

torch-mlir takes uint8 for signed where it compares, divides or widens in arithmetic, silently, and
crashes on int8 with a Python number. So bytes may be converted, moved and returned, and what is
reckoned with is of a wider dtype.
"""

import torch
from torch.export import ExportedProgram

from patternc.errors import ModelError
from patternc.frontends.exporting import layer_of

_BYTES = (torch.int8, torch.uint8)
_aten = torch.ops.aten
_CONVERSIONS = (
    _aten._assert_tensor_metadata.default,
    _aten._to_copy.default,
    torch.ops.prims.convert_element_type.default,
)
MOVES = (
    _aten.alias.default,
    _aten.cat.default,
    _aten.clone.default,
    _aten.detach.default,
    _aten.expand.default,
    _aten.flatten.using_ints,
    _aten.lift_fresh_copy.default,
    _aten.permute.default,
    _aten.reshape.default,
    _aten.select.int,
    _aten.slice.Tensor,
    _aten.squeeze.default,
    _aten.squeeze.dim,
    _aten.squeeze.dims,
    _aten.t.default,
    _aten.transpose.int,
    _aten.unsqueeze.default,
    _aten.view.default,
)


def check_bytes(program: ExportedProgram) -> None:
    """Refuses arithmetic on 8-bit integers in a decomposed program.

    Raises:
      ModelError: names the operator.
    """
    for node in program.graph.nodes:
        if node.op != "call_function" or node.target in _CONVERSIONS:
            continue
        dtypes = {
            value.dtype
            for value in (n.meta.get("val") for n in (node, *node.all_input_nodes))
            if isinstance(value, torch.Tensor)
        }
        # What is moved has one dtype; a concatenation of several would widen.
        if dtypes.isdisjoint(_BYTES) or (node.target in MOVES and len(dtypes) == 1):
            continue
        raise ModelError(
            f"operator {node.target}{layer_of(node)} computes with 8-bit integers, which "
            "torch-mlir gets wrong; convert them first, such as by .float() or .int()"
        )
