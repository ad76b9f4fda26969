# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The engines that are compared: each compiles a torch model, and loads it to be run."""

import importlib
import os
import pickle
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

import patternc
from patternc.compiler import Pass, Pipeline, Precision
from patternc.errors import TargetError
from to_ncnn import UntranslatableError, to_ncnn


class NotMeasuredError(Exception):
    """The engine cannot take part; the message says why and what to do."""


@dataclass(frozen=True)
class Prepared:
    """A model that is loaded into an engine.

    Attributes:
      run: runs the model on the input that it was prepared with, and nothing else.
      output: runs it once more, and returns what it computed.
    """

    run: Callable[[], object]
    output: Callable[[], np.ndarray]


class Engine(Protocol):
    """What runs a model, in float32."""

    name: str

    def compile(self, model: nn.Module, image: Tensor) -> Any:
        """What can be done ahead of time, once for a model: export, conversion, compilation.

        Args:
          model: in eval mode, with one input and one output.
          image: an input, batch first, whose shape becomes fixed.

        Returns:
          What `load` takes.

        Raises:
          NotMeasuredError: the engine is not installed, or cannot run this model.
        """
        ...

    def load(self, compiled: Any, image: Tensor, *, threads: int) -> Prepared:
        """What every process has to do before the first run.

        Args:
          compiled: by `compile`.
          image: the input.
          threads: processor threads that `Prepared.run` uses.

        Raises:
          NotMeasuredError: the engine cannot run this model.
        """
        ...

    def save(self, compiled: Any, file: Path) -> None:
        """Writes what `compile` returned, as a file or a folder."""
        ...

    def read(self, file: Path) -> Any:
        """What `load` takes, from where `save` wrote it."""
        ...


class _Pickled:
    """Keeps a compiled model as Python does."""

    def save(self, compiled: Any, file: Path) -> None:
        file.write_bytes(pickle.dumps(compiled))

    def read(self, file: Path) -> Any:
        return pickle.loads(file.read_bytes())


def prepare(engine: Engine, model: nn.Module, image: Tensor, *, threads: int) -> Prepared:
    """Compiles and loads a model."""
    return engine.load(engine.compile(model, image), image, threads=threads)


class PyTorch(_Pickled):
    """PyTorch eager. Its number of threads is the process's."""

    name = "PyTorch eager"

    def compile(self, model: nn.Module, image: Tensor) -> nn.Module:
        return model

    def load(self, compiled: nn.Module, image: Tensor, *, threads: int) -> Prepared:
        torch.set_num_threads(threads)

        @torch.inference_mode()
        def run() -> Tensor:
            return compiled(image)

        return Prepared(run, lambda: run().numpy())


class Patternc:
    """patternc, which makes pattern kernels of all convolutions, pruned or not.

    Args:
      pipeline: the passes to run; by default the standard ones.
      precision: what it computes in.
    """

    name = "patternc"

    def __init__(
        self, pipeline: Pipeline | None = None, *, precision: Precision = "float32"
    ) -> None:
        self._pipeline = pipeline
        self._precision: Precision = precision

    def compile(self, model: nn.Module, image: Tensor) -> patternc.CompiledModule:
        try:
            return patternc.compile(
                model,
                (image,),
                precision=self._precision,
                pipeline=self._pipeline,
                progress=False,
            )
        except TargetError as error:
            raise NotMeasuredError(str(error)) from error

    def load(self, compiled: patternc.CompiledModule, image: Tensor, *, threads: int) -> Prepared:
        module = compiled.with_threads(threads)
        return Prepared(module.prepare(image), lambda: module(image).numpy())

    def save(self, compiled: patternc.CompiledModule, file: Path) -> None:
        compiled.save(file)

    def read(self, file: Path) -> patternc.CompiledModule:
        return patternc.load(file)


class IreeAlone(Patternc):
    """IREE with the front end, flags and runtime of patternc, but none of its kernels."""

    name = "IREE alone"

    def __init__(self) -> None:
        super().__init__(Pipeline((Pass("pattern-externalize-constants"),)))


