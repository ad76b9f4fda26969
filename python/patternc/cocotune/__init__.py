# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Composability-based pruning: many pruned networks from tuning blocks that are trained once.

The method is that of H. Guan, X. Shen and S.-H. Lim, "Wootz: A Compiler-Based Framework for Fast
CNN Pruning via Composability", PLDI 2019.
"""

# ruff: noqa: E402 - the check comes first, so that its message is what the user reads
from patternc.dependencies import require

require("torch", needed_for="patternc.cocotune")

from patternc.cocotune.block_store import BlockStore
from patternc.cocotune.caffe import CaffeNetwork, Solver, read_network, read_solver
from patternc.cocotune.experiment import Experiment
from patternc.cocotune.exploration import UnreachableObjectiveError, explore
from patternc.cocotune.exploration_picture import draw_explorations
from patternc.cocotune.exploration_result import ExplorationResult, ExploredNetwork
from patternc.cocotune.filter_pruning import FilterPruning
from patternc.cocotune.fine_tuning import FineTuning, fine_tune_
from patternc.cocotune.grammar import Grammar
from patternc.cocotune.grammar_inference import sequitur
from patternc.cocotune.grammar_picture import draw_grammar
from patternc.cocotune.groups import non_overlapping_groups
from patternc.cocotune.live_table import LiveTable
from patternc.cocotune.modules import find_modules
from patternc.cocotune.multiplexing import MultiplexingModel
from patternc.cocotune.objective import Objective
from patternc.cocotune.pattern_pruning import PatternPruning, masks_kept
from patternc.cocotune.pretraining import BlockTraining, Pretraining, pretrain_
from patternc.cocotune.ray_workers import RayWorkers
from patternc.cocotune.sampling import sample, sample_around, sample_sequences
from patternc.cocotune.subspace import Subspace
from patternc.cocotune.subspace_files import read_subspace, write_subspace
from patternc.cocotune.tuning_blocks import TuningBlock, TuningBlocks, find_tuning_blocks
from patternc.cocotune.tuning_config import FineTuningConfig, PretrainingConfig, TuningConfig
from patternc.cocotune.workers import LocalWorker, Workers

__all__ = [
    "BlockStore",
    "BlockTraining",
    "CaffeNetwork",
    "Experiment",
    "ExplorationResult",
    "ExploredNetwork",
    "FilterPruning",
    "FineTuning",
    "FineTuningConfig",
    "Grammar",
    "LiveTable",
    "LocalWorker",
    "MultiplexingModel",
    "Objective",
    "PatternPruning",
    "Pretraining",
    "PretrainingConfig",
    "RayWorkers",
    "Solver",
    "Subspace",
    "TuningBlock",
    "TuningBlocks",
    "TuningConfig",
    "UnreachableObjectiveError",
    "Workers",
    "draw_explorations",
    "draw_grammar",
    "explore",
    "find_modules",
    "find_tuning_blocks",
    "fine_tune_",
    "masks_kept",
    "non_overlapping_groups",
    "pretrain_",
    "read_network",
    "read_solver",
    "read_subspace",
    "sample",
    "sample_around",
    "sample_sequences",
    "sequitur",
    "write_subspace",
]
