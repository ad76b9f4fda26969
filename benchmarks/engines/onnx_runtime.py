# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""ONNX Runtime."""

import numpy as np
from torch import Tensor, nn

from benchmarks.engines.engine import Pickled, Precision, Prepared, name_with
from benchmarks.engines.peers import import_peer
from benchmarks.engines.to_onnx import to_onnx
from benchmarks.engines.to_qdq import to_qdq


class OnnxRuntime(Pickled):
    """ONNX Runtime's CPU provider; input and output stay in place.

    Args:
      precision: ``int8`` is the model of `to_qdq`.
    """

    def __init__(self, precision: Precision = "float32") -> None:
        self.name = name_with("ONNX Runtime", precision)
        self.precision: Precision = precision

    def compile(self, model: nn.Module, image: Tensor) -> bytes:
        import_peer("onnxruntime")  # fail before the work, not after
        return to_qdq(model, image) if self.precision == "int8" else to_onnx(model, image)

    def load(self, compiled: bytes, image: Tensor, *, threads: int) -> Prepared:
        onnxruntime = import_peer("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors
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
