"""The engines that are compared: each takes a torch model and returns a call that runs it."""

import importlib
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

import patternc
from patternc.compiler.pipeline import Pass, Pipeline

_IREE_ALONE = Pipeline((Pass("pattern-externalize-constants"),))


class NotMeasuredError(Exception):
    """The engine cannot take part; the message says why and what to do."""


@dataclass(frozen=True)
class Prepared:
    """A model that is loaded into an engine.

    Attributes:
      run: runs the model on the input that it was prepared with, and nothing else.
      output: what one run computed.
    """

    run: Callable[[], object]
    output: np.ndarray


class Engine(Protocol):
    """What runs a model, in float32."""

    name: str

    def prepare(self, model: nn.Module, image: Tensor, *, threads: int) -> Prepared:
        """Loads a model and runs it once.

        Args:
          model: in eval mode, with one input and one output.
          image: the input, batch first.
          threads: processor threads that `Prepared.run` uses.

        Raises:
          NotMeasuredError: the engine is not installed, or cannot run this model.
        """
        ...


class PyTorch:
    """PyTorch eager. Its number of threads is the process's."""

    name = "PyTorch eager"

    def prepare(self, model: nn.Module, image: Tensor, *, threads: int) -> Prepared:
        torch.set_num_threads(threads)

        @torch.inference_mode()
        def run() -> Tensor:
            return model(image)

        return Prepared(run, run().numpy())


class Patternc:
    """patternc, which makes pattern kernels of all convolutions, pruned or not."""

    name = "patternc"

    def prepare(self, model: nn.Module, image: Tensor, *, threads: int) -> Prepared:
        return prepare_compiled(
            patternc.compile(model, (image,), threads=threads, progress=False), image
        )


class IreeAlone:
    """IREE with the front end, flags and runtime of patternc, but none of its kernels."""

    name = "IREE alone"

    def prepare(self, model: nn.Module, image: Tensor, *, threads: int) -> Prepared:
        module = patternc.compile(
            model, (image,), pipeline=_IREE_ALONE, threads=threads, progress=False
        )
        return prepare_compiled(module, image)


class OnnxRuntime:
    """ONNX Runtime's CPU provider; input and output stay in place."""

    name = "ONNX Runtime"

    def prepare(self, model: nn.Module, image: Tensor, *, threads: int) -> Prepared:
        _peer("onnx")  # torch's exporter uses it
        onnxruntime = _peer("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            _to_onnx(model, image), options, providers=["CPUExecutionProvider"]
        )
        (source,), (result,) = session.get_inputs(), session.get_outputs()
        value = onnxruntime.OrtValue
        output = value.ortvalue_from_shape_and_type(result.shape, np.float32)
        binding = session.io_binding()
        binding.bind_ortvalue_input(source.name, value.ortvalue_from_numpy(image.numpy()))
        binding.bind_ortvalue_output(result.name, output)

        def run() -> None:
            session.run_with_iobinding(binding)

        run()
        return Prepared(run, output.numpy())


class Ncnn:
    """ncnn, all arithmetic and storage in float32. Takes chains of convolutions and ReLU."""

    name = "ncnn"

    def prepare(self, model: nn.Module, image: Tensor, *, threads: int) -> Prepared:
        ncnn = _peer("ncnn")
        net = ncnn.Net()
        net.opt.num_threads = threads
        for precision in ("fp16", "bf16"):
            for use in ("packed", "storage", "arithmetic"):
                if hasattr(net.opt, f"use_{precision}_{use}"):
                    setattr(net.opt, f"use_{precision}_{use}", False)
        graph, weights = _to_ncnn(model)
        with tempfile.TemporaryDirectory() as folder:
            param, binary = Path(folder, "model.param"), Path(folder, "model.bin")
            param.write_text(graph)
            binary.write_bytes(weights)
            net.load_param(str(param))
            net.load_model(str(binary))
        source = ncnn.Mat(image[0].numpy())

        def run() -> Any:
            extractor = net.create_extractor()
            extractor.input("input", source)
            return extractor.extract("output")[1]

        return Prepared(run, np.array(run())[np.newaxis])


def prepare_compiled(module: patternc.CompiledModule, image: Tensor) -> Prepared:
    """A compiled module on an input that is already on its device."""
    return Prepared(module.prepare(image), module(image).numpy())


def _peer(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise NotMeasuredError(
            f"package '{module}' cannot be imported ({error}); install it with: "
            "pip install -r benchmarks/requirements.txt"
        ) from error


def _to_onnx(model: nn.Module, image: Tensor) -> bytes:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The exporter that is not deprecated needs one more package and writes the same graph.
        warnings.simplefilter("ignore", DeprecationWarning)
        file = Path(folder, "model.onnx")
        torch.onnx.export(model, (image,), file, dynamo=False)
        return file.read_bytes()


def _to_ncnn(model: nn.Module) -> tuple[str, bytes]:
    """The text of a .param file, with blobs named input and output, and the .bin file to it."""
    chain = list(model) if isinstance(model, nn.Sequential) else [model]
    layers = ["Input input 0 1 input"]
    weights = bytearray()
    while chain:
        layer = chain.pop(0)
        if not isinstance(layer, nn.Conv2d) or layer.groups != 1:
            raise NotMeasuredError(f"no translation to ncnn for {layer}")
        fused = bool(chain) and isinstance(chain[0], nn.ReLU)
        if fused:
            chain.pop(0)
        bottom = "input" if len(layers) == 1 else f"blob{len(layers) - 1}"
        top = f"blob{len(layers)}" if chain else "output"
        layers.append(
            f"Convolution conv{len(layers)} 1 1 {bottom} {top} 0={layer.out_channels} "
            f"1={layer.kernel_size[1]} 11={layer.kernel_size[0]} "
            f"2={layer.dilation[1]} 12={layer.dilation[0]} "
            f"3={layer.stride[1]} 13={layer.stride[0]} 4={layer.padding[1]} 14={layer.padding[0]} "
            f"5={int(layer.bias is not None)} 6={layer.weight.numel()} 9={int(fused)}"
        )
        weights += bytes(4)  # a tag: float32 follows
        weights += layer.weight.detach().numpy().tobytes()
        if layer.bias is not None:
            weights += layer.bias.detach().numpy().tobytes()
    return "\n".join(["7767517", f"{len(layers)} {len(layers)}", *layers, ""]), bytes(weights)
