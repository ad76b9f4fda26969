# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Loads what is in a case, in the process of a contender."""

import importlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import patternc
from benchmarks.engines.cudnn import load_cudnn
from benchmarks.engines.engine import NotMeasuredError, Precision, Prepared
from patternc.errors import PatterncError
from patternc.runtime.parameters import WeightsArchive


def load_module(artifact: Path, image: np.ndarray, *, bytecode: Path | None = None) -> Prepared:
    """Loads an artefact of patternc's; a run leaves its results on the device.

    Args:
      artifact: where it was saved.
      image: the input.
      bytecode: what to run in place of its own, with its weights.

    Raises:
      NotMeasuredError: the device cannot run it.
    """
    module = patternc.load(artifact)
    if bytecode is not None:
        module = patternc.CompiledModule(
            vmfb=bytecode.read_bytes(),
            parameters=module.parameters,
            manifest=module.manifest,
            report=module.report(),
        )
    try:
        return Prepared(module.prepare(image), lambda: module(image))
    except PatterncError as error:
        raise NotMeasuredError(str(error).splitlines()[0]) from error


def load_dense(case: str, artifact: Path, image: np.ndarray, *, precision: Precision) -> Prepared:
    """Loads the dense model of a case into cuDNN.

    Args:
      case: its name.
      artifact: of IREE alone, whose weights are the model's, under their own names.
      image: the input.
      precision: as for `load_cudnn`.

    Raises:
      NotMeasuredError: as `load_cudnn` does.
    """
    return load_cudnn(partial(dense_model, case, artifact), image, precision=precision)


def dense_model(case: str, artifact: Path) -> Any:
    """The model of `load_dense`; needs PyTorch."""
    torch = importlib.import_module("torch")
    runtime = importlib.import_module("iree.runtime")
    _, model, _ = importlib.import_module("benchmarks.vulkan.dense_model").make_dense(case)
    parameters = patternc.load(artifact).parameters
    assert isinstance(parameters, WeightsArchive)  # of what was loaded
    values = model.state_dict()
    for name, entry in parameters.index().items():
        if name in values:
            data = runtime.parameter_index_entry_as_numpy_flat_ndarray(entry).copy()
            kind = values[name]
            values[name] = torch.from_numpy(data).view(kind.dtype).reshape(kind.shape)
    model.load_state_dict(values)
    return model
