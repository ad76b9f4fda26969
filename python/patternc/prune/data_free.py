# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pruning by layer-wise reconstruction, for which synthetic inputs are enough.

Each layer in turn gets weights W' of the wanted structure that minimise ||F(X'; W') - F(X; W)||^2,
where X are its inputs in the model as it was and X' those behind the layers that are pruned already
([Priv], arXiv 2003.06513). The loss is quadratic: with the second moments of the inputs, summed up
over all batches, each step of ADMM and the weights under the final mask are exact solutions of
linear equations, without a learning rate.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from patternc.errors import PruningError, limited_nesting
from patternc.prune.admm import Admm
from patternc.prune.config import PruningConfig
from patternc.prune.plan import LayerPlan, plan
from patternc.prune.report import PruningReport, describe
from patternc.train.batch_norm import reestimate_batch_norm_

_UPDATES = 40
# Of the mean energy of an input: from hardly any penalty to hardly any loss.
_RHO_START, _RHO_END = 1e-3, 1e2
# Of the mean energy, too: keeps equations solvable when inputs depend on each other.
_RIDGE = 1e-6


@torch.no_grad()
@limited_nesting(PruningError, "the model")
def prune_data_free_(
    model: nn.Module,
    inputs: Sequence[Tensor],
    config: PruningConfig | None = None,
    *,
    progress: bool = True,
    **fields: Any,
) -> PruningReport:
    """Prunes a model so that every layer gives what it gave before, in place.

    Convolutions and linear layers are reconstructed; RNN and attention are pruned by magnitude,
    which the report says. At the end the statistics of batch norms are estimated anew.

    Args:
      model: a trained model, left in eval mode.
      inputs: batches of inputs, for example from `synthetic_images`, or some real ones.
      config: what is pruned; its method and schedule do not matter here.
      progress: show a progress bar, on a terminal only.
      fields: fields of `PruningConfig` that replace those of `config`.

    Returns:
      What was done to each layer, with the masks.

    Raises:
      PruningError: when there is no batch, a layer to prune is not used by the model, and as
        `patternc.prune.plan.plan`.
    """
    if not inputs:
        raise PruningError("no batch of inputs to reconstruct layers with")
    layers = plan(model, (config or PruningConfig()).replaced(**fields))
    dense = copy.deepcopy(model).eval()
    model.eval()
    device = next(model.parameters()).device
    names = {module: name for name, module in model.named_modules()}
    described = []
    for layer in tqdm(layers, "layers", disable=None if progress else True):
        if not layer.pruned:
            described.append(describe(layer, None))
            continue
        if isinstance(layer.module, nn.Conv1d | nn.Conv2d | nn.Linear):
            moments = _Moments(layer)
            original = dense.get_submodule(names[layer.module])
            for batch in inputs:
                batch = batch.to(device)
                inputs_of = [
                    _input_of(layer.module, model, batch),
                    _input_of(original, dense, batch),
                ]
                try:
                    moments.add(*inputs_of)
                except RuntimeError as error:
                    raise PruningError(
                        f"layer '{layer.name}' does not take an input of shape "
                        f"{list(inputs_of[0].shape)}: {error}"
                    ) from error
            mask = _reconstruct_(layer, moments)
        else:
            layer = replace(layer, note=layer.note or "by magnitude, not reconstructed")
            mask = layer.mask()
            layer.weight.masked_fill_(~mask, 0)
        described.append(describe(layer, mask))
    reestimate_batch_norm_(model, inputs)
    return PruningReport(tuple(described))


class _Stop(Exception):  # noqa: N818 - it is no error
    pass


def _input_of(module: nn.Module, model: nn.Module, batch: Tensor) -> Tensor:
    """What a module reads when the model gets a batch; what comes after is not computed."""
    seen: list[Tensor] = []

    def stop(_: nn.Module, arguments: tuple[Tensor]) -> None:
        seen.append(arguments[0])
        raise _Stop

    hook = module.register_forward_pre_hook(stop)
    try:
        model(batch)
    except _Stop:
        pass
    finally:
        hook.remove()
    if not seen:
        raise PruningError(f"{module} is to be pruned, but the model does not use it")
    return seen[0]


