# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A model that is trained as what its quantised program will compute."""

import copy

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torchao.quantization.pt2e import FakeQuantize
from torchao.quantization.pt2e.quantize_pt2e import prepare_pt2e

from patternc.errors import QuantizationError
from patternc.quantization.capturing import captured, check_runs
from patternc.quantization.config import QuantizationConfig
from patternc.quantization.conversion import converted, quantized_weights, quiet
from patternc.quantization.quantizer import PatterncQuantizer


class FakeQuantized(nn.Module):
    """A copy of a model that rounds weights and activations as its quantised program will.

    Batch norms are folded before (static folding: Nagel et al., arXiv 2106.08295, 4.2), so that
    the weights that are trained are those that are quantised; it computes as in evaluation mode,
    without dropout. Weights that are 0 because they were pruned stay 0.

    In train mode the ranges of activations follow what is seen. Those of weights are always of
    the weights as they are.

    Args:
      model: a trained float32 module of one input; left as it is.
      image: an input of it, without the dimension of the batch, on the device to train on.
      config: which layers are quantised; None for the defaults. Its observer is not used.

    Raises:
      QuantizationError: when no layer can be quantised, the config names a layer that there is
        not, or the model takes batches of one size only.
      ModelError: when the model cannot be captured.
    """

    def __init__(self, model: nn.Module, image: Tensor, config: QuantizationConfig | None = None):
        super().__init__()
        self._example = (torch.zeros_like(image, device="cpu")[None],)
        # A batch of 1 would be one of fixed size to torch.export.
        pair, triple = ((self._example[0].expand(n, *image.shape),) for n in (2, 3))
        graph = captured(copy.deepcopy(model).cpu(), pair, any_batch=True)
        check_runs(graph, triple, "batches of another size than its example")
        own = dict(graph.named_parameters())
        with quiet():
            self._graph = prepare_pt2e(graph, PatterncQuantizer(config, fake=True)).to(image.device)
        for name, parameter in self._graph.named_parameters():
            if name not in own:  # the bias of a batch norm, which folding gave to a layer
                parameter.requires_grad_()
        for weight in quantized_weights(self._graph).values():
            _keep_zeros(weight)
        self._of_activations = [
            self._graph.get_submodule(str(node.target))
            for node in self._graph.graph.nodes
            if node.op == "call_module" and node.args[0].op != "get_attr"
        ]

    def forward(self, x: Tensor) -> Tensor:
        expected = self._example[0].shape[1:]
        if x.shape[1:] != expected:
            raise QuantizationError(
                f"an input has the shape {list(x.shape[1:])}, but the program is for "
                f"{list(expected)}; give inputs of one size"
            )
        return self._graph(x)

    def train(self, mode: bool = True) -> "FakeQuantized":
        self.training = mode  # an exported graph has no modes
        for module in self._of_activations:
            if isinstance(module, FakeQuantize):
                module.enable_observer(mode)
        return self

    @torch.no_grad()
    def program(self) -> ExportedProgram:
        """What it computes in evaluation mode, for a batch of 1; it is left in that mode."""
        self.eval()
        with quiet():
            graph = copy.deepcopy(self._graph).cpu()
            graph(*self._example)  # for the ranges of the weights as they are now
            return converted(graph, self._example)


def _keep_zeros(weight: Tensor) -> None:
    """Lets a weight have no gradient where it is 0, and so no optimizer move it."""
    if weight.requires_grad:
        removed = weight.detach() == 0
        weight.register_hook(lambda gradient: gradient.masked_fill(removed, 0))
