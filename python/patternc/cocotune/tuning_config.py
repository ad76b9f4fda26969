"""How blocks and networks are trained: values that are checked when made, also from YAML."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from patternc.errors import PruningError
from patternc.prune.config_checks import check_choice, check_counts, check_number, check_positive
from patternc.prune.config_yaml import YamlConfig
from patternc.prune.optimizer import OPTIMIZERS, OptimizerName

VERSION = 1


@dataclass(frozen=True)
class TuningConfig(YamlConfig):
    """Steps and optimizer.

    Attributes:
      version: of this description, 1.
      steps: one batch each, over as many epochs as that takes.
      learning_rate: of the first step.
      schedule: 'cosine', along half of which the learning rate falls to zero, or 'constant'.
      optimizer: 'adam', 'adamw' or 'sgd'.
      momentum: of 'sgd'.
      weight_decay: of the optimizer.
      seed: of the order of batches and of all that is random in training.

    Raises:
      PruningError: for a field of the wrong type or out of range.
    """

    title: ClassVar[str] = "tuning config"
    steps: int
    learning_rate: float
    version: int = VERSION
    schedule: Literal["cosine", "constant"] = "cosine"
    optimizer: OptimizerName = "adam"
    momentum: float = 0.9
    weight_decay: float = 0.0
    seed: int = 0

    def __post_init__(self):
        if self.version != VERSION:
            raise PruningError(
                f"version of the tuning config is {self.version!r}, this patternc reads {VERSION}"
            )
        check_counts(self, "steps")
        check_counts(self, "seed", least=0)
        check_positive(self, "learning_rate")
        check_choice(self, "schedule", ("cosine", "constant"))
        check_choice(self, "optimizer", OPTIMIZERS)
        for name in ("momentum", "weight_decay"):
            check_number(self, name)
            if not 0 <= getattr(self, name) <= 1:
                raise PruningError(f"{name} is {getattr(self, name)}, expected 0 to 1")

    def learning_rate_of(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * (1 + math.cos(math.pi * step / self.steps)) / 2


@dataclass(frozen=True)
class PretrainingConfig(TuningConfig):
    """Of tuning blocks. [Wootz] has 10 000 steps of 32 images at 0.2 for ResNet, by 'sgd'."""

    steps: int = 300
    learning_rate: float = 3e-3


@dataclass(frozen=True)
class FineTuningConfig(TuningConfig):
    """Of pruned networks. [Wootz] has 30 000 steps of 32 images at 0.001, by 'sgd'."""

    steps: int = 300
    learning_rate: float = 1e-3
