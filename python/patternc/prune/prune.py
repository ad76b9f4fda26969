"""Magnitude pruning of a whole model, in place."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import torch
from tabulate import tabulate
from torch import Tensor, nn

from patternc.errors import PruningError
from patternc.prune.pattern_sets import PatternSet, default_for
from patternc.prune.projection import Form, project


@dataclass(frozen=True, eq=False)
class LayerPruning:
    """What pruning did to one weight.

    Attributes:
      name: module name; for a parameter that is not called `weight`, its own full name.
      shape: shape of the weight.
      kept_kernels: kernels that are not removed, of `kernels`; where the layer was skipped,
        those that are not zero.
      kept_weights: likewise of `weights`.
      patterns: the pattern set used, None for a layer that was skipped.
      note: why the layer was skipped, or which part of pruning left it alone; else empty.
      mask: the weights to keep, bool, of `shape`; None for a layer that was skipped.
    """

    name: str
    shape: tuple[int, ...]
    kept_kernels: int
    kept_weights: int
    patterns: PatternSet | None = None
    note: str = ""
    mask: Tensor | None = field(default=None, repr=False)

    @property
    def kernels(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def weights(self) -> int:
        return math.prod(self.shape)

    @property
    def rate(self) -> float:
        """Weights before over weights after."""
        return self.weights / self.kept_weights if self.kept_weights else math.inf


@dataclass(frozen=True, eq=False)
class PruningReport:
    """Result of `prune_`.

    Attributes:
      layers: every weight with two or more dimensions, in the order of the model, whether
        it was pruned or skipped.
    """

    layers: tuple[LayerPruning, ...]

    @property
    def masks(self) -> dict[str, Tensor]:
        """Mask of each pruned layer by module name, bool, True where the weight is kept."""
        return {layer.name: layer.mask for layer in self.layers if layer.mask is not None}

    @property
    def rate(self) -> float:
        """Weights before over weights after, over the layers that were pruned."""
        pruned = [layer for layer in self.layers if layer.mask is not None]
        return sum(layer.weights for layer in pruned) / sum(layer.kept_weights for layer in pruned)

    def report(self) -> str:
        """A table of the layers, and the overall rate."""
        rows = [
            (
                layer.name or "(model)",
                "x".join(map(str, layer.shape)),
                len(layer.patterns) if layer.patterns else "-",
                f"{layer.kept_kernels}/{layer.kernels}",
                f"{layer.kept_weights}/{layer.weights}",
                f"{layer.rate:.2f}x",
                layer.note,
            )
            for layer in self.layers
        ]
        headers = ("layer", "shape", "patterns", "kernels", "weights", "rate", "note")
        table = tabulate(rows, headers, disable_numparse=True)
        return f"{table}\n\npruned layers together: {self.rate:.2f}x"


@torch.no_grad()
def prune_(
    model: nn.Module,
    *,
    pattern_set: PatternSet | None = None,
    connectivity: float = 3.6,
    form: Form = "group",
    group_size: int = 4,
    targets: str | Sequence[str] | None = None,
    ignore: str | Sequence[str] = (),
    skip_first: bool = True,
) -> PruningReport:
    """Prunes the convolutions of a model to patterns and connectivity by magnitude.

    Each Conv2d takes a pattern per kernel and connectivity, except that a 1x1 convolution
    takes connectivity only, a depthwise one patterns only, and so does the first
    convolution of the model if it reads an image of 1 to 3 channels ([PatDNN], ASPLOS 2020).
    3.6 times connectivity and four of nine positions remove all but one weight in 8.1.

    Nothing is changed when an error is raised.

    Args:
      model: the model; its weights may be on any device.
      pattern_set: patterns for the kernels of its size. `default_for` chooses them for other
        sizes, and for all when it is None.
      connectivity: kernels before over kernels after, at least 1 (1 keeps all of them).
      form: 'filter', as many kernels in every filter; 'group', moreover the filters of a
        group keep the same channels with the same patterns, the fast form for the compiler.
      group_size: filters in a group of the form 'group'.
      targets: globs on module names, the only layers to prune; None for all.
      ignore: globs on module names, layers to leave alone.
      skip_first: leave the connectivity of the first convolution alone, as above.

    Returns:
      What was done to each layer, with the masks that `fine_tune_` keeps to.

    Raises:
      PruningError: for an argument out of range, a pattern set whose kernel no pruned layer
        has, a glob that matches no Conv2d, weights that are NaN, infinite or not yet
        initialised, a model without Conv2d or that is not a module.
    """
    if not isinstance(model, nn.Module):
        raise PruningError(f"model is a {type(model).__name__}, expected a torch.nn.Module")
    for name, parameter in model.named_parameters():
        if nn.parameter.is_lazy(parameter):
            raise PruningError(f"'{name}' is not initialised; call the model once before pruning")
    convolutions = {n: m for n, m in model.named_modules() if isinstance(m, nn.Conv2d)}
    if not convolutions:
        raise PruningError(f"{type(model).__name__} has no Conv2d layer to prune")

    targets = None if targets is None else _globs(targets, "targets", convolutions)
    ignore = _globs(ignore, "ignore", convolutions)
    skipped = {
        name: reason
        for name, module in convolutions.items()
        if (reason := _reason_to_skip(name, module, targets, ignore))
    }
    chosen = {n: m for n, m in convolutions.items() if n not in skipped}
    if not chosen:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
        raise PruningError(f"no Conv2d layer is left to prune ({reasons})")

    pattern_sets = _pattern_sets(chosen, pattern_set)
    first = next(iter(convolutions)) if skip_first else None
    pruned = {}
    for name, module in chosen.items():
        note = _reason_to_keep_kernels(module, name == first)
        patterns = pattern_sets[_kernel(module)]
        try:
            mask = project(
                module.weight,
                patterns,
                1.0 if note else connectivity,
                form=form,
                group_size=group_size,
                groups=module.groups,
            )
        except PruningError as error:
            raise PruningError(f"layer '{name}': {error}") from error
        pruned[name] = LayerPruning(name, *_measure(mask), patterns, note, mask)

    for name, layer in pruned.items():
        chosen[name].weight.masked_fill_(~layer.mask, 0)
    return PruningReport(
        tuple(
            pruned.get(name) or LayerPruning(name, *_measure(weight), note=skipped.get(name, note))
            for name, weight, note in _weights(model)
        )
    )


def _globs(globs: str | Sequence[str], argument: str, names: Iterable[str]) -> tuple[str, ...]:
    globs = (globs,) if isinstance(globs, str) else tuple(globs)
    for glob in globs:
        if not any(fnmatchcase(name, glob) for name in names):
            raise PruningError(
                f"{argument}: '{glob}' matches no Conv2d layer; the model has {', '.join(names)}"
            )
    return globs


def _reason_to_skip(
    name: str, module: nn.Conv2d, targets: Sequence[str] | None, ignore: Sequence[str]
) -> str:
    if targets is not None and not any(fnmatchcase(name, glob) for glob in targets):
        return "not in targets"
    for glob in ignore:
        if fnmatchcase(name, glob):
            return f"ignored by '{glob}'"
    if "weight" not in dict(module.named_parameters(recurse=False)):
        return "its weight is computed from other parameters; remove the parametrization first"
    return ""


def _reason_to_keep_kernels(module: nn.Conv2d, first: bool) -> str:
    if module.groups > 1 and module.groups == module.in_channels:
        return "depthwise: patterns only"
    if first and module.in_channels <= 3:
        return "first layer: patterns only"
    return ""


def _pattern_sets(
    convolutions: dict[str, nn.Conv2d], pattern_set: PatternSet | None
) -> dict[tuple[int, int], PatternSet]:
    """The pattern set of each kernel size of the layers."""
    weights: dict[tuple[int, int], list[Tensor]] = {}
    for module in convolutions.values():
        weights.setdefault(_kernel(module), []).append(module.weight)
    pattern_sets = {} if pattern_set is None else {pattern_set.kernel: pattern_set}
    if unknown := pattern_sets.keys() - weights:
        raise PruningError(
            f"pattern set is for {unknown.pop()} kernels, "
            f"but the layers to prune have {', '.join(map(str, weights))}"
        )
    return {k: pattern_sets.get(k) or default_for(k, of_size) for k, of_size in weights.items()}


def _kernel(module: nn.Conv2d) -> tuple[int, int]:
    return module.kernel_size[0], module.kernel_size[1]


def _measure(weight: Tensor) -> tuple[tuple[int, ...], int, int]:
    """Shape, kernels that are not empty, weights that are not zero."""
    kernels = weight.ne(0).reshape(weight.shape[0], weight.shape[1], -1)
    return tuple(weight.shape), int(kernels.any(dim=2).sum()), int(kernels.sum())


def _weights(model: nn.Module) -> Iterator[tuple[str, Tensor, str]]:
    """Every parameter of two or more dimensions: name, value, why it cannot be pruned."""
    for module_name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            yield module_name, module.weight, ""
            continue
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.dim() >= 2:
                full_name = f"{module_name}.{name}" if module_name else name
                label = module_name if name == "weight" else full_name
                yield label, parameter, f"{type(module).__name__}: only Conv2d is pruned"
