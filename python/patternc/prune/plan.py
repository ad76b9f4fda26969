# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Which structure each weight of a model takes, and why some take none."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from patternc.errors import PruningError, limited_nesting
from patternc.prune.config import PruningConfig, parse_kernel
from patternc.prune.constraint_sets import (
    BlockColumns,
    BlockRows,
    Connectivity,
    ConstraintSet,
    Filters,
    Patterns,
    TwoOfFour,
    Unstructured,
    project_on_all,
)
from patternc.prune.grouping import filter_groups
from patternc.prune.pattern_sets import NAMED_SETS, PatternSet, default_for, natural_set
from patternc.prune.prunable_parameters import (
    Convolution,
    how_to_store,
    is_computed,
    is_transposed_linear,
    prunable_parameters,
    value_of,
)
from patternc.train.layer_names import check_used, matches


@dataclass(frozen=True, eq=False)
class LayerPlan:
    """What is to become of one weight.

    Attributes:
      name: module name; for a parameter that is not called `weight`, its own full name.
      module: the module that has the parameter.
      parameter: name of the parameter in it.
      sets: what the weight is projected on, in this order; empty for one that is left alone.
      patterns: the pattern set, None where there are no patterns.
      note: why the weight is left alone, or which part of pruning leaves it; else empty.
    """

    name: str
    module: nn.Module
    parameter: str
    sets: tuple[ConstraintSet, ...] = ()
    patterns: PatternSet | None = None
    note: str = ""

    @property
    def pruned(self) -> bool:
        """Whether pruning looks at the weight, also where a rate of 1 leaves all of it."""
        return bool(self.sets) or self.patterns is not None

    @property
    def weight(self) -> Tensor:
        return value_of(self.module, self.parameter)

    def mask(self) -> Tensor:
        """The weights to keep when they are pruned now, bool.

        Raises:
          PruningError: for weights that are NaN or infinite.
        """
        try:
            return project_on_all(self.weight, self.sets)
        except PruningError as error:
            raise PruningError(f"layer '{self.name}': {error}") from error


@dataclass(frozen=True, eq=False)
class _Weight:
    """A parameter of two or more dimensions, and what it may be chosen by.

    Attributes:
      prunable: whether pruning knows what it is; else it is listed only.
    """

    name: str
    full_name: str
    module: nn.Module
    parameter: str
    prunable: bool

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.name, self.full_name, self.full_name.rpartition(".")[0])))

    @property
    def tensor(self) -> Tensor:
        return value_of(self.module, self.parameter)


@limited_nesting(PruningError, "the model")
def plan(model: nn.Module, config: PruningConfig) -> tuple[LayerPlan, ...]:
    """The plan of every weight of two or more dimensions, in the order of the model.

    Raises:
      PruningError: for a name in the config that fits no layer, a pattern set whose kernel no
        pruned layer has, weights that are NaN, infinite or not yet initialised, a model
        without a layer to prune or that is not a module.
    """
    if not isinstance(model, nn.Module):
        raise PruningError(f"model is a {type(model).__name__}, expected a torch.nn.Module")
    for name, parameter in model.named_parameters():
        if nn.parameter.is_lazy(parameter):
            raise PruningError(f"'{name}' is not initialised; call the model once before pruning")
        if parameter.is_meta:
            raise PruningError(f"'{name}' is on the meta device and has no values; load them first")
        if parameter.layout != torch.strided:
            raise PruningError(
                f"'{name}' has the layout {parameter.layout}; expected a dense tensor"
            )
    weights = list(_weights(model))
    _check_names(model, config, [weight.names for weight in weights if weight.prunable])
    first = next((w.module for w in weights if isinstance(w.module, Convolution)), None)
    notes = {}
    owners: dict[Tensor, str] = {}  # by identity, as tensors are hashed
    for weight in weights:
        shared = ""
        if not is_computed(weight.module, weight.parameter):
            owner = owners.setdefault(weight.tensor, weight.name)
            shared = f"shares its weight with '{owner}'" if owner != weight.name else ""
        notes[weight] = shared or _reason_to_leave(weight, config, weight.module is first)
    chosen = [weight for weight, note in notes.items() if not note]
    if not chosen:
        raise PruningError(f"no layer is left to prune ({_summary(notes)})")

    pattern_sets = _pattern_sets(config, chosen)
    return tuple(
        LayerPlan(weight.name, weight.module, weight.parameter, note=note)
        if note
        else _structure(weight, config, pattern_sets, weight.module is first)
        for weight, note in notes.items()
    )


