# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Translates torch modules to ONNX."""

import tempfile
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.engines.peers import import_peer


def to_onnx(model: nn.Module, image: Tensor) -> bytes:
    import_peer("onnx")  # torch's exporter uses it
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The exporter that is not deprecated needs one more package and writes the same graph.
        warnings.simplefilter("ignore", DeprecationWarning)
        file = Path(folder, "model.onnx")
        torch.onnx.export(model, (image,), file, dynamo=False)
        return file.read_bytes()
