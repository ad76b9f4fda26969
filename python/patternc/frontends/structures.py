# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The pytrees of an exported program as structures, which need no torch."""

import dataclasses
from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Iterator
from typing import Any

from torch.utils import _pytree as pytree

from patternc.errors import ModelError
from patternc.runtime.structure import Constant, Kind, Structure, field_names

_CONTAINERS: dict[Any, Kind] = {tuple: "tuple", list: "list"}
_DICTS = (dict, OrderedDict, defaultdict)
# The named tuples that operators of PyTorch return, such as that of `torch.max`.
_RETURN_TYPES = "torch.return_types"


def structure_of(
    spec: pytree.TreeSpec, leaves: Iterator[Structure], classes: dict[str, type], where: str
) -> Structure:
    """The structure of a pytree.

    Args:
      spec: the pytree, of which `leaves` are the leaves.
      classes: gets the classes in it, by `Structure.class_name`.
      where: what it is, for messages.

    Raises:
      ModelError: a part is neither a tuple, a list, a dict, a named tuple nor a dataclass, or has a
        key that is no number or text.
    """
    if spec.is_leaf():
        return next(leaves)
    children = tuple(structure_of(child, leaves, classes, where) for child in spec.children())
    found: Any = spec.type
    name = found.__name__
    if found in _CONTAINERS:
        return Structure(_CONTAINERS[found], children)
    if found in _DICTS:
        keys = tuple(spec.context[1] if found is defaultdict else spec.context)
        if not all(isinstance(key, Constant) for key in keys):
            raise ModelError(f"{where} has a dict with the keys {keys}; use text or numbers")
        return Structure("dict", children, keys)
    if found is namedtuple:
        found = spec.context
        return _of_class("namedtuple", found, found._fields, children, classes)
    if found.__module__ == _RETURN_TYPES:
        # Theirs take one sequence, not a field each.
        fields = found.__match_args__
        found = namedtuple(name, fields, module=_RETURN_TYPES)
        return _of_class("namedtuple", found, fields, children, classes)
    if isinstance(found, type) and dataclasses.is_dataclass(found):
        keys, children = _fields(spec, children)
        known = field_names(found, "dataclass") or ()
        if set(keys) <= set(known) and len(keys) == len(children):
            # Fields that the pytree leaves out are None in it.
            parts = dict(zip(keys, children, strict=True))
            children = tuple(parts.get(key, Structure("constant")) for key in known)
            return _of_class("dataclass", found, known, children, classes)
    raise ModelError(
        f"{where} has a {name} in it; use tuples, lists, dicts, named tuples or dataclasses"
    )


def _of_class(
    kind: Any, found: type, keys: Any, children: Any, classes: dict[str, type]
) -> Structure:
    name = f"{found.__module__}:{found.__qualname__}"
    classes[name] = found
    return Structure(kind, children, tuple(keys), None, name)


def _fields(
    spec: pytree.TreeSpec, children: tuple[Structure, ...]
) -> tuple[tuple[str, ...], tuple[Structure, ...]]:
    """The names of the fields of a dataclass, which its registration put in the context."""
    context = spec.context
    if len(context) == 2 and all(isinstance(names, list | tuple) for names in context):
        return tuple(context[0]), children  # torch.export.register_dataclass
    return tuple(context), children  # the outputs of transformers
