# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pattern pruning of PyTorch models.

`prune_` projects the weights of a model by magnitude, at once, and returns a `PruningReport`;
`fit` is the whole published training, in one call, and `Pruner` the same around a training loop
of one's own. `PruningConfig` says what is pruned, to which structure, by which method.
"""

# ruff: noqa: E402 - the check comes first, so that its message is what the user reads
from patternc.dependencies import require

require("torch", needed_for="pruning")

from patternc.prune.config import AdmmSchedule, PruningConfig
from patternc.prune.constraint_sets import (
    BlockColumns,
    BlockRows,
    Connectivity,
    ConstraintSet,
    Filters,
    Patterns,
    TwoOfFour,
    Unstructured,
    project_on_all,
)
from patternc.prune.data_free import prune_data_free_
from patternc.prune.fitting import FitResult, fit
from patternc.prune.grouping import filter_groups
from patternc.prune.magnitude import analyze, prune_
from patternc.prune.pattern_sets import (
    EIGHT_PATTERNS,
    FOUR_SQUARES,
    TWELVE_PATTERNS,
    PatternSet,
    all_positions,
    default_for,
    natural_patterns,
    natural_set,
)
from patternc.prune.plots import plot_accuracy, plot_patterns, plot_sparsity
from patternc.prune.pruner import Pruner
from patternc.prune.report import LayerPruning, PruningReport
from patternc.prune.synthetic import synthetic_images

__all__ = [
    "EIGHT_PATTERNS",
    "FOUR_SQUARES",
    "TWELVE_PATTERNS",
    "AdmmSchedule",
    "BlockColumns",
    "BlockRows",
    "Connectivity",
    "ConstraintSet",
    "Filters",
    "FitResult",
    "LayerPruning",
    "PatternSet",
    "Patterns",
    "Pruner",
    "PruningConfig",
    "PruningReport",
    "TwoOfFour",
    "Unstructured",
    "all_positions",
    "analyze",
    "default_for",
    "filter_groups",
    "fit",
    "natural_patterns",
    "natural_set",
    "plot_accuracy",
    "plot_patterns",
    "plot_sparsity",
    "project_on_all",
    "prune_",
    "prune_data_free_",
    "synthetic_images",
]
