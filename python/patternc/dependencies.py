# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Optional packages, asked for by name where they are needed.

``import patternc`` works without torch and without IREE. A function that needs
one of them calls `require`, so that the user who lacks it reads which package is
missing, for what, and the command that installs it.
"""

import importlib
from types import ModuleType

from patternc.errors import MissingDependencyError

_EXTRA = {
    "torch": "torch",
    "torch.ao.quantization.fx._decomposed": "torch",
    "torch.export": "torch",
    "torch_mlir": "torch",
    "torchao.quantization.pt2e": "quantize",
    "iree.compiler": "iree",
    "iree.runtime": "runtime",
    "safetensors.torch": "torch",
    "sklearn.datasets": "data",
    "sklearn.model_selection": "data",
    "PIL.Image": "data",
    "matplotlib": "plots",
    "google.protobuf.descriptor_pb2": "caffe",
    "google.protobuf.descriptor_pool": "caffe",
    "google.protobuf.message_factory": "caffe",
    "google.protobuf.text_format": "caffe",
    "ray": "ray",
}


def require(module: str, *, needed_for: str) -> ModuleType:
    """Imports an optional module.

    Args:
      module: dotted module name, one of the project's optional dependencies.
      needed_for: what the caller does with it, for the message.

    Raises:
      MissingDependencyError: when the module cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        extra = _EXTRA[module]
        raise MissingDependencyError(
            f"{needed_for} needs the package '{module}', which cannot be imported ({error}); "
            f"install it with: pip install 'patternc[{extra}]'"
        ) from error
