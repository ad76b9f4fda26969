# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""MNN."""

import importlib.metadata
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from benchmarks.engines.calibration import calibration_inputs
from benchmarks.engines.engine import NotMeasuredError, Pickled, Precision, Prepared, name_with
from benchmarks.engines.kept_files import kept
from benchmarks.engines.peers import import_peer
from benchmarks.engines.to_onnx import to_onnx

# What its tool would else take for granted of the inputs are pictures.
_QUANTISATION = {
    "input_type": "sequence",
    "batch_size": 1,
    "feature_quantize_method": "KL",
    "weight_quantize_method": "MAX_ABS",
}


class Mnn(Pickled):
    """MNN's CPU backend in its high precision, which is float32, or on the model that it quantises.

    A run copies the input in, because MNN lets results within the network overwrite it.
    """

    def __init__(self, precision: Precision = "float32") -> None:
        self.name = name_with("MNN", precision)
        self.precision: Precision = precision

    def compile(self, model: nn.Module, image: Tensor) -> bytes:
        with _captured():
            import_peer("MNN")
            # The part of MNN that converts. `MNN.tools` around it installs packages when imported.
            import_peer("_tools")
        with tempfile.TemporaryDirectory() as folder:
            source, result = Path(folder, "model.onnx"), Path(folder, "model.mnn")
            onnx = to_onnx(model, image)
            source.write_bytes(onnx)
            files = ["--modelFile", str(source), "--MNNModel", str(result)]
            _run_tool("mnnconvert", "-f", "ONNX", *files, "--bizCode", "patternc", result=result)
            if self.precision == "int8":
                return _quantised(result, calibration_inputs(image), made_of=onnx)
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


def _run_tool(name: str, *arguments: str, result: Path) -> None:
    with _captured() as printed:
        getattr(import_peer("_tools"), name)([name, *arguments])
    if not result.exists():
        raise NotMeasuredError(f"{name} takes no such model:\n{printed()}")


def _quantised(dense: Path, inputs: Sequence[Tensor], *, made_of: bytes) -> bytes:
    """A model of MNN's in int8, calibrated by `inputs`; `made_of` tells models apart."""
    with _captured():
        interpreter = import_peer("MNN").Interpreter(str(dense))
        (name,) = interpreter.getSessionInputAll(interpreter.createSession({"backend": "CPU"}))

    def make(file: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for number, x in enumerate(inputs):
                sample = Path(folder, str(number))
                sample.mkdir()
                np.savetxt(sample / f"{name}.txt", x.numpy().ravel())
                shapes = {"inputs": [{"name": name, "shape": list(x.shape)}], "outputs": []}
                (sample / "input.json").write_text(json.dumps(shapes))
            settings = _QUANTISATION | {"path": folder, "used_sample_num": len(inputs)}
            # It would take files among the samples for samples, and writes a second one of its own.
            with tempfile.TemporaryDirectory() as other:
                config, result = Path(other, "config.json"), Path(other, "model.mnn")
                config.write_text(json.dumps(settings))
                _run_tool("mnnquant", str(dense), str(result), str(config), result=result)
                file.write_bytes(result.read_bytes())

    parts = [importlib.metadata.version("MNN").encode(), json.dumps(_QUANTISATION).encode()]
    parts += [made_of, *(x.numpy().tobytes() for x in inputs)]
    return kept(".mnn", parts, make)


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
