# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""How `fit` trains: a value that is checked when it is made, also from YAML."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from patternc.errors import PatterncError, TrainingError
from patternc.train.config_checks import (
    check_choice,
    check_counts,
    check_number,
    check_positive,
)
from patternc.train.config_yaml import YamlConfig
from patternc.train.optimizer import OPTIMIZERS, OptimizerName

VERSION = 1


@dataclass(frozen=True)
class TrainingConfig(YamlConfig):
    """Epochs, optimizer and loss of each phase of `fit`.

    The learning rate falls to zero along half a cosine in the dense phase, in retraining and in
    fake quantisation, and stays while pruning, where ADMM's schedule may change it.

    Attributes:
      version: of this description, 1.
      dense_epochs: epochs before pruning, 0 for a model that is trained already.
      retrain_epochs: epochs of the weights that are left.
      quantize_epochs: after that with fake quantisation, where `fit` is to quantise.
      optimizer: 'adam', 'adamw', 'sgd', 'nesterov', 'adagrad', 'rmsprop' or 'adadelta', a new one
        for each phase.
      dense_learning_rate: of the dense phase.
      learning_rate: while pruning.
      retrain_learning_rate: of retraining.
      quantize_learning_rate: with fake quantisation.
      momentum: of 'sgd', 'nesterov' and 'adadelta'.
      weight_decay: of the optimizer.
      distillation: share of the loss, 0 to 1, that is the divergence from the dense model's
        outputs (Hinton et al., arXiv 1503.02531), in all phases but the dense one.
      temperature: that softens both outputs for it.
      precision: 'float32', or 'bfloat16' for what torch's autocast computes in it; with fake
        quantisation always 'float32'.
      seed: of the order of batches and of all that is random in training.
      checkpoint_steps: steps between two checkpoints; None for one after each epoch.
    """

    title: ClassVar[str] = "training config"
    error: ClassVar[type[PatterncError]] = TrainingError
    version: int = VERSION
    dense_epochs: int = 0
    retrain_epochs: int = 16
    quantize_epochs: int = 8
    optimizer: OptimizerName = "adam"
    dense_learning_rate: float = 2e-3
    learning_rate: float = 1e-3
    retrain_learning_rate: float = 1e-3
    quantize_learning_rate: float = 1e-4
    momentum: float = 0.9
    weight_decay: float = 0.0
    distillation: float = 0.0
    temperature: float = 4.0
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: int = 0
    checkpoint_steps: int | None = None

    def __post_init__(self):
        if self.version != VERSION:
            raise TrainingError(
                f"version of the training config is {self.version!r}, this patternc reads {VERSION}"
            )
        check_counts(self, "dense_epochs", "retrain_epochs", "seed", least=0)
        check_counts(self, "quantize_epochs")
        check_choice(self, "optimizer", OPTIMIZERS)
        check_choice(self, "precision", ("float32", "bfloat16"))
        check_positive(self, "dense_learning_rate", "learning_rate", "retrain_learning_rate")
        check_positive(self, "quantize_learning_rate", "temperature")
        if self.optimizer == "nesterov" and self.momentum == 0:
            raise TrainingError("momentum is 0, expected more with optimizer 'nesterov'")
        for name in ("momentum", "weight_decay", "distillation"):
            check_number(self, name)
            if not 0 <= getattr(self, name) <= 1:
                raise TrainingError(f"{name} is {getattr(self, name)}, expected 0 to 1")
        if self.checkpoint_steps is not None:
            check_counts(self, "checkpoint_steps")
