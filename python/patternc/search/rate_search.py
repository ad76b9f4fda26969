# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Connectivity rates by layer, under a budget of what the compiled model may cost.

The loss of pruning each layer alone, and its cost, are found for each of some rates; then the rates
are selected that lose least within the budget.
"""

import copy
import glob
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from tabulate import tabulate
from torch import nn

from patternc.errors import SearchError, limited_nesting
from patternc.prune.config import PruningConfig
from patternc.prune.constraint_sets import BlockColumns, Connectivity
from patternc.prune.magnitude import prune_
from patternc.prune.plan import LayerPlan, plan
from patternc.search.budget import Budget
from patternc.search.layer_calls import LAYERS, LayerCall, record_calls, weight_key
from patternc.search.layer_latency import LatencyMeter
from patternc.search.layer_losses import Evaluate, MaskedWeight, layer_losses
from patternc.search.layer_storage import StorageMeter, stored_weights
from patternc.search.selection import Choice, cheapest, select, select_measured, total

if TYPE_CHECKING:
    from patternc.compiler import Precision, Target


@dataclass(frozen=True)
class LayerRate:
    """What was selected for one layer.

    Attributes:
      name: module name.
      rate: its connectivity; None for a layer whose rate is not searched, because it is left alone
        or keeps all its kernels.
      cost: of the layer alone, in the unit of the budget.
      loss: of pruning this layer alone, see `search_rates`.
    """

    name: str
    rate: float | None
    cost: float
    loss: float


@dataclass(frozen=True)
class SearchResult:
    """The rates that lose least within a budget.

    Attributes:
      config: the config that was given, with a connectivity for each layer.
      budget: the limit.
      cost: of the whole model; a latency is measured, and the other kinds are the sum over layers.
      layers: all convolutions and linear layers that the model uses, in the order of the model.
    """

    config: PruningConfig
    budget: Budget
    cost: float
    layers: tuple[LayerRate, ...]

    @property
    def loss(self) -> float:
        """Sum of the losses of all layers."""
        return math.fsum(layer.loss for layer in self.layers)

    def report(self) -> str:
        """A table of the layers: rate, cost, and share of the loss."""
        alone = math.fsum(layer.cost for layer in self.layers)
        rows = [
            (
                layer.name or "(model)",
                "-" if layer.rate is None else f"{layer.rate:g}x",
                self.budget.show(layer.cost),
                f"{layer.cost / alone:.1%}" if alone else "-",
                f"{layer.loss:.4f}",
                f"{layer.loss / self.loss:.1%}" if self.loss > 0 else "-",
            )
            for layer in self.layers
        ]
        rows.append(("total", "", self.budget.show(alone), "", f"{self.loss:.4f}", ""))
        headers = ("layer", "rate", self.budget.kind, "share", "loss", "share of the loss")
        table = tabulate(
            rows,
            headers,
            disable_numparse=True,
            colalign=("left", *["right"] * (len(headers) - 1)),
        )
        return f"{table}\n\nwhole model: {self.budget.show(self.cost)} ({self.budget})"


@torch.no_grad()
@limited_nesting(SearchError, "the model")
def search_rates(
    model: nn.Module,
    example_args: tuple[Any, ...],
    budget: Budget | str,
    *,
    config: PruningConfig | None = None,
    candidates: Sequence[float] = (1, 1.5, 2, 2.5, 3.6, 5, 8),
    evaluate: Evaluate | None = None,
    target: "str | Target" = "llvm-cpu",
    threads: int | None = None,
    precision: "Precision" = "float32",
    progress: bool = True,
) -> SearchResult:
    """Finds the connectivity of each layer that loses least within a budget.

    Each layer is pruned by magnitude alone, at each candidate, which gives its loss and its cost.
    Losses are taken to add up, and so are costs; among all combinations within the budget one of
    least loss is selected, see `patternc.search.selection`. A latency is then measured on the whole
    compiled model, and the selection is repeated with the budget corrected by what is found.

    All convolutions and linear layers that the model uses count, also those that are not pruned.
    Multiply-adds are counted; bytes are those that the compiler reports, of each layer alone at
    each rate; for latency, each distinct layer is compiled at each rate.

    Args:
      model: a trained model, which is not changed.
      example_args: what the model is called with; shapes decide the costs.
      budget: the limit, or its text, see `Budget.parse`.
      config: what is pruned; its structure has to be 'pattern'. The connectivity that it gives
        remains only for layers that are not searched, such as those of an RNN.
      candidates: the rates to choose from, each at least 1.
      evaluate: a metric of a model, larger when it is better. The loss of a layer is how much
        it falls; without it, the part of the layer's energy (sum of squares) that is removed.
      target, threads, precision: of `patternc.compile`, for bytes and latency.
      progress: show progress bars, on a terminal only.

    Returns:
      The config to prune with, and the table of layers.

    Raises:
      SearchError: when the budget cannot be read or reached, a candidate is no rate, the
        arguments are no tuple, no layer is left to search, or the metric is not finite.
      PruningError: as `patternc.prune.plan.plan`.
      ModelError, TargetError, CompilerError, MissingDependencyError: as `patternc.compile`, for
        bytes and latency.
    """
    budget = Budget.parse(budget) if isinstance(budget, str) else budget
    config = config or PruningConfig()
    if config.structure != "pattern":
        raise SearchError(
            f"structure is '{config.structure}', but rates are searched for 'pattern' only"
        )
    if not isinstance(example_args, tuple):
        kind = type(example_args).__name__
        raise SearchError(f"example_args is a {kind}, expected a tuple of arguments")
    rates = _checked(candidates)
    plan(model, config)  # what is wrong with them is said before a model runs
    model = copy.deepcopy(model).eval()
    layers = _layers(model, config, rates, record_calls(model, example_args))
    losses = layer_losses(model, [layer.options for layer in layers], evaluate, progress=progress)
    meter = LatencyMeter(target, threads, precision, progress)

    def configured(choice: Choice) -> PruningConfig:
        return _configured(model, config, layers, choice)

    def latency(choice: Choice) -> float:
        pruned = copy.deepcopy(model)
        prune_(pruned, configured(choice))
        return meter.model(pruned, example_args)

    if budget.kind == "latency":
        costs = _latencies(layers, meter)
        choice, cost = select_measured(costs, losses, budget.limit, latency)
        if cost > budget.limit:
            raise _unreachable(budget, cost, rates)
    else:
        if budget.kind == "bytes":
            costs = _bytes(layers, StorageMeter(target, precision))
        else:
            costs = _multiply_adds(layers)
        choice = select(costs, losses, budget.limit)
        if choice is None:
            raise _unreachable(budget, total(costs, cheapest(costs)), rates)
        cost = total(costs, choice)
    rows = zip(layers, costs, losses, choice, strict=True)
    return SearchResult(
        configured(choice),
        budget,
        cost,
        tuple(LayerRate(r.name, r.rates[i], c[i], loss[i]) for r, c, loss, i in rows),
    )


def _unreachable(budget: Budget, least: float, rates: Sequence[float]) -> SearchError:
    return SearchError(
        f"budget '{budget}' cannot be reached: the least possible cost is {budget.show(least)}; "
        f"raise it, or give candidates above {rates[-1]:g}"
    )


@dataclass(frozen=True, eq=False)
class _Layer:
    """A layer with its options.

    Attributes:
      name: module name.
      calls: where the model uses it.
      rates: connectivity of each option; [None] when the rate is not searched.
      options: what each of them keeps.
    """

    name: str
    calls: list[LayerCall]
    rates: list[float | None]
    options: list[MaskedWeight]


def _checked(candidates: Sequence[float]) -> list[float]:
    for rate in candidates:
        number = isinstance(rate, int | float) and not isinstance(rate, bool)
        if not (number and math.isfinite(rate) and rate >= 1):
            raise SearchError(f"candidates has {rate!r}, expected finite numbers of at least 1")
    if not candidates:
        raise SearchError("candidates is empty, expected rates of at least 1")
    return sorted(set(candidates))


def _layers(
    model: nn.Module,
    config: PruningConfig,
    rates: Sequence[float],
    calls: Mapping[int, list[LayerCall]],
) -> list[_Layer]:
    """The layers that the model uses; those that share a weight are one."""
    plans = [plan(model, replace(config, connectivity=rate)) for rate in rates]
    # At a rate of 1 a layer that could have connectivity has none.
    with_rate = {
        layer.name for layer in plan(model, replace(config, connectivity=2)) if _rated(layer)
    }
    layers, seen = [], set()
    for column in zip(*plans, strict=True):
        first, key = column[0], weight_key(column[0].module)
        if not isinstance(first.module, LAYERS) or key not in calls or key in seen:
            continue
        seen.add(key)
        searched = first.name in with_rate
        layers.append(
            _Layer(
                first.name,
                calls[key],
                list(rates) if searched else [None],
                [MaskedWeight.of(layer) for layer in (column if searched else column[:1])],
            )
        )
    if not any(layer.name in with_rate for layer in layers):
        raise SearchError(
            "no layer has a rate to search; patternc.prune.analyze tells why each is left alone"
        )
    return layers


def _rated(layer: LayerPlan) -> bool:
    return any(isinstance(s, Connectivity | BlockColumns) for s in layer.sets)


def _multiply_adds(layers: Sequence[_Layer]) -> list[list[float]]:
    return [
        [
            stored_weights(option.mask) * sum(call.positions for call in layer.calls)
            for option in layer.options
        ]
        for layer in layers
    ]


def _bytes(layers: Sequence[_Layer], meter: StorageMeter) -> list[list[float]]:
    return [
        [meter.bytes(layer.calls[0], option.mask) for option in layer.options] for layer in layers
    ]


def _latencies(layers: Sequence[_Layer], meter: LatencyMeter) -> list[list[float]]:
    jobs = [
        (call, option.mask) for layer in layers for option in layer.options for call in layer.calls
    ]
    seconds = iter(meter.layers(jobs))
    return [[sum(next(seconds) for _ in layer.calls) for _ in layer.options] for layer in layers]


def _configured(
    model: nn.Module, config: PruningConfig, layers: Sequence[_Layer], choice: Choice
) -> PruningConfig:
    """The config with the rates that were chosen, before those of layers that were not searched."""
    chosen = {
        glob.escape(layer.name): rate
        for layer, index in zip(layers, choice, strict=True)
        if (rate := layer.rates[index]) is not None
    }
    names = {layer.name for layer in layers}
    if any(_rated(layer) and layer.name not in names for layer in plan(model, config)):
        given = config.connectivity
        others = given if isinstance(given, Mapping) else {"*": given}
        chosen |= {name: rate for name, rate in others.items() if name not in chosen}
    return replace(config, connectivity=chosen)
