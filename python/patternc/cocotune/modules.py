# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The modules of a network: the named submodules that are pruned each at a ratio of its own."""

import copy
import difflib
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn

from patternc.cocotune.filter_pruning import FilterPruning
from patternc.cocotune.pattern_pruning import PatternPruning
from patternc.errors import CocoTuneError, limited_nesting
from patternc.train.layer_names import matches

_HOW_TO_MARK = "mark submodules of two convolutions or more that are called once with one tensor"

ModulePruning = FilterPruning | PatternPruning


@limited_nesting(CocoTuneError, "the network")
def find_modules(
    network: nn.Module, example_input: Tensor, *, marked: Sequence[str] | None = None
) -> tuple[str, ...]:
    """The modules of a network, in the order of execution.

    Unless they are marked, these are the smallest submodules of a class of their own, such as
    a residual block or an Inception module, that have filters inside which FilterPruning can
    remove; but one that holds a single smaller one, such as a block with a gate, stays whole.
    Where the network has no such classes, containers of torch.nn (Sequential and the like) are
    taken in the same way.

    Args:
      network: from one tensor to logits; it is not changed.
      example_input: a batch that it takes.
      marked: names of submodules, globs, or regular expressions behind `re:`; None finds them.

    Raises:
      CocoTuneError: when there is no module, a mark fits none, modules overlap, are called more
        than once or with anything but one tensor, the network does not take the input, or
        torch.fx cannot trace it around the modules.
    """
    if not isinstance(network, nn.Module) or not isinstance(example_input, Tensor):
        raise CocoTuneError(
            f"network is a {type(network).__name__} and its input a {type(example_input).__name__}"
            ", expected a torch.nn.Module and a tensor"
        )
    network = copy.deepcopy(network).eval()
    if marked is None:
        modules = _found(network, example_input)
    else:
        modules = [name for mark in marked for name in _marked(network, mark)]
        module_inputs(network, modules, example_input)
    graph = trace_around(network, modules)
    return tuple(
        str(n.target) for n in graph.nodes if n.op == "call_module" and n.target in modules
    )


def module_inputs(
    network: nn.Module, modules: Sequence[str], example_input: Tensor
) -> dict[str, Tensor]:
    """What each module reads when the network, which is in eval mode, gets an input.

    Raises:
      CocoTuneError: as `find_modules`, for modules that it would not find.
    """
    known = dict(network.named_modules())
    for place, name in enumerate(modules):
        if name not in known or not name:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise CocoTuneError(f"{type(network).__name__} has no module '{name}'{hint}")
        for other in modules[:place]:
            if f"{name}.".startswith(f"{other}.") or f"{other}.".startswith(f"{name}."):
                raise CocoTuneError(f"modules '{other}' and '{name}' overlap; name one of them")
    calls = _record_calls(network, example_input)
    inputs = {}
    for name in modules:
        given = calls.get(name, "is not called")
        if isinstance(given, str):
            raise CocoTuneError(
                f"module '{name}' {given}, expected one call with one tensor that gives one"
            )
        inputs[name] = given
    return inputs


def trace_around(network: nn.Module, modules: Sequence[str]) -> fx.Graph:
    """The graph of a network in which each of the modules is one call.

    Raises:
      CocoTuneError: when torch.fx cannot trace it.
    """
    try:
        graph = _AroundModules(modules).trace(network)
    except Exception as error:  # whatever the network's own code does with a proxy
        raise CocoTuneError(
            f"torch.fx cannot trace {type(network).__name__} around its modules: {error}; take "
            "control flow that depends on data out of its forward, or into a module"
        ) from error
    called = {node.target for node in graph.nodes if node.op == "call_module"}
    for name in modules:
        if name not in called:
            raise CocoTuneError(
                f"torch.fx traces {type(network).__name__} without its module '{name}'; "
                "a module has to be called as such, by one name"
            )
    return graph


def prune_module(
    network: nn.Module, name: str, ratio: float, example_input: Tensor, pruning: ModulePruning
) -> nn.Module:
    """A pruned copy of a module; errors of the pruning are told with its name."""
    try:
        return pruning.prune(network.get_submodule(name), ratio, example_input)
    except CocoTuneError as error:
        raise CocoTuneError(f"module '{name}': {error}") from error


class _AroundModules(fx.Tracer):
    def __init__(self, modules: Sequence[str]):
        super().__init__()
        self._modules = frozenset(modules)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return module_qualified_name in self._modules or super().is_leaf_module(
            m, module_qualified_name
        )


def _found(network: nn.Module, example_input: Tensor) -> list[str]:
    pruning = FilterPruning()
    prunable = {
        name
        for name, given in _record_calls(network, example_input).items()
        if isinstance(given, Tensor)
        and any(network.get_submodule(name).children())
        and pruning.can_prune(network.get_submodule(name), given)
    }
    own = {name for name in prunable if not _is_of_torch(network.get_submodule(name))}
    found = _smallest(network, "", own) or _smallest(network, "", prunable)
    if not found:
        how = getattr(network, "how_to_mark", _HOW_TO_MARK)  # a format has its own
        raise CocoTuneError(
            f"{type(network).__name__} has no module with filters that can be removed; {how}"
        )
    return found


def _marked(network: nn.Module, mark: str) -> list[str]:
    """The outermost submodules that a mark fits; a name that fits none is reported later."""
    found: list[str] = []
    for name, _ in network.named_modules():
        if name and matches(mark, [name]) and not any(name.startswith(f"{f}.") for f in found):
            found.append(name)
    return found or [mark]


@torch.no_grad()
def _record_calls(network: nn.Module, example_input: Tensor) -> dict[str, Tensor | str]:
    """What each submodule that is called reads, or why it can be no module."""
    calls: dict[str, Tensor | str] = {}
    counts: dict[str, int] = {}

    def record(name: str, args: Any, kwargs: Any, output: Any) -> None:
        counts[name] = counts.get(name, 0) + 1
        values = (*args, *kwargs.values())
        if counts[name] > 1:
            calls[name] = f"is called {counts[name]} times"
        elif len(values) != 1 or not isinstance(values[0], Tensor):
            calls[name] = f"is called with {_kinds(values)}"
        elif not isinstance(output, Tensor):
            calls[name] = f"gives {_kinds([output])}"
        else:
            calls[name] = values[0].detach()

    hooks = [
        module.register_forward_hook(
            lambda _, args, kwargs, output, name=name: record(name, args, kwargs, output),
            with_kwargs=True,
        )
        for name, module in network.named_modules()
        if name
    ]
    try:
        network(example_input)
    except (RuntimeError, TypeError, ValueError) as error:
        shape = list(example_input.shape)
        raise CocoTuneError(
            f"{type(network).__name__} does not take the example input of shape {shape}: {error}"
        ) from error
    finally:
        for hook in hooks:
            hook.remove()
    return calls


def _kinds(values: Sequence[Any]) -> str:
    return ", ".join(type(value).__name__ for value in values) or "nothing"


def _is_of_torch(module: nn.Module) -> bool:
    return type(module).__module__.startswith("torch.nn")


def _smallest(module: nn.Module, name: str, prunable: set[str]) -> list[str]:
    below = [
        found
        for child_name, child in module.named_children()
        for found in _smallest(child, f"{name}.{child_name}" if name else child_name, prunable)
    ]
    return [name] if len(below) < 2 and name in prunable else below
