# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`search_rates`: the budget is kept, what is counted is what the compiler reports."""

import itertools
import re
import subprocess
import sys

import pytest
import torch
from torch import nn

from patternc.errors import PruningError, SearchError
from patternc.models import SmallVGG
from patternc.prune import PruningConfig, prune_
from patternc.search import Budget, search_rates
from patternc.search.layer_calls import LayerCall
from patternc.search.layer_latency import LatencyMeter, medians
from patternc.search.layer_storage import StorageMeter

IMAGE = torch.randn(1, 3, 32, 32)
FREE = {"multiply-adds": "multiply-adds <= 1G", "bytes": "bytes <= 1G"}


@pytest.fixture(scope="module")
def vgg() -> nn.Module:
    torch.manual_seed(0)
    return SmallVGG()


def two_layers() -> nn.Module:
    """The first loses nothing up to rate 2, the second loses evenly."""
    model = nn.Sequential(nn.Conv2d(4, 4, 1, bias=False), nn.Conv2d(4, 4, 1, bias=False))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([1.0, 1, 1e-6, 1e-6]).repeat(4, 1)[:, :, None, None])
        model[1].weight.fill_(1.0)
    return model


def search(model, budget, shape=(1, 4, 5, 5), **arguments):
    return search_rates(model, (torch.randn(shape),), budget, progress=False, **arguments)


@pytest.mark.parametrize("kind", ["multiply-adds", "bytes"])
def test_budget_is_kept_and_used(vgg, kind):
    before = {name: tensor.clone() for name, tensor in vgg.state_dict().items()}
    whole = search_rates(vgg, (IMAGE,), FREE[kind])
    assert set(whole.config.connectivity.values()) == {1}
    budget = Budget(kind, 0.4 * whole.cost)
    result = search_rates(vgg, (IMAGE,), budget)
    assert 0.38 * whole.cost < result.cost <= budget.limit
    assert result.cost == sum(layer.cost for layer in result.layers)
    assert result.loss > whole.loss
    assert [layer.name for layer in result.layers if layer.rate is None] == ["0", "17"]
    assert result.config == PruningConfig(connectivity=result.config.connectivity)
    assert vgg.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in vgg.state_dict().items())


def test_what_loses_nothing_is_pruned_first():
    result = search(two_layers(), "multiply-adds <= 600", candidates=(1, 2, 4))
    assert result.config.connectivity == {"0": 2, "1": 1}
    assert result.cost == (8 + 16) * 25
    assert result.loss == pytest.approx(0, abs=1e-9)


def test_metric_decides():
    model = two_layers()
    seen = []

    def evaluate(candidate: nn.Module) -> float:
        seen.append(candidate.training)
        first, second = (float(layer.weight.count_nonzero()) for layer in candidate)
        return 10 * first + second

    result = search(model, "multiply-adds <= 600", candidates=(4, 2, 1, 2), evaluate=evaluate)
    assert result.config.connectivity == {"0": 1, "1": 2}
    assert [layer.loss for layer in result.layers] == [0, 8]
    assert seen == [False] * (1 + 2 * 3)


def test_config_prunes_to_the_cost(vgg):
    result = search_rates(vgg, (IMAGE,), "multiply-adds <= 2M")
    model = SmallVGG()
    model.load_state_dict(vgg.state_dict())
    report = prune_(model, PruningConfig.from_yaml(result.config.to_yaml()))
    pixels = {"0": 1024, "2": 1024, "5": 256, "7": 256, "10": 64, "12": 64, "17": 1}
    kept = {layer.name: layer.kept_weights for layer in report.layers}
    assert result.cost == sum(kept[name] * count for name, count in pixels.items())


def test_calls_that_share_a_weight_are_one_layer():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(4, 4, 1)
            self.second = nn.Conv2d(4, 4, 1)
            self.second.weight = self.first.weight
            self.unused = nn.Conv2d(4, 4, 1)

        def forward(self, x):
            return self.second(self.first(self.first(x)))

    torch.manual_seed(0)
    result = search(Twice(), "multiply-adds <= 600")
    assert [layer.name for layer in result.layers] == ["first"]
    assert result.config.connectivity == {"first": 2, "*": 3.6}
    assert result.cost == 3 * 8 * 25


