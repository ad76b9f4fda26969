"""Composability-based pruning: many pruned networks from tuning blocks that are trained once."""

# ruff: noqa: E402 - the check comes first, so that its message is what the user reads
from patternc.dependencies import require

require("torch", needed_for="patternc.cocotune")

from patternc.cocotune.filter_pruning import FilterPruning
from patternc.cocotune.groups import non_overlapping_groups
from patternc.cocotune.modules import find_modules
from patternc.cocotune.multiplexing import MultiplexingModel
from patternc.cocotune.pattern_pruning import PatternPruning, masks_kept

__all__ = [
    "FilterPruning",
    "MultiplexingModel",
    "PatternPruning",
    "find_modules",
    "masks_kept",
    "non_overlapping_groups",
]
