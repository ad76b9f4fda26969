# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A network in ncnn's files: loaded into ncnn, on the processor or on Vulkan."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engines.engine import NotMeasuredError, Precision, Prepared
from benchmarks.engines.peers import import_peer

_GRAPH, _WEIGHTS = ".param", ".bin"


def write_net(file: Path, graph: str, weights: bytes) -> None:
    """Writes what `to_ncnn` made: two files of that name with ncnn's suffixes."""
    file.with_suffix(_GRAPH).write_text(graph)
    file.with_suffix(_WEIGHTS).write_bytes(weights)


def load_net(
    file: Path,
    image: np.ndarray,
    *,
    precision: Precision,
    threads: int = 1,
    vulkan: bool = False,
) -> Prepared:
    """Loads a network.

    Args:
      file: the name without a suffix.
      image: the input, batch first.
      precision: of all storage and arithmetic, as far as ncnn can.
      threads: of the processor.
      vulkan: whether its default GPU computes; a run copies the input there, and the output back.

    Raises:
      NotMeasuredError: ncnn is not installed, has no GPU here, or cannot load the files.
    """
    ncnn = import_peer("ncnn")
    if vulkan and not ncnn.get_gpu_count():
        raise NotMeasuredError("it finds no Vulkan device")
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_vulkan_compute = vulkan
    for name, short in (("float16", "fp16"), ("bfloat16", "bf16")):
        for use in ("packed", "storage", "arithmetic"):
            if hasattr(net.opt, f"use_{short}_{use}"):
                setattr(net.opt, f"use_{short}_{use}", name == precision)
    graph, weights = file.with_suffix(_GRAPH), file.with_suffix(_WEIGHTS)
    if net.load_param(str(graph)) or net.load_model(str(weights)):
        raise NotMeasuredError("it cannot load the translated model")
    source = ncnn.Mat(image[0]).clone()

    def run() -> Any:
        extractor = net.create_extractor()
        extractor.input("input", source)
        return extractor.extract("output")[1]

    return Prepared(run, lambda: np.array(run())[np.newaxis])