def _summary(notes: Mapping[_Weight, str]) -> str:
    """Each reason once, behind the layers that it is for."""
    layers = defaultdict(list)
    for weight, note in notes.items():
        layers[note].append(f"'{weight.name}'" if weight.name else "(model)")
    return "; ".join(f"{', '.join(names)}: {note}" for note, names in layers.items())


def _weights(model: nn.Module) -> Iterator[_Weight]:
    computing: set[str] = set()  # modules that only hold what another's weight is computed from
    for module_name, module in model.named_modules():
        if any(f"{module_name}.".startswith(f"{name}.") for name in computing):
            continue
        known = prunable_parameters(module)
        computed = [name for name in known if is_computed(module, name)]
        computing |= {_full_name(module_name, f"parametrizations.{name}") for name in computed}
        origins = tuple(f"{name}_" for name in computed)  # of hooks: weight_orig, weight_g, ...
        stored = [
            name
            for name, parameter in module._parameters.items()
            if parameter is not None
            and parameter.dim() >= 2
            and (name in known or not name.startswith(origins))
        ]
        for name in (*computed, *stored):
            full_name = _full_name(module_name, name)
            label = module_name if name == "weight" else full_name
            yield _Weight(label, full_name, module, name, name in known)


def _full_name(module: str, name: str) -> str:
    return f"{module}.{name}" if module else name


def _check_names(model: nn.Module, config: PruningConfig, layers: list[tuple[str, ...]]) -> None:
    if not layers:
        raise PruningError(
            f"{type(model).__name__} has no layer to prune, "
            "expected a convolution, Linear, RNN or attention"
        )
    check_used(config.targets or (), "targets", layers, PruningError, "pruned")
    check_used(config.ignore, "ignore", layers, PruningError, "pruned")
    for field in ("connectivity", "rate"):
        if isinstance(rates := getattr(config, field), Mapping):
            check_used(rates, field, layers, PruningError, "pruned")


def _reason_to_leave(weight: _Weight, config: PruningConfig, first: bool) -> str:
    module, kind = weight.module, type(weight.module).__name__
    if not weight.prunable:
        known = " and ".join(prunable_parameters(module))
        what = f"its {known}" if known else "convolutions, Linear, RNN and attention"
        return f"{kind}: only {what} {'is' if known else 'are'} pruned"
    if config.targets is not None and not any(matches(t, weight.names) for t in config.targets):
        return "not in targets"
    for selector in config.ignore:
        if matches(selector, weight.names):
            return f"ignored by '{selector}'"
    if is_computed(module, weight.parameter):
        return f"its {weight.parameter} {how_to_store(module, weight.parameter)}"
    shape = tuple(weight.tensor.shape)
    if 0 in shape:
        return f"its {weight.parameter} {list(shape)} has no elements"
    if not _has_form(module, shape):
        return f"{kind}: its {weight.parameter} has the shape {list(shape)}, unlike a layer's"
    if isinstance(module, Convolution):
        if config.structure == "pattern":
            return ""
        if first and config.skip_first and module.in_channels <= 3:
            return "first layer: left dense"
        if config.structure == "filter" and _is_depthwise(module):
            return "depthwise: its filters are those of the layer before"
    elif not config.linear:
        return f"{kind}: pruned with linear=True only"
    elif config.structure == "filter":
        return f"{kind}: its rows may be the outputs of the network"
    inputs = shape[0] if is_transposed_linear(module) else shape[1]
    if config.structure == "2:4" and inputs % 4:
        return f"2:4 needs a multiple of 4 input channels, found {inputs}"
    return ""


def _has_form(module: nn.Module, shape: tuple[int, ...]) -> bool:
    """Whether a weight is what its class has; a subclass may have made it anything."""
    if not isinstance(module, Convolution):
        return len(shape) == 2
    return shape[1] * module.groups == module.in_channels and shape[2:] == module.kernel_size