class _Moments:
    """Second moments of the patches that a layer multiplies with its weights, for each group.

    Attributes:
      gram: X'X'^T, [groups, d, d].
      cross: X X'^T of the inputs before pruning, X, and behind pruned layers, X': [groups, d, d].
    """

    def __init__(self, layer: LayerPlan):
        module, weight = layer.module, layer.weight
        self._module = module
        self.groups = getattr(module, "groups", 1)
        self._values = weight[0].numel()
        # A bias is the weight of an input that is always one.
        self._bias = module.bias is not None
        size = self._values + self._bias
        self.gram = weight.new_zeros(self.groups, size, size, dtype=torch.float64)
        self.cross = torch.zeros_like(self.gram)

    def add(self, pruned: Tensor, dense: Tensor) -> None:
        pruned, dense = self._patches(pruned), self._patches(dense)
        self.gram += (pruned @ pruned.mT).double()
        self.cross += (dense @ pruned.mT).double()

    def _patches(self, inputs: Tensor) -> Tensor:
        """[groups, d, n], where n counts the outputs of one filter."""
        module = self._module
        if isinstance(module, nn.Linear):
            patches = inputs.reshape(1, -1, inputs.shape[-1]).mT
        else:
            patches = _unfold(module, inputs)  # [n, channels * positions, outputs]
            patches = patches.unflatten(1, (self.groups, self._values))
            patches = patches.permute(1, 2, 0, 3).flatten(2)
        if self._bias:
            patches = torch.cat([patches, torch.ones_like(patches[:, :1])], dim=1)
        return patches


def _unfold(module: nn.Module, inputs: Tensor) -> Tensor:
    assert isinstance(module, nn.Conv1d | nn.Conv2d)
    if module.padding_mode != "zeros" or isinstance(module.padding, str):
        inputs = functional.pad(
            inputs,
            module._reversed_padding_repeated_twice,
            mode="constant" if module.padding_mode == "zeros" else module.padding_mode,
        )
        padding = (0,) * len(module.kernel_size)
    else:
        padding = module.padding
    arguments = module.kernel_size, module.dilation, padding, module.stride
    if isinstance(module, nn.Conv1d):
        inputs = inputs.unsqueeze(2)
        arguments = tuple(
            (first, *argument) for first, argument in zip((1, 1, 0, 1), arguments, strict=True)
        )
    return functional.unfold(inputs, *arguments)


def _reconstruct_(layer: LayerPlan, moments: _Moments) -> Tensor:
    """Gives a layer the weights of its structure that reconstruct it; returns their mask."""
    energy = float(moments.gram.diagonal(dim1=1, dim2=2).mean())
    gram = moments.gram + _RIDGE * energy * torch.eye(moments.gram.shape[-1]).to(moments.gram)
    wanted = _rows(layer, moments.groups) @ moments.cross  # [groups, filters, d]
    values = layer.weight[0].numel()
    rise = (_RHO_END / _RHO_START) ** (1 / _UPDATES)
    admm = Admm([layer], _RHO_START * energy)
    for _ in range(_UPDATES if layer.sets else 0):
        penalty = admm.rho * len(layer.sets)
        diagonal = torch.zeros_like(gram[0, 0])
        diagonal[:values] = penalty  # none on the bias
        goal = wanted.clone()
        target = admm.target(layer).double().reshape(moments.groups, -1, values)
        goal[..., :values] += admm.rho * target
        _set_rows(layer, torch.linalg.solve(gram + diagonal.diag(), goal, left=False))
        admm.update(admm.rho * rise)

    mask = layer.mask()
    rows = mask.reshape(moments.groups, -1, values)
    if moments.gram.shape[-1] > values:
        rows = torch.cat([rows, torch.ones_like(rows[..., :1])], dim=2)
    solution = torch.zeros_like(wanted)
    for group in range(moments.groups):
        # Filters that keep the same positions are one system of equations.
        supports, members = rows[group].unique(dim=0, return_inverse=True)
        for index, kept in enumerate(supports):
            filters = members == index
            system = gram[group][kept][:, kept]
            solved = torch.linalg.solve(system, wanted[group][filters][:, kept], left=False)
            part = solution.new_zeros(int(filters.sum()), len(kept))
            part[:, kept] = solved
            solution[group, filters] = part
    _set_rows(layer, solution)
    layer.weight.masked_fill_(~mask, 0)
    return mask


def _rows(layer: LayerPlan, groups: int) -> Tensor:
    """Weights, and bias if there is one, float64 [groups, filters / groups, d]."""
    rows = layer.weight.detach().flatten(1)
    if isinstance(layer.module.bias, Tensor):
        rows = torch.cat([rows, layer.module.bias.detach()[:, None]], dim=1)
    return rows.double().unflatten(0, (groups, -1))


def _set_rows(layer: LayerPlan, rows: Tensor) -> None:
    weight, rows = layer.weight, rows.flatten(0, 1).to(layer.weight)
    values = weight[0].numel()
    weight.copy_(rows[:, :values].reshape(weight.shape))
    if isinstance(layer.module.bias, Tensor):
        layer.module.bias.copy_(rows[:, values])
