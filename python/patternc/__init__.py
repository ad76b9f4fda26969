# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""patternc: prune convolution kernels to patterns, and compile that structure into speed.

Importing the package needs neither torch nor IREE; what needs them asks for them by name.
"""

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

from patternc.errors import PatterncError

if TYPE_CHECKING:
    from patternc import (
        cocotune,
        compiler,
        data,
        frontends,
        models,
        prune,
        quantization,
        runtime,
        search,
        settings,
        train,
    )
    from patternc.compiler import Pipeline, compile, target_names
    from patternc.prune import Pruner, PruningConfig, fit, prune_
    from patternc.quantization import PatterncQuantizer, QuantizationConfig, quantize
    from patternc.runtime import CompiledModule, load

__version__ = importlib.metadata.version("patternc")

# Where the public names are, so that each is imported when it is first used.
_HOMES = {
    "CompiledModule": "patternc.runtime",
    "PatterncQuantizer": "patternc.quantization",
    "Pipeline": "patternc.compiler",
    "Pruner": "patternc.prune",
    "PruningConfig": "patternc.prune",
    "QuantizationConfig": "patternc.quantization",
    "compile": "patternc.compiler",
    "fit": "patternc.prune",
    "load": "patternc.runtime",
    "prune_": "patternc.prune",
    "quantize": "patternc.quantization",
    "target_names": "patternc.compiler",
}

# The public submodules, likewise.
_SUBMODULES = (
    "cocotune",
    "compiler",
    "data",
    "frontends",
    "models",
    "prune",
    "quantization",
    "runtime",
    "search",
    "settings",
    "train",
)

__all__ = [
    "CompiledModule",
    "PatterncError",
    "PatterncQuantizer",
    "Pipeline",
    "Pruner",
    "PruningConfig",
    "QuantizationConfig",
    "cocotune",
    "compile",
    "compiler",
    "data",
    "fit",
    "frontends",
    "load",
    "models",
    "prune",
    "prune_",
    "quantization",
    "quantize",
    "runtime",
    "search",
    "settings",
    "target_names",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"patternc.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'patternc' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, *_SUBMODULES])
