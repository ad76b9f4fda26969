# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Recurrent layers, unrolled by the export: their matrices run on kernels of patternc."""

import pytest
import torch
from torch import nn

from patternc import compile, prune_
from patternc.settings import Settings

pytestmark = [pytest.mark.iree, pytest.mark.torch]


class Cells(nn.Module):
    """A cell over a sequence."""

    def __init__(self, cell: nn.RNNCellBase, hidden: int):
        super().__init__()
        self.cell, self.hidden = cell, hidden

    def forward(self, x):
        state = torch.zeros(x.shape[0], self.hidden)
        memory = state
        for step in range(x.shape[1]):
            if isinstance(self.cell, nn.LSTMCell):
                state, memory = self.cell(x[:, step], (state, memory))
            else:
                state = self.cell(x[:, step], state)
        return state


class LastOutput(nn.Module):
    def __init__(self, layer: nn.RNNBase):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0][:, -1]


MODELS = {
    "LSTMCell": lambda: Cells(nn.LSTMCell(24, 32), 32),
    "GRUCell": lambda: Cells(nn.GRUCell(24, 32), 32),
    "LSTM": lambda: LastOutput(nn.LSTM(24, 32, batch_first=True)),
}


@pytest.mark.parametrize(("name", "batch"), [("LSTMCell", 1), ("GRUCell", 1), ("LSTM", 3)])
def test_products_with_pruned_matrices(name, batch):
    torch.manual_seed(0)
    model = MODELS[name]().eval()
    for parameter in model.parameters():
        nn.init.uniform_(parameter, -0.5, 0.5)
    prune_(model, linear=True, connectivity=4)
    x = torch.randn(batch, 2, 24)
    module = compile(model, (x,), settings=Settings(keep_stages=True))
    assert "linalg.matmul" not in module.mlir("graph")
    layers = module.report().layers
    assert layers and {layer.filter_group for layer in layers} == {16}
    with torch.no_grad():
        torch.testing.assert_close(torch.as_tensor(module(x)), model(x), rtol=1e-5, atol=1e-5)