def test_matrices_are_searched_and_rates_of_an_rnn_stay():
    class Sequences(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(8, 8)
            self.linear = nn.Linear(8, 8)

        def forward(self, x):
            return self.linear(self.lstm(x)[0])

    torch.manual_seed(0)
    config = PruningConfig(linear=True, connectivity={"lstm": 5, "linear": 3})
    result = search(Sequences(), "multiply-adds <= 100", (3, 1, 8), config=config)
    assert result.config.connectivity == {"linear": 2, "lstm": 5}
    assert result.cost == 3 * 32


def test_names_with_brackets_are_names():
    class Named(nn.ModuleDict):
        def forward(self, x):
            return self["a1"](self["a[1]"](x))

    torch.manual_seed(0)
    model = Named({"a[1]": nn.Conv2d(4, 4, 1), "a1": nn.Conv2d(4, 4, 1)})
    result = search(model, "multiply-adds <= 600")
    pruned = {layer.name: layer for layer in prune_(model, result.config).layers}
    for layer in result.layers:
        assert pruned[layer.name].kept_weights * 25 == layer.cost


def test_report(vgg):
    result = search_rates(vgg, (IMAGE,), "bytes <= 60kB", progress=False)
    lines = result.report().splitlines()
    for layer in result.layers:
        rate = "-" if layer.rate is None else f"{layer.rate:g}x"
        assert any(line.split()[:2] == [layer.name, rate] for line in lines)
    assert re.fullmatch(r"whole model: 5[0-9.]+kB \(bytes <= 60kB\)", lines[-1])


def test_unreachable_budget_says_the_least():
    message = r"'multiply-adds <= 10' cannot be reached: .* cost is 400; .* above 2"
    with pytest.raises(SearchError, match=message):
        search(two_layers(), "multiply-adds <= 10", candidates=(1, 2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"candidates": ()}, "candidates is empty"),
        ({"candidates": (1, 0.5)}, "candidates has 0.5, expected finite numbers of at least 1"),
        ({"config": PruningConfig(structure="filter")}, "structure is 'filter', but rates are"),
        ({"evaluate": lambda model: float("nan")}, "evaluate gives nan for the model as it is"),
    ],
)
def test_bad_argument(arguments, message):
    with pytest.raises(SearchError, match=message):
        search(two_layers(), "multiply-adds <= 600", **arguments)


def test_metric_that_breaks_down_leaves_no_doubt_where():
    def evaluate(model: nn.Module) -> float:
        return 1.0 if model[1].weight.all() else float("inf")

    with pytest.raises(SearchError, match="gives inf for the model with '1' pruned"):
        search(two_layers(), "multiply-adds <= 600", evaluate=evaluate)


def test_arguments_have_to_be_a_tuple():
    with pytest.raises(SearchError, match="example_args is a Tensor, expected a tuple"):
        search_rates(two_layers(), torch.ones(1, 4, 5, 5), "bytes <= 1k")  # pyright: ignore


def test_model_has_to_be_a_module():
    with pytest.raises(PruningError, match=r"model is a str, expected a torch\.nn\.Module"):
        search("vgg", "bytes <= 1k")


def test_layers_called_by_keyword_without_a_batch():
    class Keyword(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 1)

        def forward(self, x):
            return self.conv(input=x)

    assert search(Keyword(), "multiply-adds <= 1k", (4, 5, 5)).cost == 16 * 25


def test_limit_that_is_exactly_the_cost():
    # 1.001 * 1000 is less than 1001 in floating point.
    model = nn.Conv2d(7, 11, 1)
    result = search(model, "multiply-adds <= 1.001k", (1, 7, 13, 1), candidates=(1,))
    assert result.cost == 1001 > result.budget.limit