class OnnxRuntime(_Pickled):
    """ONNX Runtime's CPU provider; input and output stay in place."""

    name = "ONNX Runtime"

    def compile(self, model: nn.Module, image: Tensor) -> bytes:
        _peer("onnxruntime")  # fail before the work, not after
        return _to_onnx(model, image)

    def load(self, compiled: bytes, image: Tensor, *, threads: int) -> Prepared:
        onnxruntime = _peer("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            compiled, options, providers=["CPUExecutionProvider"]
        )
        (source,), (result,) = session.get_inputs(), session.get_outputs()
        value = onnxruntime.OrtValue
        output = value.ortvalue_from_shape_and_type(result.shape, np.float32)
        binding = session.io_binding()
        binding.bind_ortvalue_input(source.name, value.ortvalue_from_numpy(image.numpy()))
        binding.bind_ortvalue_output(result.name, output)

        def run() -> None:
            session.run_with_iobinding(binding)

        def read() -> np.ndarray:
            run()
            return output.numpy()

        return Prepared(run, read)


class OpenVino(_Pickled):
    """OpenVINO's CPU plugin, made for latency, all arithmetic in float32; tensors stay in place."""

    name = "OpenVINO"

    def compile(self, model: nn.Module, image: Tensor) -> bytes:
        _peer("openvino")
        return _to_onnx(model, image)

    def load(self, compiled: bytes, image: Tensor, *, threads: int) -> Prepared:
        openvino = _peer("openvino")
        core = openvino.Core()
        options = {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
        }
        model = core.compile_model(core.read_model(compiled), "CPU", options)
        request = model.create_infer_request()
        request.set_input_tensor(openvino.Tensor(image.numpy(), shared_memory=True))

        def run() -> None:
            request.infer(share_outputs=True)

        def read() -> np.ndarray:
            run()
            return request.get_output_tensor().data

        return Prepared(run, read)


class Mnn(_Pickled):
    """MNN's CPU backend in its high precision, which is float32.

    A run copies the input in, because MNN lets results within the network overwrite it.
    """

    name = "MNN"

    def compile(self, model: nn.Module, image: Tensor) -> bytes:
        with _captured():
            _peer("MNN")
            tools = _peer("_tools")  # the part of MNN that converts
        with tempfile.TemporaryDirectory() as folder:
            source, result = Path(folder, "model.onnx"), Path(folder, "model.mnn")
            source.write_bytes(_to_onnx(model, image))
            files = ["--modelFile", str(source), "--MNNModel", str(result)]
            with _captured() as printed:
                tools.mnnconvert(["mnnconvert", "-f", "ONNX", *files, "--bizCode", "patternc"])
            if not result.exists():
                raise NotMeasuredError(f"its converter takes no such model:\n{printed()}")
            return result.read_bytes()

    def load(self, compiled: bytes, image: Tensor, *, threads: int) -> Prepared:
        mnn = _peer("MNN")
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


class Ncnn(_Pickled):
    """ncnn, all arithmetic and storage in float32."""

    name = "ncnn"

    def compile(self, model: nn.Module, image: Tensor) -> tuple[str, bytes]:
        _peer("ncnn")
        try:
            return to_ncnn(model)
        except UntranslatableError as error:
            raise NotMeasuredError(str(error)) from error

    def load(self, compiled: tuple[str, bytes], image: Tensor, *, threads: int) -> Prepared:
        ncnn = _peer("ncnn")
        net = ncnn.Net()
        net.opt.num_threads = threads
        for precision in ("fp16", "bf16"):
            for use in ("packed", "storage", "arithmetic"):
                if hasattr(net.opt, f"use_{precision}_{use}"):
                    setattr(net.opt, f"use_{precision}_{use}", False)
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


def _peer(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise NotMeasuredError(
            f"package '{module}' cannot be imported ({error}); install it with: "
            "pip install -r benchmarks/requirements.txt"
        ) from error


def _to_onnx(model: nn.Module, image: Tensor) -> bytes:
    _peer("onnx")  # torch's exporter uses it
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The exporter that is not deprecated needs one more package and writes the same graph.
        warnings.simplefilter("ignore", DeprecationWarning)
        file = Path(folder, "model.onnx")
        torch.onnx.export(model, (image,), file, dynamo=False)
        return file.read_bytes()


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
