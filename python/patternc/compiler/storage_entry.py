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
      text: the module, whose `@main` has these inputs and outputs.
    """
    # Constants may follow the module.
    end = text.rindex("}", 0, text.find("{-#") if "{-#" in text else len(text))
    results = list(map(_type, outputs))
    arguments = [f"%input{i}: {_type(spec)}" for i, spec in enumerate(inputs)]
    storage = [
        f"%output{i}: {kind} {{iree.abi.output = {i} : index}}" for i, kind in enumerate(results)
    ]
    temporaries = "%temporaries: !hal.buffer {iree.abi.transients}"
    called = f"call @main({_comma(f'%input{i}' for i in range(len(inputs)))})"
    signature = f"({_comma(map(_type, inputs))}) -> ({_comma(results)})"
    values = _comma(f"%results#{i}" for i in range(len(results)))
    return (
        f"{text[:end]}"
        f"  func.func @main{WITH_STORAGE}({_comma((*arguments, *storage, temporaries))}) "
        f"-> ({_comma(results)}) {{\n"
        f"    %results:{len(results)} = {called} : {signature}\n"
        f"    return {values} : {_comma(results)}\n"
        f"  }}\n"
        f"{text[end:]}"
    )


def _comma(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _type(spec: TensorSpec) -> str:
    kind = spec.dtype.rstrip("0123456789")
    return f"tensor<{'x'.join((*map(str, spec.shape), _LETTERS[kind] + spec.dtype[len(kind) :]))}>"
