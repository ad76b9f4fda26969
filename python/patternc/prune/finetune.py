"""Training of a pruned model that keeps its removed weights at zero."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from tqdm import tqdm

from patternc.errors import PruningError
from patternc.prune.prune import PruningReport

Batches = Iterable[tuple[Tensor, Tensor]]


def fine_tune_(
    model: nn.Module,
    pruning: PruningReport,
    train_batches: Batches | Callable[[], Batches],
    *,
    epochs: int,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor] = nn.functional.cross_entropy,
    callback: Callable[[int, float], None] | None = None,
    progress: bool = True,
) -> list[float]:
    """Trains the weights that pruning left, in place.

    Gradients, weights and optimizer state (momentum and the like) of removed weights are
    exactly zero after every step. The model ends in the train or eval mode in which it came,
    also when training is interrupted: the exception propagates and the masks hold.

    Args:
      model: the model that was pruned, on any device.
      pruning: what `prune_` returned for it.
      train_batches: batches of (inputs, targets), moved to the model's device: an iterable
        that can be run again for each epoch (a DataLoader, a list), or a function that
        returns one.
      epochs: passes over the batches.
      optimizer: over the parameters of the model.
      loss: of the model's output and the targets, averaged over the batch.
      callback: called after each epoch with its number from 0 and its mean loss; the place
        to step a learning rate schedule or to evaluate.
      progress: show a progress bar, on a terminal only.

    Returns:
      The mean loss of each epoch.

    Raises:
      PruningError: when `pruning` is of another model, `epochs` is not positive, an epoch has
        no batch, or the loss is not finite.
    """
    if epochs < 1:
        raise PruningError(f"epochs is {epochs}, expected at least 1")
    removed = _removed(model, pruning)
    device = next(model.parameters()).device
    modes = {module: module.training for module in model.modules()}
    history = []
    _clear_removed(removed, optimizer)
    model.train()
    try:
        for epoch in range(epochs):
            losses = []
            batches = train_batches() if callable(train_batches) else train_batches
            title = f"fine-tune {epoch + 1}/{epochs}"
            # None hides the bar where the output is not a terminal.
            for inputs, targets in tqdm(batches, title, disable=None if progress else True):
                optimizer.zero_grad()
                value = loss(model(inputs.to(device)), targets.to(device))
                losses.append(value.item())
                if not math.isfinite(losses[-1]):
                    raise PruningError(
                        f"loss is {losses[-1]} in batch {len(losses)} of epoch {epoch + 1}; "
                        "lower the learning rate or check the data"
                    )
                value.backward()
                for weight, mask in removed:
                    if weight.grad is not None:
                        weight.grad.masked_fill_(mask, 0)
                optimizer.step()
                _clear_removed(removed, optimizer)
            if not losses:
                raise PruningError(
                    f"epoch {epoch + 1} has no batch; give batches that can be iterated again "
                    "or a function that returns them"
                )
            history.append(sum(losses) / len(losses))
            if callback:
                callback(epoch, history[-1])
    finally:
        _clear_removed(removed, optimizer)
        for module, training in modes.items():
            module.training = training
    return history


def _removed(model: nn.Module, pruning: PruningReport) -> list[tuple[nn.Parameter, Tensor]]:
    """Each pruned weight of the model, with the mask of what is removed from it."""
    modules = dict(model.named_modules())
    removed = []
    for name, mask in pruning.masks.items():
        weight = getattr(modules.get(name), "weight", None)
        if weight is None or weight.shape != mask.shape:
            found = "no such layer" if weight is None else f"shape {list(weight.shape)}"
            raise PruningError(
                f"layer '{name}' was pruned with shape {list(mask.shape)}, "
                f"but the model has {found}"
            )
        removed.append((weight, ~mask.to(weight.device)))
    return removed


@torch.no_grad()
def _clear_removed(
    removed: list[tuple[nn.Parameter, Tensor]], optimizer: torch.optim.Optimizer
) -> None:
    for weight, mask in removed:
        state = optimizer.state.get(weight, {}).values()
        for tensor in (weight, *state):
            if isinstance(tensor, Tensor) and tensor.shape == mask.shape:
                tensor.masked_fill_(mask, 0)
