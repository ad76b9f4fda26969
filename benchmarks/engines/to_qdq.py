# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Quantises torch modules to ONNX, in the form that several engines compute in int8.

Quantise and dequantise operators stand around operators in float32 (QDQ). Weights are signed and
symmetric with a scale a filter, activations unsigned with a scale and a zero point a tensor.
"""

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path

from numpy import ndarray
from torch import Tensor, nn

from benchmarks.engines.calibration import calibration_inputs
from benchmarks.engines.peers import import_peer
from benchmarks.engines.to_onnx import to_onnx
from patternc.whole_file import whole_file

# A model is quantised once: it takes minutes, and all engines get the same one.
_CACHE = Path(__file__).resolve().parents[2] / "build" / "qdq"


def to_qdq(model: nn.Module, image: Tensor) -> bytes:
    """The model, calibrated by `calibration_inputs`."""
    onnx, onnxruntime = import_peer("onnx"), import_peer("onnxruntime")
    quantization = import_peer("onnxruntime.quantization")
    dense, inputs = to_onnx(model, image), calibration_inputs(image)
    digest = hashlib.sha256(onnxruntime.__version__.encode() + dense)
    digest.update(b"".join(x.numpy().tobytes() for x in inputs))
    file = _CACHE / f"{digest.hexdigest()[:24]}.onnx"
    if not file.exists():
        onnxruntime.set_default_logger_severity(3)  # errors
        _CACHE.mkdir(parents=True, exist_ok=True)
        (source,) = onnx.load_from_string(dense).graph.input
        with whole_file(file) as unfinished, tempfile.TemporaryDirectory() as folder:
            Path(folder, "dense.onnx").write_bytes(dense)
            quantization.quantize_static(
                Path(folder, "dense.onnx"),
                unfinished,
                _Inputs({source.name: x.numpy()} for x in inputs),
                quant_format=quantization.QuantFormat.QDQ,
                per_channel=True,
                weight_type=quantization.QuantType.QInt8,
                activation_type=quantization.QuantType.QUInt8,
            )
    return file.read_bytes()


class _Inputs:
    """As `quantize_static` reads them."""

    def __init__(self, feeds: Iterable[dict[str, ndarray]]) -> None:
        self._feeds = iter(feeds)

    def get_next(self) -> dict[str, ndarray] | None:
        return next(self._feeds, None)
