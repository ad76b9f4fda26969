# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""How the tensors of a model's arguments and of its result lie in tuples, dicts and classes.

A structure is plain data, so that a saved module has it without the model's classes and without
torch, which knows the same as a *pytree*.
"""

import dataclasses
import keyword
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from patternc.errors import ModelError

Constant = None | bool | int | float | str
Kind = Literal["tensor", "constant", "tuple", "list", "dict", "namedtuple", "dataclass"]

_NAMED = ("namedtuple", "dataclass")


@dataclass(frozen=True)
class Structure:
    """A tensor, a constant, or a container of structures.

    Attributes:
      kind: what it is. A class with named fields is a ``dataclass`` whether or not it is also
        something else, such as the outputs of transformers.
      children: what a container holds, in order.
      keys: the key or field name of each child, for a dict and a class.
      value: of a constant.
      class_name: of a class, as ``module:qualified.name``.
    """

    kind: Kind
    children: tuple["Structure", ...] = ()
    keys: tuple[Constant, ...] = ()
    value: Constant = None
    class_name: str = ""

    @property
    def tensors(self) -> int:
        """Number of tensors in it."""
        return (self.kind == "tensor") + sum(child.tensors for child in self.children)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Structure":
        """Inverse of `dataclasses.asdict` and JSON.

        Raises:
          KeyError, TypeError, ValueError: it is not a structure.
        """
        structure = cls(
            values["kind"],
            tuple(map(cls.from_json, values["children"])),
            tuple(values["keys"]),
            values["value"],
            values["class_name"],
        )
        keys, kind = structure.keys, structure.kind
        has_keys = kind == "dict" or kind in _NAMED
        is_name = [isinstance(key, str) and _is_field(key) for key in keys]
        if (
            kind not in get_args(Kind)
            or len(keys) != (len(structure.children) if has_keys else 0)
            or len(set(keys)) != len(keys)
            or (kind in ("tensor", "constant") and structure.children)
            or (kind in _NAMED and not all(is_name))
            or not isinstance(structure.class_name, str)
            or not all(isinstance(value, Constant) for value in (*keys, structure.value))
        ):
            raise ValueError(f"not a structure: {dict(values)}")
        return structure

    def flatten(self, value: Any, where: str) -> Iterator[tuple[str, Any]]:
        """What a value has in the place of each tensor, with words for the place.

        Args:
          value: what should have this structure.
          where: words for the place of the value.

        Raises:
          ModelError: the value has another structure, or another constant.
        """
        if self.kind == "tensor":
            yield where, value
        elif self.kind == "constant":
            if type(value) is not type(self.value) or value != self.value:
                raise ModelError(
                    f"{where} is {_shown(value)}, but the model is compiled for {self.value!r}; "
                    "pass the same, or compile it for the other"
                )
        else:
            for key, child, part in zip(
                self._labels(), self.children, self._parts(value, where), strict=True
            ):
                yield from child.flatten(part, f"{where}{key}")

    def build(self, tensors: Iterator[Any], classes: Mapping[str, type]) -> Any:
        """The inverse of `flatten`: the structure around tensors.

        Args:
          tensors: one for each tensor of the structure, in order.
          classes: classes by their `class_name`. One that is not here is looked for in the modules
            that are imported already; without it, a class of the same name and fields is made.
        """
        if self.kind == "tensor":
            return next(tensors)
        if self.kind == "constant":
            return self.value
        parts = [child.build(tensors, classes) for child in self.children]
        if self.kind == "list":
            return parts
        if self.kind == "tuple":
            return tuple(parts)
        if self.kind == "dict":
            return dict(zip(self.keys, parts, strict=True))
        return self._class(classes)(**dict(zip(map(str, self.keys), parts, strict=True)))

    def _labels(self) -> list[str]:
        if self.kind in _NAMED:
            return [f".{key}" for key in self.keys]
        if self.kind == "dict":
            return [f"[{key!r}]" for key in self.keys]
        return [f"[{index}]" for index in range(len(self.children))]

    def _parts(self, value: Any, where: str) -> list[Any]:
        """The children of a value of this structure."""
        wanted: dict[str, type] = {"list": list, "tuple": tuple, "dict": Mapping}
        if self.kind in _NAMED:
            lacking = [key for key in self.keys if not hasattr(value, str(key))]
            if lacking:
                raise ModelError(
                    f"{where} is a {type(value).__name__}, expected a {self._name} with the fields "
                    f"{', '.join(map(str, self.keys))}"
                )
            return [getattr(value, str(key)) for key in self.keys]
        if not isinstance(value, wanted[self.kind]):
            raise ModelError(f"{where} is a {type(value).__name__}, expected a {self.kind}")
        if self.kind == "dict":
            if set(value) != set(self.keys):
                raise ModelError(
                    f"{where} has the keys {', '.join(map(repr, value))}, expected "
                    f"{', '.join(map(repr, self.keys))}"
                )
            return [value[key] for key in self.keys]
        if len(value) != len(self.children):
            raise ModelError(f"{where} has {len(value)} parts, expected {len(self.children)}")
        return list(value)

    @property
    def _name(self) -> str:
        return self.class_name.rpartition(":")[2].rpartition(".")[2]

    def _class(self, classes: Mapping[str, type]) -> type:
        if self.class_name in classes:
            return classes[self.class_name]
        found = self._imported_class()
        if found is not None:
            return found
        # A module may have any name; a class that is made has to have one that Python takes.
        name = self._name if self._name.isidentifier() else "Output"
        fields = [(str(key), Any) for key in self.keys]
        if self.kind == "namedtuple":
            from collections import namedtuple

            return namedtuple(name, [key for key, _ in fields])
        return dataclasses.make_dataclass(name, fields)

    def _imported_class(self) -> type | None:
        """The class of that name, if its module is imported and it has the same fields.

        Nothing is imported for it: an artefact does not choose what code a program loads.
        """
        module, _, path = self.class_name.partition(":")
        found: Any = sys.modules.get(module)
        for name in path.split("."):
            found = getattr(found, name, None)
        if not isinstance(found, type):
            return None
        return found if field_names(found, self.kind) == self.keys else None


def field_names(found: type, kind: Kind) -> tuple[str, ...] | None:
    """The fields that a named tuple or a dataclass is made of; None for another class."""
    if kind == "namedtuple":
        return getattr(found, "_fields", None) if issubclass(found, tuple) else None
    if not dataclasses.is_dataclass(found):
        return None
    return tuple(field.name for field in dataclasses.fields(found) if field.init)


def _is_field(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, Constant) else f"a {type(value).__name__}"
