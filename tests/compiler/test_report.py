# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The numbers of a report, against those counted by hand."""

import copy
import json

import pytest
import torch
from torch import nn

from patternc import Pipeline, compile, prune_
from patternc.compiler import get_target
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
    # As the kernel reads it: weights; of two filters, channel and pattern of each kernel in 16
    # bits; where each pair's begin, with the end; the order; where the taps of two patterns are.
    assert layer.fkw_bytes == 24 * 4 + 3 * 2 + 3 * 2 + 4 * 2 + 2 * 4 * 4


# Patterns in groups and one by one, the second with stationary inputs; channels by distance; a
# matrix; a depthwise convolution that computes what it reads.
SHIPPED = {
    "groups": (nn.Conv2d(16, 32, 3, padding=1, bias=False), "group"),
    "filters": (nn.Conv2d(64, 128, 3, padding=1, bias=False), "filter"),
    "pointwise": (nn.Conv2d(64, 64, 1, bias=False), "filter"),
    "matrix": (nn.Sequential(nn.Flatten(), nn.Linear(64 * 64, 24, bias=False)), "group"),
    "depthwise": (
        nn.Sequential(
            nn.Conv2d(16, 64, 1, bias=False),
            nn.Conv2d(64, 64, 3, padding=1, groups=64, bias=False),
        ),
        "group",
    ),
}


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (name, target)
        for name in SHIPPED
        for target in ("llvm-cpu", "snapdragon-855", "vulkan", "vmvx")
        if name != "matrix" or get_target(target).device == "cpu"
    ],
)
def test_bytes_are_those_that_ship(name, target):
    layer, form = SHIPPED[name]
    torch.manual_seed(0)
    model = copy.deepcopy(layer).eval()
    prune_(model, form=form, linear=True)
    channels = next(m.weight.shape[1] for m in model.modules() if hasattr(m, "weight"))
    x = torch.randn(1, min(channels, 64), 8, 8)
    pipeline = Pipeline.for_target(get_target(target))
    pipeline = pipeline.with_options("pattern-externalize-constants", min_bytes=1)
    module = compile(model, (x,), target=target, pipeline=pipeline)
    shipped = sum(array.nbytes for array in module.parameters.values())
    # Equal arrays ship once: two layers of 64 filters may have one order.
    shared = 64 * (2 if get_target(target).device == "cpu" else 4) * (name == "depthwise")
    assert module.report().total("fkw_bytes") == shipped + shared


def test_schedule(compiled):
    (layer,) = compiled.report().layers
    assert layer.schedule.startswith("#schedule.cpu_output_stationary<lanes = ")
    assert f"filters = {layer.filter_group}, " in layer.schedule


def test_statistics(compiled):
    assert compiled.statistics["pattern-reorder-filters"] == {"reordered": 1}
    counts = compiled.statistics["pattern-eliminate-redundant-loads"]
    # Two filters with as many vectors each, four taps: at least one load in four is another's.
    assert counts["multiply-adds"] % 8 == 0
    assert counts["loads-after"] <= counts["loads-before"] - counts["multiply-adds"] / 2


def test_json_comes_back(compiled):
    values = json.loads(json.dumps(compiled.report().to_json()))
    assert values["layers"][0]["kept_kernels"] == 6 and values["left"] == []
    assert Report.from_json(values) == compiled.report()


class Left(nn.Module):
    """What no kernel computes: a dense matrix of many rows, attention, a 3-D convolution; and one
    layer that a kernel does.
    """

    def __init__(self):
        super().__init__()
        self.project = nn.Linear(16, 16)
        self.volume = nn.Conv3d(1, 2, 3, padding=1)
        self.conv = nn.Conv2d(1, 4, 3)

    def forward(self, x):
        y = self.project(x)
        return (
            torch.softmax(y @ y.transpose(1, 2), dim=-1),
            self.volume(x.reshape(1, 1, 2, 4, 16)),
            self.conv(x[:, None]),
        )


@pytest.mark.parametrize("target", ["llvm-cpu", "vulkan"])
def test_what_is_left_and_why(target):
    model = Left().eval()
    report = compile(model, (torch.randn(1, 8, 16),), target=target).report()
    assert [layer.name for layer in report.layers if layer.name == "conv"] == ["conv"]
    left = {(o.layer, o.operation.removeprefix("linalg.")): o for o in report.left}
    matrix = next(o for (layer, _), o in left.items() if layer == "project")
    assert matrix.multiply_adds == 8 * 16 * 16
    why = "dense, and general products are good for 8 rows" if target == "llvm-cpu" else "for CPUs"
    assert why in matrix.reason
    product = left["", "batch_matmul"]
    assert product.multiply_adds == 8 * 16 * 8
    assert product.reason == "both of its operands are computed in each call"
    volume = next(o for (_, name), o in left.items() if "3d" in name)
    assert volume.multiply_adds == 8 * 16 * 2 * 27
    assert volume.reason == "no kernel computes this kind of convolution"
    text = str(report)
    assert "left to IREE" in text and "both of its operands" in text
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report


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
