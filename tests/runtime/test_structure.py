# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Structures: building, flattening, JSON, and classes that are there or not."""

import collections
import dataclasses
import json
import subprocess
from typing import Any

import pytest

from patternc.errors import ModelError
from patternc.runtime.structure import Structure

Pair = collections.namedtuple("Pair", "first second")


@dataclasses.dataclass
class Output:
    scores: Any
    hidden: Any = None


TENSOR = Structure("tensor")
PAIR = Structure("namedtuple", (TENSOR, TENSOR), ("first", "second"), None, f"{__name__}:Pair")
OUTPUT = Structure(
    "dataclass",
    (Structure("list", (TENSOR, PAIR)), Structure("constant")),
    ("scores", "hidden"),
    None,
    f"{__name__}:Output",
)
EVERYTHING = Structure(
    "dict",
    (OUTPUT, Structure("tuple", (TENSOR,)), *(Structure("constant", value=v) for v in (1.5, "a"))),
    ("out", 3, None, True),
)


def test_tensors_come_back_in_their_places():
    value = {"out": Output([1, Pair(2, 3)]), 3: (4,), None: 1.5, True: "a"}
    assert EVERYTHING.build(iter([1, 2, 3, 4]), {}) == value
    places = list(EVERYTHING.flatten(value, "x"))
    assert places == [
        ("x['out'].scores[0]", 1),
        ("x['out'].scores[1].first", 2),
        ("x['out'].scores[1].second", 3),
        ("x[3][0]", 4),
    ]
    assert EVERYTHING.tensors == 4


def test_json():
    assert Structure.from_json(json.loads(json.dumps(dataclasses.asdict(EVERYTHING)))) == EVERYTHING


@pytest.mark.parametrize(
    "name", ["elsewhere:Output", f"{__name__}:TENSOR", f"{__name__}:Pair", ":"]
)
def test_class_that_is_not_there_is_made(name):
    made = dataclasses.replace(OUTPUT, class_name=name).build(iter([1, 2, 3]), {})
    assert type(made) is not Output
    assert dataclasses.asdict(made) == {"scores": [1, Pair(2, 3)], "hidden": None}
    pair = dataclasses.replace(PAIR, class_name="elsewhere:Pair").build(iter([1, 2]), {})
    assert type(pair) is not Pair
    assert pair == (1, 2) and pair._fields == Pair._fields


def test_class_of_other_fields_is_not_taken():
    """Of a module that is imported, as all are that an artefact may name."""
    structure = Structure("dataclass", (TENSOR,), ("args",), None, "subprocess:Popen")
    made = structure.build(iter(["ls"]), {})
    assert not isinstance(made, subprocess.Popen)
    assert made.args == "ls"


@pytest.mark.parametrize(
    ("structure", "value", "message"),
    [
        (PAIR, (1, 2), r"x is a tuple, expected a Pair with the fields first, second"),
        (Structure("list", (TENSOR,)), (1,), r"x is a tuple, expected a list"),
        (Structure("tuple", (TENSOR,)), (1, 2), r"x has 2 parts, expected 1"),
        (Structure("dict", (TENSOR,), ("a",)), {"b": 1}, r"x has the keys 'b', expected 'a'"),
        (Structure("constant", value=1), True, r"x is True, but the model is compiled for 1"),
        (Structure("constant"), [], r"x is a list, but the model is compiled for None"),
    ],
)
def test_another_structure(structure, value, message):
    with pytest.raises(ModelError, match=message):
        list(structure.flatten(value, "x"))
