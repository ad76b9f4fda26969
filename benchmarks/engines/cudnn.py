# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""PyTorch on a GPU of NVIDIA's: cuDNN, as one CUDA graph."""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.engines.engine import NotMeasuredError, Precision, Prepared

if TYPE_CHECKING:
    from torch import nn

_WARM_UP_CALLS = 5  # cuDNN tries its algorithms in the first ones


def load_cudnn(
    make_model: "Callable[[], nn.Module]", image: np.ndarray, *, precision: Precision
) -> Prepared:
    """Captures a model as a graph; a run launches it and waits, with input and output on the GPU.

    Args:
      make_model: makes it, in eval mode and on the processor.
      image: the input.
      precision: float32, tf32 or float16.

    Raises:
      NotMeasuredError: there is no PyTorch here, or none that has a GPU.
    """
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError as error:
        raise NotMeasuredError(f"package 'torch' cannot be imported ({error})") from error
    if not torch.cuda.is_available():
        raise NotMeasuredError("PyTorch finds no GPU of CUDA's")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    dtype = torch.float16 if precision == "float16" else torch.float32
    layout = torch.channels_last if precision == "float16" else torch.contiguous_format
    model = make_model().to("cuda", dtype, memory_format=layout)
    source = torch.from_numpy(image).to("cuda", dtype, memory_format=layout)
    with torch.inference_mode():
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):  # a capture may not be the first run
            for _ in range(_WARM_UP_CALLS):
                model(source)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            output = model(source)

    def run() -> None:
        graph.replay()
        torch.cuda.synchronize()

    def read() -> np.ndarray:
        run()
        return output.float().cpu().numpy()

    return Prepared(run, read)
