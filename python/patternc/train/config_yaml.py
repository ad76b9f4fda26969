# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Configs from YAML and back: safe, and an unknown key is an error."""

import dataclasses
import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import yaml

from patternc.errors import PatterncError

_T = TypeVar("_T")
_Config = TypeVar("_Config", bound="YamlConfig")


class YamlConfig:
    """Base of config dataclasses: written as YAML, and read again.

    Attributes:
      title: what a config of the class is called in errors.
      error: the kind that it raises.
    """

    title: ClassVar[str]
    error: ClassVar[type[PatterncError]]

    @classmethod
    def from_yaml(cls: type[_Config], source: str | Path) -> _Config:
        """Reads a config from a YAML file, or from YAML text when `source` is a string.

        Raises:
          `error`: for a file that cannot be read, text that is no YAML, an unknown key,
            or a field out of range.
        """
        return from_plain(cls, load_yaml(source, cls.error), cls.title, cls.error)

    def to_yaml(self) -> str:
        """The config as YAML text that `from_yaml` reads."""
        return dump_yaml(to_plain(self))


def load_yaml(source: str | Path, error_kind: type[PatterncError]) -> Any:
    """Plain values from a YAML file, or from YAML text when `source` is a string.

    Raises:
      `error_kind`: when it cannot be read, or is no YAML.
    """
    try:
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    except (OSError, ValueError) as error:
        raise error_kind(f"config {source} cannot be read: {error}") from error
    try:
        return yaml.safe_load(text)
    # Values of YAML's own types may be none: a 13th month, a number of thousands of digits.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise error_kind(f"config is not valid YAML: {error}") from error


def dump_yaml(plain: Any) -> str:
    return yaml.safe_dump(plain, sort_keys=False)


def to_plain(value: Any) -> Any:
    """A config as dictionaries, lists, numbers and strings.

    A value with a `to_plain` of its own is what that returns.
    """
    if hasattr(value, "to_plain"):
        return value.to_plain()
    if dataclasses.is_dataclass(value):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[_T], plain: Any, what: str, error_kind: type[PatterncError]) -> _T:
    """A config of a class from the dictionary that `to_plain` makes, or part of it.

    Raises:
      `error_kind`: when it is no dictionary, or has a key that the class does not.
    """
    if plain is None:
        plain = {}
    if not isinstance(plain, Mapping):
        raise error_kind(f"{what} is a {type(plain).__name__}, expected keys and values")
    fields = {f.name: f for f in dataclasses.fields(kind)}  # pyright: ignore[reportArgumentType]
    values = {}
    for key, value in plain.items():
        if key not in fields:
            near = difflib.get_close_matches(str(key), fields, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else f", expected {', '.join(fields)}"
            raise error_kind(f"{what}: unknown key '{key}'{hint}")
        nested = fields[key].default
        if dataclasses.is_dataclass(nested):
            value = from_plain(type(nested), value, f"{what}, {key}", error_kind)
        values[key] = value
    return kind(**values)
