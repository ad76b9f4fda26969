# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""PyTorch eager."""

import torch
from torch import Tensor, nn

from benchmarks.engines.engine import Pickled, Precision, Prepared


class PyTorch(Pickled):
    """PyTorch eager. Its number of threads is the process's."""

    name = "PyTorch eager"
    precision: Precision = "float32"

    def compile(self, model: nn.Module, image: Tensor) -> nn.Module:
        return model

    def load(self, compiled: nn.Module, image: Tensor, *, threads: int) -> Prepared:
        torch.set_num_threads(threads)

        @torch.inference_mode()
        def run() -> Tensor:
            return compiled(image)

        return Prepared(run, lambda: run().numpy())
