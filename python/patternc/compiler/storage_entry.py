# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A second way into a module, for a caller that brings the memory of a call.

`main` allocates its results and temporaries anew in each call, and IREE makes of every allocation
a submission to the device's queue, with a semaphore of its own. Who brings them submits once.
"""

from collections.abc import Iterable

from patternc.runtime.session import WITH_STORAGE
from patternc.tensor_spec import TensorSpec

_LETTERS = {"float": "f", "int": "i", "uint": "i", "bool": "i1"}


def add_storage_entry(
    text: str, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]
) -> str:
    """Adds a function `@main_with_storage` to the text of a module for IREE.

    It takes what `@main` takes, then a buffer for each result, then one for all temporaries.

    Args:
      text: the module as MLIR prints it, without resources.
      inputs: what `@main` takes.
      outputs: what it gives.
    """
    results = _comma(map(_type, outputs))
    arguments = [f"%input{i}: {_type(spec)}" for i, spec in enumerate(inputs)]
    storage = [
        f"%storage{i}: {_type(spec)} {{iree.abi.output = {i} : index}}"
        for i, spec in enumerate(outputs)
    ]
    temporaries = "%temporaries: !hal.buffer {iree.abi.transients}"
    given = _comma(f"%input{i}" for i in range(len(inputs)))
    computed = _comma(f"%results#{i}" for i in range(len(outputs)))
    end = text.rindex("}")
    return f"""{text[:end]}
  func.func @main{WITH_STORAGE}({_comma([*arguments, *storage, temporaries])}) -> ({results}) {{
    %results:{len(outputs)} = call @main({given}) : ({_comma(map(_type, inputs))}) -> ({results})
    return {computed} : {results}
  }}
{text[end:]}"""


def _comma(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _type(spec: TensorSpec) -> str:
    kind = spec.dtype.rstrip("0123456789")
    return f"tensor<{'x'.join((*map(str, spec.shape), _LETTERS[kind] + spec.dtype[len(kind) :]))}>"