def test_model_without_a_rate():
    with pytest.raises(SearchError, match="no layer has a rate to search"):
        search(nn.Conv2d(3, 4, 3), "bytes <= 1k", (1, 3, 5, 5))


def test_multiply_adds_need_no_compiler():
    code = """
import sys, torch
from patternc.search import search_rates
search_rates(torch.nn.Conv2d(4, 4, 1), (torch.ones(1, 4, 5, 5),), "multiply-adds <= 200")
assert not [name for name in sys.modules if name.startswith(("iree", "patternc.compiler"))]
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_latency_is_corrected_by_the_whole_model(monkeypatch):
    """A whole model is twice as fast as its layers alone, which take a millisecond a weight."""
    meter = LatencyMeter
    monkeypatch.setattr(meter, "layers", lambda _, jobs: [1e-3 * int(m.sum()) for _, m in jobs])
    monkeypatch.setattr(
        meter, "model", lambda _, m, __: 0.5e-3 * sum(int((p != 0).sum()) for p in m.parameters())
    )
    result = search(two_layers(), "latency <= 12ms", candidates=(1, 2, 4))
    assert result.config.connectivity == {"0": 2, "1": 1}
    assert result.cost == pytest.approx(12e-3)
    assert [layer.cost for layer in result.layers] == pytest.approx([8e-3, 16e-3])
    with pytest.raises(SearchError, match=r"'latency <= 3ms' cannot be reached: .* cost is 4ms"):
        search(two_layers(), "latency <= 3ms", candidates=(1, 2, 4))


def test_calls_are_timed_in_turns():
    ran = []
    assert len(medians([lambda: ran.append("a"), lambda: ran.append("b")])) == 2
    turns = "".join(name for name, _ in itertools.groupby(ran))
    assert turns == "ab" * (len(turns) // 2) and len(turns) > 2


@pytest.mark.iree
@pytest.mark.torch
def test_counts_are_those_of_the_compiler():
    from patternc import compile

    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2),
        nn.Conv2d(16, 16, 3, groups=16),
        nn.Conv2d(16, 24, 1),
        nn.Conv2d(24, 16, 3, groups=2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 10),
    ).eval()
    image = torch.randn(1, 3, 16, 16)
    found = {
        kind: search_rates(model, (image,), budget, candidates=(3,))
        for kind, budget in FREE.items()
    }
    prune_(model, found["bytes"].config)
    compiled = {layer.name: layer for layer in compile(model, (image,)).report().layers}
    assert compiled.keys() == {layer.name for layer in found["bytes"].layers}
    for kind, field in (("bytes", "fkw_bytes"), ("multiply-adds", "multiply_adds")):
        for layer in found[kind].layers:
            assert layer.cost == getattr(compiled[layer.name], field), layer.name


@pytest.mark.iree
@pytest.mark.torch
@pytest.mark.parametrize("rows", [1, 6])
@pytest.mark.parametrize(
    ("block", "block_columns"), [(1, None), (4, None), (12, None), (16, None), (24, None), (16, 10)]
)
def test_bytes_of_matrices_are_those_of_the_compiler(block, block_columns, rows):
    from patternc import compile

    torch.manual_seed(0)
    layer = nn.Linear(40, 48)
    prune_(
        layer,
        linear=True,
        connectivity=4,
        row_rate=2 if block_columns else 1,
        block_rows=block,
        block_columns=block_columns,
    )
    x = torch.randn(rows, 40)
    call = LayerCall(layer, tuple(x.shape), (rows, 48))
    found = StorageMeter("llvm-cpu", "float32").bytes(call, layer.weight != 0)
    (compiled,) = compile(layer, (x,)).report().layers or (None,)
    assert found == (compiled.fkw_bytes if compiled else 4 * layer.weight.numel())


@pytest.mark.iree
@pytest.mark.torch
def test_latency_is_measured():
    result = search(two_layers(), "latency <= 10s", candidates=(1,), threads=1)
    assert result.config.connectivity == {"0": 1, "1": 1}
    assert 0 < result.cost <= 10
    first, second = result.layers
    assert first.cost == second.cost  # alike, so that only one was timed
