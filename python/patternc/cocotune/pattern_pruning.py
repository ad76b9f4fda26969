# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Variants of a module whose kernels have patterns, and some of them are cut."""

import contextlib
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from patternc.cocotune.subspace import check_ratio
from patternc.errors import CocoTuneError, PruningError
from patternc.prune import PruningConfig
from patternc.prune.masks import add_mask, apply_masks, mask_of
from patternc.prune.plan import LayerPlan, plan


@dataclass(frozen=True)
class PatternPruning:
    """Prunes convolutions to patterns, and cuts a share of their kernels, the ratio, by magnitude.

    Shapes stay as they are; masks, which are buffers of the layers, say which weights are left.

    Attributes:
      config: form, group size, pattern sets and the like; connectivity comes from the ratio,
        1 / (1 - ratio), and its method does not matter here.
    """

    config: PruningConfig = field(default_factory=PruningConfig)

    def __post_init__(self):
        if self.config.structure != "pattern":
            raise CocoTuneError(
                f"structure is '{self.config.structure}', expected 'pattern'; "
                "FilterPruning removes filters"
            )

    def prune(self, module: nn.Module, ratio: float, example_input: Tensor) -> nn.Module:
        """A copy of the module with pruned weights and masks.

        Args:
          module: it is not changed.
          ratio: share of the kernels to cut, from 0, where patterns are not taken either, to less
            than 1.
          example_input: not needed here.

        Raises:
          CocoTuneError: for a ratio out of range, or when no layer of the module can be pruned.
        """
        check_ratio(ratio, type(module).__name__)
        pruned = copy.deepcopy(module)
        if ratio == 0:
            return pruned
        config = replace(self.config, connectivity=1 / (1 - ratio))
        try:
            layers = [layer for layer in plan(pruned, config) if layer.pruned]
            masks = [layer.mask() for layer in layers]
        except PruningError as error:
            raise CocoTuneError(f"{type(module).__name__}: {error}") from error
        for layer, mask in zip(layers, masks, strict=True):
            add_mask(layer)
            mask_of(layer).copy_(mask)
        apply_masks(layers)
        return pruned


def masked_layers(network: nn.Module) -> list[LayerPlan]:
    """The layers of a network that have a mask."""
    return [
        LayerPlan(name, module, parameter)
        for name, module in network.named_modules()
        for parameter in module._parameters
        if f"{parameter}_mask" in module._buffers
    ]


@contextlib.contextmanager
def masks_kept(network: nn.Module) -> Iterator[None]:
    """While this lasts, the weights that masks remove are zero after each step of any optimizer."""
    layers = masked_layers(network)
    hook = register_optimizer_step_post_hook(lambda *_: apply_masks(layers))
    try:
        yield
    finally:
        hook.remove()
