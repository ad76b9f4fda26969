# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""MNN."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from benchmarks.engines.engine import NotMeasuredError, Pickled, Precision, Prepared, name_with
from benchmarks.engines.peers import import_peer
from benchmarks.engines.to_onnx import to_onnx


class Mnn(Pickled):
    """MNN's CPU backend in its high precision, which is float32.

    A run copies the input in, because MNN lets results within the network overwrite it.
    """

    def __init__(self, precision: Precision = "float32") -> None:
        self.name = name_with("MNN", precision)
        self.precision: Precision = precision

    def compile(self, model: nn.Module, image: Tensor) -> bytes:
        with _captured():
            import_peer("MNN")
            tools = import_peer("_tools")  # the part of MNN that converts
        with tempfile.TemporaryDirectory() as folder:
            source, result = Path(folder, "model.onnx"), Path(folder, "model.mnn")
            source.write_bytes(to_onnx(model, image))
            files = ["--modelFile", str(source), "--MNNModel", str(result)]
            with _captured() as printed:
                tools.mnnconvert(["mnnconvert", "-f", "ONNX", *files, "--bizCode", "patternc"])
            if not result.exists():
                raise NotMeasuredError(f"its converter takes no such model:\n{printed()}")
            return result.read_bytes()

    def load(self, compiled: bytes, image: Tensor, *, threads: int) -> Prepared:
        mnn = import_peer("MNN")
        with tempfile.TemporaryDirectory() as folder, _captured():
            file = Path(folder, "model.mnn")
            file.write_bytes(compiled)
            interpreter = mnn.Interpreter(str(file))
            session = interpreter.createSession(
                {"backend": "CPU", "numThread": threads, "precision": "high"}
            )

        def tensor(array: np.ndarray) -> Any:
            layout = mnn.Tensor_DimensionType_Caffe
            return mnn.Tensor(array.shape, mnn.Halide_Type_Float, array, layout)

        source, image_tensor = interpreter.getSessionInput(session), tensor(image.numpy())
        result = interpreter.getSessionOutput(session)
        host = tensor(np.zeros(result.getShape(), np.float32))

        def run() -> None:
            source.copyFrom(image_tensor)
            interpreter.runSession(session)

        def read() -> np.ndarray:
            run()
            result.copyToHostTensor(host)
            return np.array(host.getNumpyData())

        return Prepared(run, read)


@contextmanager
def _captured() -> Iterator[Callable[[], str]]:
    """Keeps what native code prints off the terminal; the result returns what it was."""
    with tempfile.TemporaryFile() as file:
        streams = (sys.stdout, sys.stderr)
        for stream in streams:
            stream.flush()
        kept = [os.dup(number) for number in (1, 2)]
        try:
            for number in (1, 2):
                os.dup2(file.fileno(), number)

            def read() -> str:
                file.seek(0)
                return file.read().decode(errors="replace").strip()

            yield read
        finally:
            for number, original in zip((1, 2), kept, strict=True):
                os.dup2(original, number)
                os.close(original)
