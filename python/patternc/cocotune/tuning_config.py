# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""How blocks and networks are trained: values that are checked when made, also from YAML."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from patternc.errors import CocoTuneError, PatterncError
from patternc.train.config_checks import check_choice, check_counts, check_number, check_positive
from patternc.train.config_yaml import YamlConfig
from patternc.train.optimizer import OPTIMIZERS, OptimizerName

VERSION = 1
Schedule = Literal["constant", "cosine", "step", "multistep", "exp", "inv", "poly", "sigmoid"]


@dataclass(frozen=True)
class TuningConfig(YamlConfig):
    """Steps and optimizer.

    Attributes:
      version: of this description, 1.
      steps: one batch each, over as many epochs as that takes.
      learning_rate: of the first step.
      schedule: of the learning rate, which begins with l and is in step i of n: 'constant';
        'cosine', falling to zero along half of one; and as Caffe has it 'step',
        l gamma^floor(i / step_size); 'multistep', l gamma^k with k of the `step_values` passed;
        'exp', l gamma^i; 'inv', l (1 + gamma i)^-power; 'poly', l (1 - i / n)^power; 'sigmoid',
        l / (1 + exp(-gamma (i - step_size))).
      optimizer: 'adam', 'adamw', 'sgd', 'nesterov', 'adagrad', 'rmsprop' or 'adadelta'.
      momentum: of 'sgd', 'nesterov' and 'adadelta'.
      weight_decay: of the optimizer.
      seed: of the order of batches and of all that is random in training.
      gamma, power, step_size, step_values: of the schedules that have them.

    Raises:
      CocoTuneError: for a field of the wrong type or out of range.
    """

    title: ClassVar[str] = "tuning config"
    error: ClassVar[type[PatterncError]] = CocoTuneError
    steps: int
    learning_rate: float
    version: int = VERSION
    schedule: Schedule = "cosine"
    optimizer: OptimizerName = "adam"
    momentum: float = 0.9
    weight_decay: float = 0.0
    seed: int = 0
    gamma: float = 0.1
    power: float = 1.0
    step_size: int = 1
    step_values: tuple[int, ...] = ()

    def __post_init__(self):
        if self.version != VERSION:
            raise CocoTuneError(
                f"version of the tuning config is {self.version!r}, this patternc reads {VERSION}"
            )
        check_counts(self, "steps")
        check_counts(self, "seed", least=0)
        check_positive(self, "learning_rate")
        check_choice(self, "schedule", get_args(Schedule))
        check_counts(self, "step_size", least=0 if self.schedule == "sigmoid" else 1)
        check_number(self, "power")
        check_number(self, "gamma")
        if self.gamma < 0 and self.schedule != "sigmoid":
            raise CocoTuneError(f"gamma is {self.gamma}, expected at least 0")
        values = self.step_values
        if not isinstance(values, list | tuple) or not all(isinstance(v, int) for v in values):
            raise CocoTuneError(f"step_values is {values!r}, expected a list of steps")
        object.__setattr__(self, "step_values", tuple(values))
        if self.optimizer == "nesterov" and self.momentum == 0:
            raise CocoTuneError("momentum is 0, expected more with optimizer 'nesterov'")
        check_choice(self, "optimizer", OPTIMIZERS)
        for step in (0, self.steps - 1):  # between which each of the schedules rises or falls
            if not math.isfinite(self.learning_rate_of(step)):
                raise CocoTuneError(
                    f"the learning rate of step {step} is not finite with schedule "
                    f"'{self.schedule}', gamma {self.gamma} and power {self.power}"
                )
        for name in ("momentum", "weight_decay"):
            check_number(self, name)
            if not 0 <= getattr(self, name) <= 1:
                raise CocoTuneError(f"{name} is {getattr(self, name)}, expected 0 to 1")

    def learning_rate_of(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        try:
            return self.learning_rate * self._factor(step)
        except OverflowError:
            return math.inf

    def _factor(self, step: int) -> float:
        match self.schedule:
            case "constant":
                return 1.0
            case "cosine":
                return (1 + math.cos(math.pi * step / self.steps)) / 2
            case "step":
                return self.gamma ** (step // self.step_size)
            case "multistep":
                return self.gamma ** sum(value <= step for value in self.step_values)
            case "exp":
                return self.gamma**step
            case "inv":
                return (1 + self.gamma * step) ** -self.power
            case "poly":
                return (1 - step / self.steps) ** self.power
            case "sigmoid":
                # The exponential as Caffe has it may overflow.
                return 0.5 * (1 + math.tanh(self.gamma * (step - self.step_size) / 2))


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
