# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The loss that draws a model to the outputs of another (Hinton et al., arXiv 1503.02531)."""

from torch import Tensor
from torch.nn.functional import kl_div


def distillation_loss(outputs: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Kullback-Leibler divergence of softened class probabilities, a mean over the batch.

    Times the temperature squared, so that gradients do not shrink with it.

    Args:
      outputs: logits [n, classes] of the model that is trained.
      teacher: logits [n, classes] of the other.
      temperature: what logits are divided by.
    """
    loss = kl_div(
        (outputs / temperature).log_softmax(dim=1),
        (teacher / temperature).log_softmax(dim=1),
        log_target=True,
        reduction="batchmean",
    )
    return loss * temperature**2