def _structure(
    weight: _Weight,
    config: PruningConfig,
    pattern_sets: dict[tuple[int, int], PatternSet],
    first: bool,
) -> LayerPlan:
    module, tensor = weight.module, weight.tensor
    sets: list[ConstraintSet] = []
    patterns, note = None, ""
    kind = "connectivity" if config.structure == "pattern" else "rate"
    given = _rate(getattr(config, kind), weight)
    rate = 1.0 if given is None else given
    if config.structure == "2:4":
        sets.append(TwoOfFour(axis=0 if is_transposed_linear(module) else 1))
    elif config.structure != "pattern":
        sets.append((Filters if config.structure == "filter" else Unstructured)(rate))
    elif isinstance(module, Convolution):
        note = _reason_to_keep_kernels(module, first and config.skip_first)
        group = filter_groups(
            tensor, form=config.form, group_size=config.group_size, groups=module.groups
        )
        if rate > 1 and not note:
            sets.append(Connectivity(rate, None if config.form == "layer" else group))
        patterns = pattern_sets[_kernel(module)]
        if not patterns.masks().all():
            sets.append(Patterns(patterns, group))
    else:
        rows, columns = config.block_rows, config.block_columns
        if is_transposed_linear(module):  # its rows are what columns are elsewhere
            sets.append(BlockRows(rate, columns, rows))
            across = BlockColumns(config.row_rate, columns or tensor.shape[0], rows)
        else:
            sets.append(BlockColumns(rate, rows, columns))
            across = BlockRows(config.row_rate, rows, columns)
        if config.row_rate > 1:
            sets.append(across)
    if given is None and config.structure != "2:4" and not note:
        note = f"no {kind} is given for it"
    return LayerPlan(weight.name, module, weight.parameter, tuple(sets), patterns, note)


def _rate(rates: float | Mapping[str, float], weight: _Weight) -> float | None:
    """The rate of a layer; None when rates are given by name, and none of them is for it."""
    if not isinstance(rates, Mapping):
        return rates
    return next((rate for name, rate in rates.items() if matches(name, weight.names)), None)


def _reason_to_keep_kernels(module: Convolution, first: bool) -> str:
    if _is_depthwise(module):
        return "depthwise: patterns only"
    if first and module.in_channels <= 3:
        return "first layer: patterns only"
    return ""


def _is_depthwise(module: Convolution) -> bool:
    return module.groups > 1 and module.groups == module.in_channels


def _pattern_sets(
    config: PruningConfig, chosen: list[_Weight]
) -> dict[tuple[int, int], PatternSet]:
    """The pattern set of each kernel size of the layers."""
    if config.structure != "pattern":
        return {}
    weights: dict[tuple[int, int], list[Tensor]] = {}
    for weight in chosen:
        if isinstance(weight.module, Convolution):
            tensor = weight.module.weight
            kernel = _kernel(weight.module)
            weights.setdefault(kernel, []).append(tensor.reshape(*tensor.shape[:2], *kernel))
    given = {parse_kernel(size): patterns for size, patterns in config.pattern_sets.items()}
    for height, width in given.keys() - weights:
        sizes = ", ".join(f"{h}x{w}" for h, w in weights) or "no kernels"
        raise PruningError(
            f"pattern_sets: one is for {height}x{width} kernels, "
            f"but the layers to prune have {sizes}"
        )
    return {kernel: _pattern_set(given.get(kernel), kernel, weights[kernel]) for kernel in weights}


def _pattern_set(
    given: str | PatternSet | None,
    kernel: tuple[int, int],
    weights: list[Tensor],
) -> PatternSet:
    if given is None:
        return default_for(kernel, weights)
    if not isinstance(given, str):
        return (
            given if isinstance(given, PatternSet) else PatternSet(kernel, tuple(map(tuple, given)))
        )
    if given in NAMED_SETS:
        return NAMED_SETS[given]
    return natural_set(weights, kernel=kernel, size=int(given.partition(":")[2]))


def _kernel(module: Convolution) -> tuple[int, int]:
    size = module.kernel_size
    return (1, size[0]) if isinstance(module, nn.Conv1d) else (size[0], size[1])
