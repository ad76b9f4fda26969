# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The auxiliary variables of the extended ADMM of [PatDNN] (ASPLOS 2020).

For every set that a weight W has to lie in there is an auxiliary Z, the nearest point of the set
to W + U, and a scaled dual U, the sum of all W - Z so far. Training adds the gradient of
rho / 2 * ||W - Z + U||^2 of each set to that of the loss; an update in between moves Z and U.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from patternc.errors import PruningError
from patternc.prune.plan import LayerPlan


@dataclass(frozen=True)
class AdmmUpdate:
    """How far ADMM is from convergence, over all layers and sets.

    Attributes:
      rho: the penalty until this update.
      changed: share of the kernels (in matrices, weights) of which pruning now would keep other
        positions than at the update before, 0 to 1.
      primal: ||W - Z|| / ||W||.
      dual: rho * ||Z - Z before|| / ||W||.
    """

    rho: float
    changed: float
    primal: float
    dual: float


class Admm:
    """Z and U for each set of the layers, and the gradient of their penalty.

    Args:
      layers: the plans of the layers to prune.
      rho: the first penalty.
    """

    def __init__(self, layers: Iterable[LayerPlan], rho: float):
        self.rho = rho
        self._layers = [_Layer(layer) for layer in layers if layer.sets]

    @torch.no_grad()
    def add_penalty_gradients(self) -> None:
        """Adds the gradient of the penalty to those of the weights that have one."""
        for layer in self._layers:
            weight = layer.plan.weight
            if weight.grad is not None:
                # The sum over the sets of rho * (W - Z + U), with what moves only at updates apart.
                weight.grad.add_(weight, alpha=self.rho * len(layer.auxiliary))
                weight.grad.sub_(layer.target, alpha=self.rho)

    @torch.no_grad()
    def update(self, rho: float) -> AdmmUpdate:
        """Moves Z and U; `rho` is the penalty from here on.

        Raises:
          PruningError: for weights that have become NaN or infinite.
        """
        sums = [layer.update(self.rho / rho) for layer in self._layers]
        changed, kernels, primal, dual, norm = torch.tensor(sums, dtype=torch.float64).sum(dim=0)
        before, self.rho = self.rho, rho
        norm = norm.sqrt().clamp_min(torch.finfo(torch.float64).tiny)
        return AdmmUpdate(
            before,
            float(changed / kernels),
            float(primal.sqrt() / norm),
            float(before * dual.sqrt() / norm),
        )

    def target(self, layer: LayerPlan) -> Tensor:
        """The sum over the sets of Z - U: where the penalty draws the weight, times the sets."""
        return next(mine.target for mine in self._layers if mine.plan is layer)

    def tensors(self) -> dict[str, Tensor]:
        """Z and U of each set, and what pruning would keep, by layer name; not copied."""
        return {name: tensor for layer in self._layers for name, tensor in layer.tensors().items()}

    @torch.no_grad()
    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Takes over what `tensors` returned; the names and shapes must be the same."""
        for name, tensor in self.tensors().items():
            tensor.copy_(tensors[name])
        for layer in self._layers:
            layer.set_target()


class _Layer:
    def __init__(self, plan: LayerPlan):
        self.plan = plan
        weight = plan.weight.detach()
        self.auxiliary = [_nearest(plan, index, weight) for index in range(len(plan.sets))]
        self.dual = [torch.zeros_like(weight) for _ in plan.sets]
        self.kept = plan.mask()
        self.target = torch.empty_like(weight)
        self.set_target()

    def tensors(self) -> dict[str, Tensor]:
        tensors = {f"{self.plan.name}/kept": self.kept}
        for index, constraint_set in enumerate(self.plan.sets):
            name = f"{self.plan.name}/{constraint_set.name}"
            tensors[f"{name}/auxiliary"] = self.auxiliary[index]
            tensors[f"{name}/dual"] = self.dual[index]
        return tensors

    def set_target(self) -> None:
        """The sum over the sets of Z - U."""
        self.target.zero_()
        for auxiliary, dual in zip(self.auxiliary, self.dual, strict=True):
            self.target.add_(auxiliary).sub_(dual)

    def update(self, dual_scale: float) -> tuple[float, float, float, float, float]:
        """Returns kernels that changed, kernels, ||W - Z||^2, ||Z - Z before||^2, ||W||^2.

        U is the dual over rho, and the dual does not change with rho: hence `dual_scale`.
        """
        weight = self.plan.weight.detach()
        primal = dual_residual = 0.0
        for index, (auxiliary, dual) in enumerate(zip(self.auxiliary, self.dual, strict=True)):
            nearest = _nearest(self.plan, index, weight + dual)
            dual_residual += _square(nearest - auxiliary)
            primal += _square(weight - nearest)
            auxiliary.copy_(nearest)
            dual.add_(weight).sub_(nearest).mul_(dual_scale)
        self.set_target()
        kept, before = self.plan.mask(), self.kept
        self.kept = kept
        changed = kept.ne(before).reshape(*kept.shape[:2], -1).any(dim=2)
        norm = len(self.plan.sets) * _square(weight)
        return int(changed.sum()), changed.numel(), primal, dual_residual, norm


def _nearest(plan: LayerPlan, index: int, point: Tensor) -> Tensor:
    try:
        return point.masked_fill(~plan.sets[index].project(point), 0)
    except PruningError as error:
        raise PruningError(f"layer '{plan.name}': {error}; lower the learning rate") from error


def _square(tensor: Tensor) -> float:
    return tensor.double().square().sum().item()
