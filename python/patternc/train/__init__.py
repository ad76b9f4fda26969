# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Training: configs, optimizers, batches that can be resumed, run directories, accuracy.

Nothing here knows of pruning; `patternc.prune.fit` and CoCo-Tune train with it.
"""

# ruff: noqa: E402 - the check comes first, so that its message is what the user reads
from patternc.dependencies import require

require("torch", needed_for="training")

from patternc.train.batch_norm import reestimate_batch_norm_
from patternc.train.evaluation import accuracy
from patternc.train.training_config import TrainingConfig

__all__ = ["TrainingConfig", "accuracy", "reestimate_batch_norm_"]
