# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Quantises torch modules to ONNX, in the form that several engines compute in int8.

Quantise and dequantise operators stand around operators in float32 (QDQ). Weights are signed and
symmetric with a scale a filter, activations unsigned with a scale and a zero point a tensor.
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from numpy import ndarray
from torch import Tensor, nn

from benchmarks.engines.calibration import calibration_inputs
from benchmarks.engines.kept_files import kept
from benchmarks.engines.peers import import_peer
from benchmarks.engines.to_onnx import to_onnx


def to_qdq(model: nn.Module, image: Tensor) -> bytes:
    """The model, calibrated by `calibration_inputs`; made once, so all engines get the same."""
    onnx, onnxruntime = import_peer("onnx"), import_peer("onnxruntime")
    quantization = import_peer("onnxruntime.quantization")
    dense, inputs = to_onnx(model, image), [x.numpy() for x in calibration_inputs(image)]

    def make(file: Path) -> None:
        onnxruntime.set_default_logger_severity(3)  # errors
        (source,) = onnx.load_from_string(dense).graph.input
        with tempfile.TemporaryDirectory() as folder:
            exported, inferred = Path(folder, "exported.onnx"), Path(folder, "inferred.onnx")
            exported.write_bytes(dense)
            quantization.shape_inference.quant_pre_process(exported, inferred)
            quantization.quantize_static(
                inferred,
                file,
                _Inputs({source.name: x} for x in inputs),
                quant_format=quantization.QuantFormat.QDQ,
                per_channel=True,
                weight_type=quantization.QuantType.QInt8,
                activation_type=quantization.QuantType.QUInt8,
            )

    version = onnxruntime.__version__.encode()
    return kept(".onnx", [version, dense, *(x.tobytes() for x in inputs)], make)


class _Inputs:
    """As `quantize_static` reads them."""

    def __init__(self, feeds: Iterable[dict[str, ndarray]]) -> None:
        self._feeds = iter(feeds)

    def get_next(self) -> dict[str, ndarray] | None:
        return next(self._feeds, None)
