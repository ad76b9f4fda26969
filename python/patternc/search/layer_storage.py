"""What the compiler stores of a layer with a mask, counted without compiling."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from patternc.search.layer_calls import LayerCall

if TYPE_CHECKING:
    from patternc.compiler import Precision, Target

# Of `pattern-raise-convolutions`: with more different kernels, a layer counts as dense.
_MAX_PATTERNS = 64
# Of `pattern-raise-fully-connected`: the largest block of rows.
_MAX_BLOCK = 128
_INT32_BYTES = 4


@dataclass(frozen=True)
class StorageOptions:
    """How a target stores layers: fields as the options of `pattern-compress-weights`.

    Attributes:
      element_bytes: bytes of a weight.
      lanes: rows of a matrix that a vector holds, None where linear layers are left dense.
    """

    max_filter_group: int
    max_vector_group: int
    index_bits: int
    element_bytes: int
    lanes: int | None


def storage_options(target: "str | Target", precision: "Precision") -> StorageOptions:
    """How the default pipeline of a target stores layers.

    Raises:
      TargetError: the target or the precision is unknown, or the target does not have it.
    """
    from patternc.compiler import Pipeline, get_target  # multiply-adds are counted without it

    pipeline = Pipeline.for_target(get_target(target), precision)
    options: dict[str, Any] = {step.name: step.options for step in pipeline}
    compress = options["pattern-compress-weights"]
    return StorageOptions(
        compress["max-filter-group"],
        compress["max-vector-group"],
        compress["index-bits"],
        2 if precision == "float16" else 4,
        options.get("pattern-raise-fully-connected", {}).get("lanes"),
    )


def stored_weights(mask: Tensor) -> int:
    """Weights that a convolution is computed with: those of all kernels that are left.

    Args:
      mask: weights that are kept, bool [filters, channels, ...].
    """
    ids, _, entries = _kernels(mask)
    return int(ids.count_nonzero()) * entries


def stored_bytes(call: LayerCall, mask: Tensor, options: StorageOptions) -> int:
    """Bytes of a layer as the report of the compiler has them: weights, and all arrays of FKW.

    A kernel that has a zero by chance counts as one of a pattern of its own.

    Args:
      call: where the layer is used.
      mask: weights that are kept, bool [filters, channels, ...].
      options: those of the target.
    """
    filters = mask.shape[0]
    one_position = mask[0, 0].numel() == 1 and math.prod((*call.input[2:], *call.output[2:])) == 1
    if isinstance(call.module, nn.Linear):
        dense = mask.numel()
        if options.lanes is None:
            return dense * options.element_bytes
        one_position = True
        mask, multiply_adds = _in_blocks(mask, options.lanes)
        if call.positions > 1 and 2 * multiply_adds > dense:
            return dense * options.element_bytes
    ids, patterns, entries = _kernels(mask)
    convolution = torch.arange(filters, device=mask.device) // (
        filters // getattr(call.module, "groups", 1)
    )
    rows = torch.cat([convolution[:, None], ids], dim=1)
    alike = Counter(row.tobytes() for row in rows.cpu().numpy())
    group = _group(
        alike.values(), options.max_vector_group if one_position else options.max_filter_group
    )
    kernels = int(ids.count_nonzero())
    order_and_ends = filters + filters // group * (patterns + 1) + filters // group + 1
    return (
        kernels * entries * options.element_bytes
        + kernels // group * options.index_bits // 8
        + order_and_ends * _INT32_BYTES
    )


def _in_blocks(mask: Tensor, lanes: int) -> tuple[Tensor, int]:
    """What the blocks of rows keep in which a matrix is stored, and multiply-adds of one row.

    The same choice as that of `pattern-raise-fully-connected`.
    """
    rows = mask.shape[0]
    choices = []
    for size in (s for s in range(min(rows, _MAX_BLOCK), 0, -1) if rows % s == 0):
        kept = mask.unflatten(0, (-1, size)).any(dim=1)
        vectors = math.ceil(size / lanes)
        choices.append((int(kept.count_nonzero()) * vectors * lanes, size, kept))
    multiply_adds, size, kept = min(choices, key=lambda choice: choice[0])
    return kept.repeat_interleave(size, dim=0), multiply_adds


def _kernels(mask: Tensor) -> tuple[Tensor, int, int]:
    """Pattern of each kernel, [filters, channels] from 1; number of patterns; their entries."""
    kernels = mask.flatten(2) if mask.dim() > 2 else mask[:, :, None]
    entries = int(kernels.sum(dim=2).max())
    ids = _supports(kernels.flatten(0, 1))
    # The empty support comes first, if there is one.
    has_empty = not bool(kernels.any(dim=2).all())
    patterns = int(ids.max()) + 1 - has_empty
    dense = entries == kernels.shape[2] or patterns > _MAX_PATTERNS
    if dense:
        return kernels.any(dim=2).long(), 1, kernels.shape[2]
    return ids.reshape(kernels.shape[:2]) + (not has_empty), patterns, entries


def _supports(kernels: Tensor) -> Tensor:
    """Numbers that are equal where the kept positions are, in their order; of bool [n, positions].

    Sorting rows of bool is slow, so they are packed; a number has 63 bits.
    """
    ids = torch.zeros(len(kernels), dtype=torch.int64, device=kernels.device)
    for part in kernels.split(31, dim=1):
        bits = torch.arange(part.shape[1], device=kernels.device)
        packed = (part.long() << bits).sum(dim=1)
        ids = ((ids << 31) | packed).unique(return_inverse=True)[1]
    return ids


def _group(alike: Iterable[int], largest: int) -> int:
    """The most filters that can share their indices, from how many have each structure."""
    common = math.gcd(*alike)
    return max(size for size in range(1, largest + 1) if common % size == 0)
