# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What is stored of a layer with a mask: weights, counted, and bytes, asked of the compiler."""

import copy
import json
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from patternc.search.layer_calls import LayerCall

if TYPE_CHECKING:
    from patternc.compiler import Precision, Target
    from patternc.frontends import ImportedModel

# Of `pattern-raise-convolutions`: with more different kernels, a layer counts as dense.
_MAX_PATTERNS = 64
# The last pass that decides what a kernel reads.
_LAST_PASS = "pattern-schedule-convolutions"


class StorageMeter:
    """Bytes of layers as the default pipeline of a target stores them.

    Each distinct layer is imported once, and for each mask goes through the passes alone, up to its
    schedule; no code is made.

    Raises:
      TargetError: the target or the precision is unknown, or the target does not have it.
    """

    def __init__(self, target: "str | Target", precision: "Precision"):
        from patternc.compiler import Pipeline, get_target  # only bytes need it

        passes = Pipeline.for_target(get_target(target), precision).passes
        last = [step.name for step in passes].index(_LAST_PASS)
        self._pipeline = str(Pipeline(passes[: last + 1]))
        self._element_bytes = 2 if precision == "float16" else 4
        self._imported: dict[tuple[str, tuple[int, ...]], ImportedModel | None] = {}

    def bytes(self, call: LayerCall, mask: Tensor) -> int:
        """Bytes of all that a kernel reads of a layer's weights, as the report has them.

        Args:
          call: where the layer is used.
          mask: weights that are kept, bool [filters, channels, ...].

        Raises:
          MLIRError: a pass failed.
          MissingDependencyError: torch-mlir is needed and not installed.
        """
        from patternc import ir, passmanager

        imported = self._import(call)
        if imported is not None:
            stored = imported.blobs["weight"]
            weights = mask.cpu().numpy().astype(stored.dtype).reshape(stored.shape)
            blobs = {**imported.blobs, "weight": weights}
            module = ir.Module.parse(imported.text, ir.Context(), resources=blobs)
            passmanager.PassManager.parse(self._pipeline, module.context).run(module)
            if layers := json.loads(ir.layer_report(module)):
                return sum(layer["fkw_bytes"] for layer in layers)
        return mask.numel() * self._element_bytes  # no kernel takes it: it stays dense

    def _import(self, call: LayerCall) -> "ImportedModel | None":
        """The layer by itself; None where it can't be, or computes with other weights."""
        from patternc.errors import ModelError
        from patternc.frontends import import_model

        key = (repr(call.module), call.input)
        if key not in self._imported:
            layer = copy.deepcopy(call.module).cpu().eval()
            try:
                imported = import_model(layer, (torch.zeros(call.input),))
            except ModelError:
                imported = None
            known = imported is not None and "weight" in imported.blobs
            self._imported[key] = imported if known else None
        return self._imported[key]


def stored_weights(mask: Tensor) -> int:
    """Weights that a convolution is computed with: those of all kernels that are left.

    Args:
      mask: weights that are kept, bool [filters, channels, ...].
    """
    kernels = (mask.flatten(2) if mask.dim() > 2 else mask[:, :, None]).flatten(0, 1)
    kernels = kernels[kernels.any(dim=1)]
    if not len(kernels):
        return 0
    entries = int(kernels.sum(dim=1).max())
    if entries < kernels.shape[1] and _distinct(kernels) > _MAX_PATTERNS:
        entries = kernels.shape[1]
    return len(kernels) * entries


def _distinct(kernels: Tensor) -> int:
    """How many rows differ, of bool [n, positions].

    Sorting rows of bool is slow, so they are packed; a number has 63 bits.
    """
    ids = torch.zeros(len(kernels), dtype=torch.int64, device=kernels.device)
    for part in kernels.split(31, dim=1):
        bits = torch.arange(part.shape[1], device=kernels.device)
        packed = (part.long() << bits).sum(dim=1)
        ids = ((ids << 31) | packed).unique(return_inverse=True)[1]
    return int(ids.max()) + 1
