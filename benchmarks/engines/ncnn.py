# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""ncnn."""

import tempfile
from pathlib import Path

from torch import Tensor, nn

from benchmarks.engines.calibration import calibration_inputs
from benchmarks.engines.engine import NotMeasuredError, Pickled, Precision, Prepared, name_with
from benchmarks.engines.ncnn_net import load_net, write_net
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
        graph, weights = compiled
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "model")
            write_net(file, graph, weights)
            return load_net(file, image.numpy(), precision=self.precision, threads=threads)
