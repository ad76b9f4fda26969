"""Which structure each weight of a model takes, and why some take none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from patternc.errors import PruningError
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
from patternc.prune.matching import check_used, matches
from patternc.prune.pattern_sets import NAMED_SETS, PatternSet, default_for, natural_set

_Convolution = nn.Conv1d | nn.Conv2d
_Matrix = nn.Linear | nn.RNNBase | nn.RNNCellBase | nn.MultiheadAttention


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
        return getattr(self.module, self.parameter)

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
    """A parameter of two or more dimensions, and what it may be chosen by."""

    name: str
    full_name: str
    module: nn.Module
    parameter: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.name, self.full_name, self.full_name.rpartition(".")[0])))

    @property
    def prunable(self) -> bool:
        return isinstance(self.module, _Convolution | _Matrix)


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
    weights = list(_weights(model))
    _check_names(model, config, [weight.names for weight in weights if weight.prunable])
    first = next((w.module for w in weights if isinstance(w.module, _Convolution)), None)
    notes = {}
    owners: dict[int, str] = {}
    for weight in weights:
        owner = owners.setdefault(id(getattr(weight.module, weight.parameter)), weight.name)
        shared = f"shares its weight with '{owner}'" if owner != weight.name else ""
        notes[weight] = shared or _reason_to_leave(weight, config, weight.module is first)
    chosen = [weight for weight, note in notes.items() if not note]
    if not chosen:
        reasons = "; ".join(f"{weight.name or '(model)'}: {note}" for weight, note in notes.items())
        raise PruningError(f"no layer is left to prune ({reasons})")

    pattern_sets = _pattern_sets(config, chosen)
    return tuple(
        LayerPlan(weight.name, weight.module, weight.parameter, note=note)
        if note
        else _structure(weight, config, pattern_sets, weight.module is first)
        for weight, note in notes.items()
    )


def _weights(model: nn.Module) -> Iterator[_Weight]:
    for module_name, module in model.named_modules():
        if isinstance(module, _Convolution) and "weight" not in module._parameters:
            yield _Weight(module_name, f"{module_name}.weight", module, "weight")
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.dim() >= 2:
                full_name = f"{module_name}.{name}" if module_name else name
                label = module_name if name == "weight" else full_name
                yield _Weight(label, full_name, module, name)


def _check_names(model: nn.Module, config: PruningConfig, layers: list[tuple[str, ...]]) -> None:
    if not layers:
        raise PruningError(
            f"{type(model).__name__} has no layer to prune, "
            "expected a convolution, Linear, RNN or attention"
        )
    check_used(config.targets or (), "targets", layers)
    check_used(config.ignore, "ignore", layers)
    for field in ("connectivity", "rate"):
        if isinstance(rates := getattr(config, field), Mapping):
            check_used(rates, field, layers)


def _reason_to_leave(weight: _Weight, config: PruningConfig, first: bool) -> str:
    module, kind = weight.module, type(weight.module).__name__
    if not weight.prunable:
        return f"{kind}: only convolutions, Linear, RNN and attention are pruned"
    if config.targets is not None and not any(matches(t, weight.names) for t in config.targets):
        return "not in targets"
    for selector in config.ignore:
        if matches(selector, weight.names):
            return f"ignored by '{selector}'"
    if weight.parameter not in module._parameters:
        return "its weight is computed from other parameters; remove the parametrization first"
    shape = getattr(module, weight.parameter).shape
    if isinstance(module, _Convolution):
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
    if config.structure == "2:4" and shape[1] % 4:
        return f"2:4 needs a multiple of 4 input channels, found {shape[1]}"
    return ""


def _structure(
    weight: _Weight,
    config: PruningConfig,
    pattern_sets: dict[tuple[int, int], PatternSet],
    first: bool,
) -> LayerPlan:
    module, tensor = weight.module, getattr(weight.module, weight.parameter)
    sets: list[ConstraintSet] = []
    patterns, note = None, ""
    kind = "connectivity" if config.structure == "pattern" else "rate"
    given = _rate(getattr(config, kind), weight)
    rate = 1.0 if given is None else given
    if config.structure == "2:4":
        sets.append(TwoOfFour())
    elif config.structure != "pattern":
        sets.append((Filters if config.structure == "filter" else Unstructured)(rate))
    elif isinstance(module, _Convolution):
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
        block = config.block_rows, config.block_columns
        sets.append(BlockColumns(rate, *block))
        if config.row_rate > 1:
            sets.append(BlockRows(config.row_rate, *block))
    if given is None and config.structure != "2:4" and not note:
        note = f"no {kind} is given for it"
    return LayerPlan(weight.name, module, weight.parameter, tuple(sets), patterns, note)


def _rate(rates: float | Mapping[str, float], weight: _Weight) -> float | None:
    """The rate of a layer; None when rates are given by name, and none of them is for it."""
    if not isinstance(rates, Mapping):
        return rates
    return next((rate for name, rate in rates.items() if matches(name, weight.names)), None)


def _reason_to_keep_kernels(module: _Convolution, first: bool) -> str:
    if _is_depthwise(module):
        return "depthwise: patterns only"
    if first and module.in_channels <= 3:
        return "first layer: patterns only"
    return ""


def _is_depthwise(module: _Convolution) -> bool:
    return module.groups > 1 and module.groups == module.in_channels


def _pattern_sets(
    config: PruningConfig, chosen: list[_Weight]
) -> dict[tuple[int, int], PatternSet]:
    """The pattern set of each kernel size of the layers."""
    if config.structure != "pattern":
        return {}
    weights: dict[tuple[int, int], list[Tensor]] = {}
    for weight in chosen:
        if isinstance(weight.module, _Convolution):
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


def _kernel(module: _Convolution) -> tuple[int, int]:
    size = module.kernel_size
    return (1, size[0]) if isinstance(module, nn.Conv1d) else (size[0], size[1])
