# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Attention and transformer blocks: projections on kernels of patternc, the rest in IREE."""

import pytest
import torch
from torch import nn

from machines import EVERY_PROCESSOR_BUT_THE_HOST, require_machine, run
from oracle import assert_close_network
from patternc import compile, prune_
from patternc.settings import Settings

pytestmark = [pytest.mark.iree, pytest.mark.torch]


class SelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(32, 4, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


class CausalAttention(nn.Module):
    """Of which each position sees the ones before, by a mask of infinities."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.full((8, 8), -torch.inf).triu(1))

    def forward(self, x):
        return torch.softmax(x @ x.transpose(1, 2) + self.mask, -1) @ x


def _block(**options) -> nn.Module:
    return nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, **options)


def _pruned(model: nn.Module) -> nn.Module:
    prune_(model, linear=True, connectivity=4)
    return model.eval()


# A batch of one and a larger one reach the compiler as different operations.
@pytest.mark.parametrize(
    ("build", "projections", "batch", "fused"),
    [
        (SelfAttention, 2, 2, (0, 0)),
        # Before the other sum stands a transposition.
        (_block, 4, 1, (1, 1)),
        (lambda: _block(norm_first=True, activation="gelu"), 4, 2, (0, 1)),
    ],
    ids=["attention", "block", "norm first, GELU"],
)
def test_projections(build, projections, batch, fused):
    torch.manual_seed(0)
    model = _pruned(build())
    x = torch.randn(batch, 7, 32)
    module = compile(model, (x,), settings=Settings(keep_stages=True))
    text = module.mlir("graph")
    assert "linalg.matmul" not in text  # what is left multiplies activations
    assert (text.count("#pattern.activation<relu>"), text.count("add(")) == fused
    assert len(module.report().layers) == projections
    with torch.no_grad():
        torch.testing.assert_close(torch.as_tensor(module(x)), model(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("target", EVERY_PROCESSOR_BUT_THE_HOST)
def test_other_targets(target, tmp_path):
    require_machine(target)
    torch.manual_seed(0)
    model = _pruned(_block())
    x = torch.randn(2, 7, 32)
    module = compile(model, (x,), target=target)
    assert len(module.report().layers) == (0 if target == "vmvx" else 4)
    (result,) = run(module, x, folder=tmp_path)
    assert_close_network(result, model, x)


def test_a_mask_may_be_infinite():
    torch.manual_seed(0)
    model, x = CausalAttention(), torch.randn(2, 8, 32)
    assert_close_network(compile(model, (x,))(x), model, x)
