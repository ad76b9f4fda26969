# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operators that are taken apart for torch-mlir: the graph computes what the operator does."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from apply import Apply

pytest.importorskip("torch_mlir")
exporting = pytest.importorskip("patternc.frontends.exporting")

LINE, IMAGE, VOLUME = (2, 3, 12), (2, 4, 13, 16), (1, 2, 5, 6, 7)

CASES = {
    "adaptive max 1-D": (lambda x: functional.adaptive_max_pool1d(x, 5, True), LINE),
    "adaptive max": (lambda x: functional.adaptive_max_pool2d(x, (5, 7), True), IMAGE),
    "adaptive max of equal windows": (lambda x: functional.adaptive_max_pool2d(x, 4), LINE),
    "adaptive max of all": (lambda x: functional.adaptive_max_pool2d(x, 1, True), IMAGE),
    "adaptive max 3-D": (lambda x: functional.adaptive_max_pool3d(x, (2, 3, 4), True), VOLUME),
    "adaptive max of no batch": (lambda x: functional.adaptive_max_pool2d(x, 5, True), IMAGE[1:]),
    "adaptive max of equal numbers": (
        lambda x: functional.adaptive_max_pool2d(x.round(), 5, True),
        IMAGE,
    ),
    "adaptive average 1-D": (lambda x: functional.adaptive_avg_pool1d(x, 5), LINE),
    "adaptive average": (lambda x: functional.adaptive_avg_pool2d(x, 7), IMAGE),
    "adaptive average, enlarging": (lambda x: functional.adaptive_avg_pool2d(x, (20, 4)), IMAGE),
    "adaptive average 3-D": (lambda x: functional.adaptive_avg_pool3d(x, (2, 3, 4)), VOLUME),
    "average without padding": (
        lambda x: functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
        IMAGE,
    ),
    "average in ceil mode": (lambda x: functional.avg_pool2d(x, 3, 2, 1, True), IMAGE),
    "average in ceil mode without padding": (
        lambda x: functional.avg_pool2d(x, (2, 3), (2, 3), (0, 1), True, False),
        IMAGE,
    ),
    "average of one column": (lambda x: functional.avg_pool2d(x, 2, ceil_mode=True), (1, 2, 4, 1)),
    "average 1-D": (
        lambda x: functional.avg_pool1d(x, 3, 2, 1, count_include_pad=False),
        LINE,
    ),
    "average 3-D": (
        lambda x: functional.avg_pool3d(x, 3, 2, 1, count_include_pad=False),
        VOLUME,
    ),
    "average 3-D of one window": (lambda x: functional.avg_pool3d(x, 4, 3, 1), (1, 2, 4, 5, 9)),
    "maximum 3-D of one window": (
        lambda x: functional.max_pool3d(x, (2, 3, 2), 4, return_indices=True),
        VOLUME,
    ),
    "GELU by tanh": (lambda x: functional.gelu(x, approximate="tanh"), IMAGE),
    "remainder": (lambda x: (9 * x).long() % 5 + (9 * x).int() % -4, IMAGE),
    "rolled": (lambda x: x.roll((9, -40, 0), (1, 2, 3)), IMAGE),
    "all rolled": (lambda x: x.roll(-1000), IMAGE),
    "random leaky ReLU": (functional.rrelu, IMAGE),
    "distance": (lambda x: torch.dist(x, x + 1, 3), IMAGE),
    "distances": (lambda x: torch.cdist(x, x.flip(1) + 1, p=1), IMAGE),
    "circular padding": (lambda x: functional.pad(x, (2, 1, 0, 3), "circular"), IMAGE),
    "circular padding and cropping": (
        lambda x: functional.pad(x, (-2, 1, 3, -1), "circular"),
        IMAGE,
    ),
    "variance": (lambda x: x.var(1), IMAGE),
    "variance of all": (lambda x: torch.var_mean(x), IMAGE),
    "variance, kept": (lambda x: torch.var_mean(x, (-1, 1), correction=0, keepdim=True), IMAGE),
    "variance of one": (lambda x: x[:, :1].var(1), IMAGE),
    "deviation": (lambda x: torch.std_mean(x, (2, 3)), IMAGE),
    "group norm": (nn.GroupNorm(2, 4), IMAGE),
    "instance norm": (nn.InstanceNorm2d(4, affine=True), IMAGE),
    "layer norm": (nn.LayerNorm((13, 16)), IMAGE),
    "fmod": (lambda x: torch.fmod(x, -0.7), IMAGE),
    "fmod of integers": (lambda x: torch.fmod((x * 10).long(), 1.5), IMAGE),
    "3-D convolution, 1 deep": (nn.Conv3d(2, 4, 3, stride=3, padding=1), (1, 2, 2, 6, 7)),
    "3-D convolution, dilated": (
        nn.Conv3d(2, 4, (3, 2, 1), dilation=(2, 1, 1), groups=2, padding=(0, 1, 0)),
        VOLUME,
    ),
}


def results(program, x):
    signature = program.graph_signature
    stored = {**program.constants, **program.state_dict}
    targets = [spec.target for spec in signature.input_specs]
    arguments = [x if target is None else stored[target] for target in targets]
    return torch.fx.Interpreter(program.graph_module).run(*arguments)


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@pytest.mark.parametrize("case", CASES)
def test_value(case):
    function, shape = CASES[case]
    module = function if isinstance(function, nn.Module) else Apply(function)
    x = torch.randn(shape)
    with torch.no_grad():
        program = exporting.export(module.eval(), (x,))
        expected = module(x)
        found = results(program, x)
    expected = expected if isinstance(expected, tuple) else (expected,)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, equal_nan=True, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("function", "shape", "operator"),
    [
        (lambda x: functional.adaptive_max_pool2d(x, 5), IMAGE, "adaptive_max_pool2d"),
        (lambda x: functional.adaptive_avg_pool2d(x, 5), IMAGE, "index"),
        (nn.GroupNorm(2, 4), IMAGE, "as_strided"),
        (lambda x: functional.pad(x, (1, 1), "circular"), LINE, "slice_scatter"),
        (nn.Conv3d(2, 4, 3, stride=3, padding=1), (1, 2, 2, 6, 7), "var_mean"),
    ],
    ids=["adaptive max", "adaptive average", "group norm", "circular", "convolution"],
)
def test_operator_is_gone(function, shape, operator):
    module = function if isinstance(function, nn.Module) else Apply(function)
    program = exporting.export(module, (torch.randn(shape),))
    assert not any(f"aten.{operator}." in str(node.target) for node in program.graph.nodes)
