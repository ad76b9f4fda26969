# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""OpenVINO."""

import numpy as np
from torch import Tensor, nn

from benchmarks.engines.engine import Pickled, Prepared
from benchmarks.engines.peers import import_peer
from benchmarks.engines.to_onnx import to_onnx


class OpenVino(Pickled):
    """OpenVINO's CPU plugin, made for latency, all arithmetic in float32; tensors stay in place."""

    name = "OpenVINO"

    def compile(self, model: nn.Module, image: Tensor) -> bytes:
        import_peer("openvino")
        return to_onnx(model, image)

    def load(self, compiled: bytes, image: Tensor, *, threads: int) -> Prepared:
        openvino = import_peer("openvino")
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
