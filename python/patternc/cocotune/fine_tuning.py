# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Training of a pruned network as a whole."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from patternc.cocotune.pattern_pruning import masks_kept
from patternc.cocotune.training_steps import training_steps
from patternc.cocotune.tuning_config import FineTuningConfig, TuningConfig
from patternc.progress import show_progress
from patternc.train.epoch_batches import Batches

FineTuning = Callable[[nn.Module], object]
"""Trains a network in place; what it returns does not matter. Inside `masks_kept` it need not know
of masks."""


def fine_tune_(
    network: nn.Module,
    batches: Batches,
    config: TuningConfig | None = None,
    *,
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
    progress: bool = False,
) -> list[float]:
    """Trains all weights of a network that are left, in place; it is in eval mode at the end.

    Args:
      network: on any device, for example from `MultiplexingModel.network_of`.
      batches: pairs of inputs and targets that can be iterated again for each epoch.
      config: steps and optimizer; None for the defaults of `FineTuningConfig`.
      loss: of outputs and targets, averaged over the batch.
      progress: show a progress bar with the time left, on a terminal only, and log it.

    Returns:
      The loss of each step.

    Raises:
      CocoTuneError: when the loss is not finite.
      TrainingError: when an epoch has no batch.
    """
    config = config or FineTuningConfig()
    device = next(network.parameters()).device
    steps = training_steps(
        network.parameters(),
        batches,
        config,
        lambda inputs, targets: loss(network(inputs.to(device)), targets.to(device)),
    )
    network.train()
    with masks_kept(network):
        shown = show_progress(steps, config.steps, "training", unit="step", shown=progress)
        losses = [value for (value,) in shown]
    network.eval()
    return losses
