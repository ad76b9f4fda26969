# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Statistics of batch norms are those of the batches."""

import pytest
import torch
from torch import nn

from patternc.errors import TrainingError
from patternc.train import reestimate_batch_norm_


def test_batch_norm_statistics_are_the_average_of_the_batches():
    model = nn.Sequential(nn.BatchNorm1d(2, momentum=0.3), nn.Dropout())
    model[0].running_mean.fill_(9)
    batches = [torch.randn(8, 2) + 2, torch.randn(8, 2)]
    reestimate_batch_norm_(model, batches)
    mean = torch.stack([batch.mean(dim=0) for batch in batches]).mean(dim=0)
    variance = torch.stack([batch.var(dim=0) for batch in batches]).mean(dim=0)
    torch.testing.assert_close(model[0].running_mean, mean)
    torch.testing.assert_close(model[0].running_var, variance)
    assert model.training and model[0].momentum == 0.3


def test_no_batch():
    with pytest.raises(TrainingError, match="no batch to estimate batch norm statistics from"):
        reestimate_batch_norm_(nn.BatchNorm1d(2), [])
