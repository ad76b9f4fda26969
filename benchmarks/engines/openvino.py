# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""OpenVINO."""

import numpy as np
from torch import Tensor, nn

from benchmarks.engines.engine import NotMeasuredError, Pickled, Precision, Prepared, name_with
from benchmarks.engines.peers import import_peer
from benchmarks.engines.to_onnx import to_onnx
from benchmarks.engines.to_qdq import to_qdq

_CAPABILITIES = {"float32": "FP32", "bfloat16": "BF16", "float16": "FP16", "int8": "INT8"}
_HINTS = {"bfloat16": "bf16", "float16": "f16"}


class OpenVino(Pickled):
    """OpenVINO's CPU plugin, made for latency; tensors stay in place.

    Args:
      precision: ``int8`` is the model of `to_qdq`, what is not quantised in float32.
    """

    def __init__(self, precision: Precision = "float32") -> None:
        self.name = name_with("OpenVINO", precision)
        self.precision: Precision = precision

    def compile(self, model: nn.Module, image: Tensor) -> bytes:
        openvino = import_peer("openvino")
        can = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if _CAPABILITIES[self.precision] not in can:
            raise NotMeasuredError(f"it does not compute in {self.precision} on this machine")
        return to_qdq(model, image) if self.precision == "int8" else to_onnx(model, image)

    def load(self, compiled: bytes, image: Tensor, *, threads: int) -> Prepared:
        openvino = import_peer("openvino")
        core = openvino.Core()
        options = {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": _HINTS.get(self.precision, "f32"),
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
