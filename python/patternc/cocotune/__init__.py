"""Composability-based pruning: many pruned networks from tuning blocks that are trained once.

The method is that of H. Guan, X. Shen and S.-H. Lim, "Wootz: A Compiler-Based Framework for Fast
CNN Pruning via Composability", PLDI 2019.
"""

# ruff: noqa: E402 - the check comes first, so that its message is what the user reads
from patternc.dependencies import require

require("torch", needed_for="patternc.cocotune")

from patternc.cocotune.block_store import BlockStore
from patternc.cocotune.filter_pruning import FilterPruning
from patternc.cocotune.fine_tuning import FineTuning, fine_tune_
from patternc.cocotune.groups import non_overlapping_groups
from patternc.cocotune.modules import find_modules
from patternc.cocotune.multiplexing import MultiplexingModel
from patternc.cocotune.pattern_pruning import PatternPruning, masks_kept
from patternc.cocotune.pretraining import BlockTraining, Pretraining, pretrain_
from patternc.cocotune.tuning_config import FineTuningConfig, PretrainingConfig, TuningConfig

__all__ = [
    "BlockStore",
    "BlockTraining",
    "FilterPruning",
    "FineTuning",
    "FineTuningConfig",
    "MultiplexingModel",
    "PatternPruning",
    "Pretraining",
    "PretrainingConfig",
    "TuningConfig",
    "find_modules",
    "fine_tune_",
    "masks_kept",
    "non_overlapping_groups",
    "pretrain_",
]
