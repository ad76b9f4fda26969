# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pruning inside a training loop of one's own."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from patternc.errors import PruningError
from patternc.prune.admm import Admm, AdmmUpdate
from patternc.prune.config import PruningConfig
from patternc.prune.constraint_sets import Patterns
from patternc.prune.masks import add_mask, apply_masks, mask_of, remove_mask
from patternc.prune.plan import LayerPlan, plan
from patternc.prune.report import PruningReport, describe
from patternc.train.config_yaml import to_plain

Phase = Literal["admm", "gradual", "retrain", "finished"]


class Pruner:
    """Prunes a model while it is trained, by any method and to any structure of the config.

    ```python
    pruner = Pruner.prepare(model, config, optimizer)
    for epoch in range(config.epochs + 10):
        for inputs, targets in batches:
            optimizer.zero_grad()
            loss(model(inputs), targets).backward()
            pruner.step()  # in place of optimizer.step()
        pruner.end_epoch()
    report = pruner.finalize()
    ```

    The first `config.epochs` epochs move the weights towards their structure ('admm'), or take
    them away by and by ('gradual'); then what does not fit the structure is removed, and the
    weights that are left are trained ('retrain'), as many epochs as one likes. The method
    'one-shot' begins there.

    Every pruned weight has a mask, a buffer of its module: `conv.weight_mask`. `state_dict`
    holds the rest. With DistributedDataParallel, prepare the model before it is wrapped.

    Attributes:
      config: what it was prepared with.
      optimizer: whose steps `step` takes; another one may be put in its place between two steps.
      phase: 'admm' or 'gradual', then 'retrain', then 'finished'.
      epoch: epochs that have ended.
    """

    def __init__(
        self, layers: tuple[LayerPlan, ...], config: PruningConfig, optimizer: torch.optim.Optimizer
    ):
        self.config = config
        self.optimizer = optimizer
        self.epoch = 0
        self._all_layers = layers
        self._layers = tuple(layer for layer in layers if layer.pruned)
        _check_optimizer(self._layers, optimizer)
        self._learning_rates = [group["lr"] for group in optimizer.param_groups]
        for layer in self._layers:
            add_mask(layer)
        self.phase: Phase = "retrain" if config.method == "one-shot" else config.method
        self._admm = Admm(self._layers, self._rho(0)) if self.phase == "admm" else None
        if self.phase == "retrain":
            self.prune()

    @classmethod
    def prepare(
        cls,
        model: nn.Module,
        config: PruningConfig | None,
        optimizer: torch.optim.Optimizer,
        **fields: Any,
    ) -> "Pruner":
        """Plans what becomes of each layer and registers the masks.

        Args:
          model: the model, trained already.
          config: what to prune; None for the defaults.
          optimizer: over the parameters of the model.
          fields: fields of `PruningConfig` that replace those of `config`.

        Raises:
          PruningError: for a field out of range, a weight to prune that the optimizer does not
            train, and as `patternc.prune.plan.plan`.
        """
        config = (config or PruningConfig()).replaced(**fields)
        return cls(plan(model, config), config, optimizer)

    def step(self, step: Callable[[torch.optim.Optimizer], Any] | None = None) -> None:
        """Takes a step of the optimizer, with the gradient of ADMM or under the masks.

        Under the masks removed weights, their gradients and their optimizer state (momentum and
        the like) are exactly zero.

        Args:
          step: takes the step in place of `Optimizer.step`; with a GradScaler, first
            `scaler.unscale_(optimizer)`, then `pruner.step(scaler.step)`.
        """
        if self.phase == "admm" and self._admm:
            self._admm.add_penalty_gradients()
        else:
            self._clear_gradients()
        if step:
            step(self.optimizer)
        else:
            self.optimizer.step()
        if self.phase != "admm":
            # What was cleared when it was removed, and had no gradient since, is still zero in the
            # state of the optimizer. Weights may move if it mixes gradients, as Muon does.
            apply_masks(self._layers)

    def end_epoch(self) -> AdmmUpdate | None:
        """Ends an epoch: updates ADMM or masks when the period is over, and the phase.

        Returns:
          The convergence of ADMM, when it was updated.

        Raises:
          PruningError: for weights that have become NaN or infinite.
        """
        self.epoch += 1
        if self.phase not in ("admm", "gradual"):
            return None
        update = None
        if self.epoch % self.config.period == 0:
            if self._admm:
                update = self._admm.update(self._rho(self.epoch // self.config.period))
            else:
                self._remove_share(self.epoch / self.config.epochs)
        if self._admm and self.config.admm.reset_learning_rate:
            self._set_learning_rates()
        if self.epoch == self.config.epochs:
            self.prune()
        return update

    @torch.no_grad()
    def prune(self) -> None:
        """Removes what does not fit the structure, now, and goes on to retraining.

        Raises:
          PruningError: for weights that are NaN or infinite.
        """
        masks = [layer.mask() for layer in self._layers]
        for layer, mask in zip(self._layers, masks, strict=True):
            mask_of(layer).copy_(mask)
        self._admm = None
        self.phase = "retrain"
        self._clear()

    def finalize(self) -> PruningReport:
        """Takes the masks away: what is left is a plain dense model with exact zeros.

        Raises:
          PruningError: before the weights have been removed.
        """
        if self.phase in ("admm", "gradual"):
            raise PruningError(
                f"epoch {self.epoch} of {self.config.epochs} of method '{self.config.method}': "
                "nothing is removed yet; train on, or call prune() to remove it now"
            )
        report = self.report()
        for layer in self._layers:
            remove_mask(layer)
        self.phase = "finished"
        return report

    def report(self) -> PruningReport:
        """What the masks keep of each layer at this moment."""
        return PruningReport(
            tuple(
                describe(layer, mask_of(layer) if layer.pruned else None)
                for layer in self._all_layers
            )
        )

    def state_dict(self) -> dict[str, Any]:
        """All that is not in the state dicts of model and optimizer.

        Tensors, and of other values only what JSON can hold. Tensors are not copied.
        """
        return {
            "config": to_plain(self.config),
            "phase": self.phase,
            "epoch": self.epoch,
            "learning_rates": self._learning_rates,
            "rho": self._admm.rho if self._admm else None,
            **self._found(),
            **(self._admm.tensors() if self._admm else {}),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where another pruner was when it returned `state`.

        The model has to be loaded before: its masks are part of its own state dict.

        Raises:
          PruningError: when the state is of another config or model.
        """
        mine = to_plain(self.config)
        if state.get("config") != mine:
            other = state.get("config") or {}
            fields = [key for key in mine if mine[key] != other.get(key)]
            raise PruningError(
                f"the state is of a config with another {', '.join(fields)}; "
                "prepare with the config that it was saved with"
            )
        self.phase = state["phase"]
        self.epoch = state["epoch"]
        self._learning_rates = list(state["learning_rates"])
        self._admm = Admm(self._layers, state["rho"]) if self.phase == "admm" else None
        expected = {**self._found(), **(self._admm.tensors() if self._admm else {})}
        for name, tensor in expected.items():
            if name not in state or (
                not name.endswith("/patterns") and state[name].shape != tensor.shape
            ):
                found = list(state[name].shape) if name in state else "nothing"
                raise PruningError(
                    f"the state is of another model: '{name}' is {found}, "
                    f"expected a tensor of shape {list(tensor.shape)}"
                )
        self._layers = tuple(_with_found(layer, state) for layer in self._layers)
        by_name = {layer.name: layer for layer in self._layers}
        self._all_layers = tuple(by_name.get(layer.name, layer) for layer in self._all_layers)
        if self._admm:
            self._admm = Admm(self._layers, state["rho"])
            self._admm.load({name: state[name] for name in self._admm.tensors()})

    def _rho(self, update: int) -> float:
        return self.config.admm.rho(update, self.config.epochs // self.config.period)

    def _set_learning_rates(self) -> None:
        """To where they began, cut by ten after each third of the period that is over."""
        place = self.epoch % self.config.period
        for group, start in zip(self.optimizer.param_groups, self._learning_rates, strict=True):
            group["lr"] = start * 0.1 ** (3 * place // self.config.period)

    @torch.no_grad()
    def _remove_share(self, progress: float) -> None:
        """Removes the smallest of the weights that the structure will not have.

        Their share follows the cubic schedule of Zhu and Gupta (arXiv 1710.01878).
        """
        share = 1 - (1 - progress) ** 3
        for layer in self._layers:
            outside = ~layer.mask()
            order = layer.weight[outside].abs().argsort(stable=True)
            removed = torch.zeros_like(order, dtype=torch.bool)
            removed[order[: round(share * len(order))]] = True
            outside[outside.clone()] = removed
            mask_of(layer).copy_(~outside)
        self._clear()

    @torch.no_grad()
    def _clear_gradients(self) -> None:
        """Sets the gradients of removed weights to zero."""
        for layer in self._layers:
            if layer.weight.grad is not None:
                layer.weight.grad.masked_fill_(~mask_of(layer), 0)

    @torch.no_grad()
    def _clear(self) -> None:
        """Sets removed weights and what the optimizer knows of them to zero."""
        apply_masks(self._layers)
        for layer in self._layers:
            mask = mask_of(layer)
            for tensor in self.optimizer.state.get(layer.weight, {}).values():
                if isinstance(tensor, Tensor) and tensor.shape == mask.shape:
                    tensor.masked_fill_(~mask, 0)

    def _found(self) -> dict[str, Tensor]:
        return {
            f"{layer.name}/{constraint_set.name}/{name}": tensor
            for layer in self._layers
            for constraint_set in layer.sets
            for name, tensor in constraint_set.found().items()
        }


def _with_found(layer: LayerPlan, state: Mapping[str, Any]) -> LayerPlan:
    """The plan with sets as they were when the state was saved."""
    sets = tuple(
        constraint_set.with_found(
            {
                name: state[f"{layer.name}/{constraint_set.name}/{name}"]
                for name in constraint_set.found()
            }
        )
        for constraint_set in layer.sets
    )
    patterns = next((s.pattern_set for s in sets if isinstance(s, Patterns)), layer.patterns)
    return replace(layer, sets=sets, patterns=patterns)


def _check_optimizer(layers: tuple[LayerPlan, ...], optimizer: torch.optim.Optimizer) -> None:
    trained = {id(p) for group in optimizer.param_groups for p in group["params"]}
    for layer in layers:
        if layer.weight.requires_grad and id(layer.weight) not in trained:
            raise PruningError(
                f"layer '{layer.name}' is to be pruned, but the optimizer does not train its "
                f"{layer.parameter}; give the optimizer the parameters of this model"
            )
