# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""ncnn."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from benchmarks.engines.calibration import calibration_inputs
from benchmarks.engines.engine import NotMeasuredError, Pickled, Precision, Prepared, name_with
from benchmarks.engines.peers import import_peer
from benchmarks.engines.to_ncnn import UntranslatableError, to_ncnn


class Ncnn(Pickled):
    """ncnn, all arithmetic and storage in float32, or as far as it can in another precision."""

    def __init__(self, precision: Precision = "float32") -> None:
        self.name = name_with("ncnn", precision)
        self.precision: Precision = precision

    def compile(self, model: nn.Module, image: Tensor) -> tuple[str, bytes]:
        import_peer("ncnn")
        try:
            return to_ncnn(model, calibration_inputs(image) if self.precision == "int8" else ())
        except UntranslatableError as error:
            raise NotMeasuredError(str(error)) from error

    def load(self, compiled: tuple[str, bytes], image: Tensor, *, threads: int) -> Prepared:
        ncnn = import_peer("ncnn")
        net = ncnn.Net()
        net.opt.num_threads = threads
        for precision, short in (("float16", "fp16"), ("bfloat16", "bf16")):
            for use in ("packed", "storage", "arithmetic"):
                if hasattr(net.opt, f"use_{short}_{use}"):
                    setattr(net.opt, f"use_{short}_{use}", precision == self.precision)
        graph, weights = compiled
        with tempfile.TemporaryDirectory() as folder:
            param, binary = Path(folder, "model.param"), Path(folder, "model.bin")
            param.write_text(graph)
            binary.write_bytes(weights)
            if net.load_param(str(param)) or net.load_model(str(binary)):
                raise NotMeasuredError("it cannot load the translated model")
        source = ncnn.Mat(image[0].numpy())

        def run() -> Any:
            extractor = net.create_extractor()
            extractor.input("input", source)
            return extractor.extract("output")[1]

        return Prepared(run, lambda: np.array(run())[np.newaxis])
