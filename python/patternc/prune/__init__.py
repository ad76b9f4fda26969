"""Pattern pruning of PyTorch models.

`prune_` projects the weights of a model by magnitude and returns a `PruningReport`;
`fine_tune_` trains what is left. The projections and pattern sets that they are made of
work on plain tensors.
"""

# ruff: noqa: E402 - the check comes first, so that its message is what the user reads
from patternc.dependencies import require

require("torch", needed_for="pruning")

from patternc.prune.finetune import fine_tune_
from patternc.prune.pattern_sets import (
    EIGHT_PATTERNS,
    FOUR_SQUARES,
    PatternSet,
    all_positions,
    default_for,
    natural_patterns,
    natural_set,
)
from patternc.prune.projection import (
    filter_groups,
    kept_kernels,
    project,
    project_connectivity,
    project_pattern,
)
from patternc.prune.prune import LayerPruning, PruningReport, prune_

__all__ = [
    "EIGHT_PATTERNS",
    "FOUR_SQUARES",
    "LayerPruning",
    "PatternSet",
    "PruningReport",
    "all_positions",
    "default_for",
    "filter_groups",
    "fine_tune_",
    "kept_kernels",
    "natural_patterns",
    "natural_set",
    "project",
    "project_connectivity",
    "project_pattern",
    "prune_",
]
