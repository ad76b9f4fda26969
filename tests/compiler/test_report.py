"""The numbers of a report, against those counted by hand."""

import pytest
import torch
from torch import nn

from patternc import compile
from patternc.runtime import Report

pytestmark = [pytest.mark.iree, pytest.mark.torch]


def pruned_by_hand() -> nn.Sequential:
    """2 channels, 4 filters. All filters keep channel 0 in one square, two of them channel 1 in
    another: 6 kernels of 8, and 24 weights of 72.
    """
    conv = nn.Conv2d(2, 4, 3, padding=1)
    mask = torch.zeros(4, 2, 9, dtype=torch.bool)
    mask[:, 0, [0, 1, 3, 4]] = True
    mask[:2, 1, [4, 5, 7, 8]] = True
    with torch.no_grad():
        conv.weight.fill_(1.0)
        conv.weight *= mask.reshape(4, 2, 3, 3)
    return nn.Sequential(conv, nn.ReLU6())


@pytest.fixture(scope="module")
def compiled():
    return compile(pruned_by_hand(), (torch.randn(1, 2, 5, 6),))


def test_shape(compiled):
    (layer,) = compiled.report().layers
    assert layer.name == "0"
    assert layer.input == [1, 2, 5, 6]
    assert layer.weights == [4, 2, 3, 3]
    assert layer.output == [1, 4, 5, 6]
    assert (layer.strides, layer.padding, layer.dilations) == ([1, 1], [1, 1, 1, 1], [1, 1])
    assert (layer.groups, layer.activation) == (1, "relu6")


def test_pruning(compiled):
    (layer,) = compiled.report().layers
    assert sorted(layer.patterns) == [[0, 1, 3, 4], [4, 5, 7, 8]]
    assert (layer.kernels, layer.kept_kernels) == (8, 6)
    assert layer.kept_weights == 24
    assert layer.rate == 3.0
    # Two filters have one kernel, two have two: four that are alike there are not.
    assert layer.filter_group == 2


def test_work_and_bytes(compiled):
    (layer,) = compiled.report().layers
    outputs = 5 * 6
    assert layer.dense_multiply_adds == 72 * outputs
    assert layer.multiply_adds == 24 * outputs
    assert layer.dense_bytes == 72 * 4
    # Value and column of each weight, and where each row begins.
    assert layer.csr_bytes == 24 * (4 + 4) + (4 + 1) * 4
    # Weights; channels in 16 bits, once for two filters; per pair of filters, prefix sums over two
    # patterns and an offset, with one more at the end; the order.
    assert layer.fkw_bytes == 24 * 4 + 3 * 2 + 2 * 3 * 4 + 3 * 4 + 4 * 4


def test_schedule(compiled):
    (layer,) = compiled.report().layers
    assert layer.schedule["device"] == "cpu"
    assert layer.schedule["lanes"] >= 1
    assert layer.schedule["filters"] == layer.filter_group


def test_statistics(compiled):
    assert compiled.statistics["pattern-reorder-filters"] == {"reordered": 1}
    counts = compiled.statistics["pattern-eliminate-redundant-loads"]
    # Two filters with as many vectors each, four taps: at least one load in four is another's.
    assert counts["multiply-adds"] % 8 == 0
    assert counts["loads-after"] <= counts["loads-before"] - counts["multiply-adds"] / 2


def test_json_is_a_list_and_comes_back(compiled):
    values = compiled.report().to_json()
    assert isinstance(values, list) and values[0]["kept_kernels"] == 6
    assert Report.from_json(values) == compiled.report()


def test_sums_and_table():
    model = nn.Sequential(*pruned_by_hand(), nn.Conv2d(4, 1, 1), nn.Conv2d(1, 3, 3, groups=1))
    report = compile(model, (torch.randn(1, 2, 5, 6),), target="vmvx").report()
    assert [layer.name for layer in report.layers] == ["0", "2", "3"]
    assert report.total("kept_weights") == 24 + 4 + 27
    lines = str(report).splitlines()
    assert len(lines) == 2 + 3 + 1 + 1
    assert lines[-2].startswith("total")
    assert "9/12" not in lines[-2] and "13/15" in lines[-2]


def test_layers_that_take_more_than_dense_are_marked(compiled):
    model = nn.Sequential(*pruned_by_hand(), nn.Conv2d(4, 16, 1))
    *rows, last = str(
        compile(model, (torch.randn(1, 2, 5, 6),), target="vmvx").report()
    ).splitlines()
    assert [row.split()[0] for row in rows if row.endswith("*")] == ["2"]
    assert last.startswith("* larger than dense")
    assert "*" not in str(compiled.report())


def test_grouped_and_empty_layers():
    depthwise = nn.Conv2d(6, 6, 3, groups=6, stride=2)
    empty = nn.Conv2d(6, 4, 1)
    nn.init.zeros_(empty.weight)
    report = compile(nn.Sequential(depthwise, empty), (torch.randn(2, 6, 7, 7),)).report()
    first, second = report.layers
    assert (first.groups, first.weights, first.kernels) == (6, [6, 1, 3, 3], 6)
    assert first.multiply_adds == first.dense_multiply_adds == 54 * 2 * 9
    assert (second.kept_kernels, second.kept_weights, second.multiply_adds) == (0, 0, 0)
    assert second.rate == float("inf")
    assert "0/24" in str(report)


def test_no_convolution():
    report = compile(nn.Linear(3, 2), (torch.randn(1, 3),), target="vmvx").report()
    assert report.layers == ()
    assert "total" in str(report)
