# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Trees of tensors and plain values in one file, written whole or not at all.

A tree is made of dictionaries, lists, tensors, numbers, strings and None. Its tensors are those of
a safetensors file (a state dict keeps its names there), and what safetensors cannot hold is JSON in
the header of the same file, so that nothing is ever executed on reading and the two cannot part. A
digest of both is in front of it: what was damaged is not read as something else.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from patternc.errors import TrainingError
from patternc.whole_file import whole_file

_TENSOR, _ITEMS = "__tensor__", "__items__"


def save_tree(file: Path, tree: Any) -> None:
    """Writes a tree; until that has succeeded, what was in the file stays.

    Raises:
      TrainingError: when it cannot be written, for example to a full disk.
    """
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_without_tensors(tree, "", tensors))
    tensors = _apart(tensors)
    # One entry: safetensors writes several in an order that is another each time.
    header = {"tree": f"{_digest(text, tensors)} {text}"}
    try:
        with whole_file(file) as unfinished:
            save_file(tensors, unfinished, metadata=header)
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"{file} cannot be written: {error}") from error


def load_tree(file: Path) -> Any:
    """Reads what `save_tree` wrote; tensors are on the CPU, tuples have become lists.

    Raises:
      TrainingError: when the file cannot be read, or was damaged.
    """
    try:
        with safe_open(file, framework="pt") as opened:
            header = opened.metadata() or {}
            digest, _, text = header["tree"].partition(" ")
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        if _digest(text, tensors) != digest:
            raise ValueError("its digest is another one")
        return _with_tensors(json.loads(text), tensors)
    # What the header says may be of any type, and nested without end.
    except (
        *(OSError, SafetensorError, RecursionError),
        *(AttributeError, KeyError, TypeError, ValueError),
    ) as error:
        raise TrainingError(
            f"{file} cannot be read, it is damaged or no checkpoint: {error}"
        ) from error


def _without_tensors(tree: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(tree, Tensor):
        tensors[path] = tree
        return {_TENSOR: path}
    if isinstance(tree, dict):
        # JSON has no keys but strings.
        items = [[k, _without_tensors(v, _join(path, k), tensors)] for k, v in tree.items()]
        return {_ITEMS: items}
    if isinstance(tree, list | tuple):
        return [_without_tensors(v, _join(path, i), tensors) for i, v in enumerate(tree)]
    return tree


def _join(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def _with_tensors(tree: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(tree, list):
        return [_with_tensors(value, tensors) for value in tree]
    if not isinstance(tree, dict):
        return tree
    if _TENSOR in tree:
        return tensors[tree[_TENSOR]]
    return {key: _with_tensors(value, tensors) for key, value in tree[_ITEMS]}


def _digest(text: str, tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(text.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(json.dumps(name).encode())
        digest.update(tensor_bytes(tensor))
    return digest.hexdigest()


def tensor_bytes(tensor: Tensor) -> bytes:
    """The type, shape and elements of a tensor."""
    array = tensor.detach().cpu().contiguous()
    header = json.dumps((str(array.dtype), list(array.shape))).encode()
    return header + array.flatten().view(torch.uint8).numpy().tobytes()


def _apart(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors on the CPU; safetensors refuses those that share memory."""
    apart: dict[str, Tensor] = {}
    seen = set()
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu().contiguous()
        if tensor.untyped_storage().data_ptr() in seen:
            tensor = tensor.clone()
        seen.add(tensor.untyped_storage().data_ptr())
        apart[name] = tensor
    return apart
