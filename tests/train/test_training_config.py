# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Training configs are checked when they are made, also from YAML."""

import pytest

from patternc.errors import TrainingError
from patternc.train import TrainingConfig


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"version": 0}, "version of the training config is 0, this patternc reads 1"),
        ({"retrain_epochs": -1}, "retrain_epochs is -1, expected a whole number of at least 0"),
        ({"quantize_epochs": 0}, "quantize_epochs is 0, expected a whole number of at least 1"),
        ({"optimizer": "adm"}, "optimizer is 'adm', .*did you mean 'adam'"),
        ({"precision": "float16"}, "precision is 'float16', expected 'float32', 'bfloat16'"),
        ({"learning_rate": 0}, "learning_rate is 0, expected more than 0"),
        ({"distillation": 1.5}, r"distillation is 1\.5, expected 0 to 1"),
        ({"checkpoint_steps": 0}, "checkpoint_steps is 0, expected a whole number of at least 1"),
    ],
)
def test_refused(fields, message):
    with pytest.raises(TrainingError, match=message):
        TrainingConfig(**fields)


def test_as_yaml():
    config = TrainingConfig(dense_epochs=2, distillation=0.5, optimizer="nesterov")
    assert TrainingConfig.from_yaml(config.to_yaml()) == config
    with pytest.raises(TrainingError, match="unknown key 'retrain_epoch'; did you mean"):
        TrainingConfig.from_yaml("retrain_epoch: 3")
