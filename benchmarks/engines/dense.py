# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The engines that run a network dense, in each precision that they have."""

from collections.abc import Mapping

from benchmarks.engines.engine import Engine
from benchmarks.engines.mnn import Mnn
from benchmarks.engines.ncnn import Ncnn
from benchmarks.engines.onnx_runtime import OnnxRuntime
from benchmarks.engines.openvino import OpenVino
from benchmarks.engines.patternc import IreeAlone
from benchmarks.engines.pytorch import PyTorch

DENSE_ENGINES: Mapping[str, tuple[Engine, ...]] = {
    "ncnn": (Ncnn(), Ncnn("bfloat16"), Ncnn("int8")),
    "onnxruntime": (OnnxRuntime(), OnnxRuntime("int8")),
    "openvino": (OpenVino(), OpenVino("bfloat16"), OpenVino("int8")),
    "mnn": (Mnn(), Mnn("int8")),
    "pytorch": (PyTorch(),),
    "iree": (IreeAlone(),),
}
