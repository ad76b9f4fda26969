# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What torch-mlir lowers otherwise than PyTorch computes, and what it cannot lower."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from apply import Apply
from patternc.errors import ModelError
from patternc.frontends import import_model

pytest.importorskip("torch_mlir")
decompositions = pytest.importorskip("patternc.frontends.decompositions")
exporting = pytest.importorskip("patternc.frontends.exporting")


def lowered(function):
    return import_model(Apply(function), (torch.randn(1, 4, 9, 9),)).text


@pytest.mark.parametrize(
    ("function", "operations"),
    [
        (lambda x: x.clamp(-1, 2), {"arith.maximumf": 1, "arith.minimumf": 1}),
        (lambda x: x.clamp(min=-1), {"arith.maximumf": 1, "arith.minimumf": 0}),
        (lambda x: x.clamp(max=x * 2), {"arith.maximumf": 0, "arith.minimumf": 1}),
        (lambda x: torch.maximum(x, x * 2), {"arith.maximumf": 1, "arith.minimumf": 0}),
        (lambda x: torch.minimum(x, x * 2), {"arith.maximumf": 0, "arith.minimumf": 1}),
        (functional.relu, {"arith.maximumf": 0, "arith.cmpf ugt": 1}),
        (functional.hardsigmoid, {"arith.maximumf": 1, "arith.minimumf": 1}),
    ],
    ids=["clamp", "below", "above", "maximum", "minimum", "relu", "hardsigmoid"],
)
def test_maxima_and_minima_keep_nan(function, operations):
    text = lowered(function)
    assert {name: text.count(name) for name in operations} == operations
    if "arith.cmpf ugt" not in operations:
        assert "arith.select" not in text and "arith.cmpf" not in text


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.where(x < 0.1, 1.0, x),
        lambda x: x + 1e-5,
        lambda x: functional.threshold(x, 0.1, -1.0),
        lambda x: functional.layer_norm(x, (9,)),
        lambda x: functional.group_norm(x, 2),
        lambda x: functional.instance_norm(x),
        lambda x: x.std(1),
    ],
    ids=["where", "sum", "threshold", "layer norm", "group norm", "instance norm", "deviation"],
)
def test_no_float64(function):
    assert "f64" not in lowered(function)


def test_assertion_that_fails_always(monkeypatch):
    """Without our decomposition, torch-mlir says so that the windows differ in size."""
    table = decompositions.decomposition_table()
    del table[torch.ops.aten.adaptive_max_pool2d.default]
    monkeypatch.setattr(exporting, "decomposition_table", lambda: table)
    model = nn.Sequential(nn.ReLU(), nn.AdaptiveMaxPool2d(5))
    match = (
        r"cannot lower operator aten.adaptive_max_pool2d.default in layer '1': "
        r"unimplemented: only support cases with fixed stride size"
    )
    with pytest.raises(ModelError, match=match):
        import_model(model, (torch.randn(1, 4, 12, 12),))


def test_the_operator_that_fails_is_named_and_not_its_first_like():
    """Of two operators of one kind, that of integers has a lowering."""
    model = nn.Sequential(Apply(lambda x: x + 1), nn.Sequential(Apply(torch.lgamma)))
    with pytest.raises(ModelError, match=r"operator aten.lgamma.default in layer '1.0'$"):
        import_model(model, (torch.randn(2),))


@pytest.mark.parametrize(
    "function",
    [lambda x: x.cumsum(2), lambda x: x.sort(1)[0], lambda x: x.topk(2, 1)[0]],
    ids=["cumsum", "sort", "topk"],
)
def test_tm_tensor_is_in_generic_form(function):
    text = lowered(function)
    assert '"tm_tensor.' in text and " tm_tensor." not in text
