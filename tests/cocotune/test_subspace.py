# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Subspaces: what they may be, from files, and drawn at random."""

import itertools
import json
import os
import pickle

import pytest
import yaml

from patternc.cocotune.sampling import sample, sample_around, sample_sequences
from patternc.cocotune.subspace import Subspace
from patternc.cocotune.subspace_files import read_subspace, write_subspace
from patternc.errors import CocoTuneError

pytestmark = pytest.mark.torch  # patternc.cocotune as a whole does

SUBSPACE = Subspace(("stem", "body"), ((0.3, 0), (0.5, 0.7)))
RATIOS = [[0.3, 0], [0.5, 0.7]]


@pytest.mark.parametrize(
    ("modules", "configurations", "message"),
    [
        ((), ((),), "has no modules"),
        (("a",), (), "has no configurations"),
        (("a", "a"), ((0.3, 0.3),), "names module 'a' twice"),
        (("a", "b"), ((0.3,),), r"configuration 0 has 1 ratios, expected 2, .*\('a', 'b'\)"),
        (("a",), ((0.3,), (1,)), "configuration 1, module 'a': the pruning ratio is 1, expected"),
        (("a",), ((-0.1,),), "the pruning ratio is -0.1"),
        (("a",), (("0.3",),), "the pruning ratio is '0.3'"),
        (("a",), ((True,),), "the pruning ratio is True"),
        (("a",), ((float("nan"),),), "the pruning ratio is nan"),
        (("a",), ((0.3,), (0.5,), (0.3,)), "configurations 0 and 2 are the same"),
    ],
)
def test_no_subspace(modules, configurations, message):
    with pytest.raises(CocoTuneError, match=message):
        Subspace(modules, configurations)


def test_names_are_those_of_the_network():
    SUBSPACE.check_modules(["head", "body", "stem"])
    with pytest.raises(CocoTuneError, match=r"'body', which the network .* mean 'bodies'\?"):
        SUBSPACE.check_modules(["stem", "bodies"])
    with pytest.raises(CocoTuneError, match=r"does not have; it has 'x', .*\.\.\."):
        SUBSPACE.check_modules(["x"] * 9)


@pytest.mark.parametrize("name", ["subspace.json", "subspace.yaml", "subspace.yml"])
def test_written_and_read(tmp_path, name):
    write_subspace(tmp_path / name, SUBSPACE)
    assert read_subspace(tmp_path / name) == SUBSPACE
    assert list(tmp_path.iterdir()) == [tmp_path / name]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ratios.json", json.dumps(RATIOS).encode()),
        ("ratios.yaml", yaml.safe_dump(RATIOS).encode()),
        *((f"{p}.pkl", pickle.dumps(RATIOS, p)) for p in range(pickle.HIGHEST_PROTOCOL + 1)),
        ("tuples.pickle", pickle.dumps([tuple(ratios) for ratios in RATIOS])),
    ],
)
def test_rates_without_names(tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(content)
    assert read_subspace(file, modules=["stem", "body"]) == SUBSPACE
    with pytest.raises(CocoTuneError, match="names no modules"):
        read_subspace(file)


class Call:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_executes_nothing(tmp_path, protocol):
    mark, file = tmp_path / "executed", tmp_path / "ratios.pkl"
    file.write_bytes(pickle.dumps([Call(os.mkdir, str(mark))], protocol))
    with pytest.raises(CocoTuneError, match=r"ratios.pkl .*it asks for '.*mkdir'.*do not trust it"):
        read_subspace(file, modules=["stem"])
    assert not mark.exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "a subspace is in a file of .json"),
        ("a.json", b"[", "damaged or no json file"),
        ("a.yaml", b"a: [", "damaged or no yaml file"),
        ("a.yaml", b"\xff", "damaged or no yaml file"),
        ("a.pkl", b"", "damaged or no pkl file"),
        ("a.json", b"3", "the subspace is a int, expected a list"),
        ("a.json", b"[3]", "configuration 0 is a int, expected a list"),
        ("a.json", b'{"modules": ["a"]}', "the keys are modules, expected modules and conf"),
        ("a.json", b'{"modules": "ab", "configurations": []}', "modules is a str"),
        ("a.json", b"[[0.3, 0.5]]", "a.json: configuration 0 has 2 ratios, expected 1"),
    ],
)
def test_files_that_hold_no_subspace(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CocoTuneError, match=message):
        read_subspace(tmp_path / name, modules=["stem"])


def test_files_that_cannot_be_used(tmp_path):
    with pytest.raises(CocoTuneError, match=r"nowhere.json cannot be read"):
        read_subspace(tmp_path / "nowhere.json")
    with pytest.raises(CocoTuneError, match=r"are written as .json or .yaml"):
        write_subspace(tmp_path / "subspace.pkl", SUBSPACE)
    with pytest.raises(CocoTuneError, match=r"cannot be written"):
        write_subspace(tmp_path / "nowhere" / "subspace.json", SUBSPACE)


MODULES = tuple(f"module{i}" for i in range(6))


def test_drawn_independently():
    drawn = sample(MODULES, 40, seed=1)
    assert drawn == sample(MODULES, 40, seed=1) != sample(MODULES, 40, seed=2)
    assert len(drawn.configurations) == 40
    assert {ratio for ratios in drawn.configurations for ratio in ratios} == {0.3, 0.5, 0.7}


@pytest.mark.parametrize("sequences", [1, 2, 6])
def test_drawn_in_sequences(sequences):
    drawn = sample_sequences(MODULES, 3, sequences=sequences)
    for ratios in drawn.configurations:
        assert sum(a != b for a, b in itertools.pairwise(ratios)) < sequences


def test_drawn_around_a_target():
    drawn = sample_around(MODULES, 20, sum, 3.0, tolerance=0.05)
    assert len(drawn.configurations) == 20
    assert all(2.85 <= sum(ratios) <= 3.15 for ratios in drawn.configurations)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: sample((), 1), "no modules to draw"),
        (lambda: sample(("a",), 1, ratios=()), "no ratios to draw"),
        (lambda: sample(("a",), 0), "count is 0"),
        (lambda: sample(("a",), 1, ratios=(1.5,)), "ratios: the pruning ratio is 1.5"),
        (lambda: sample(("a",), 4), "3 different configurations were found, expected 4"),
        (lambda: sample_sequences(("a",), 1, sequences=2), "sequences is 2, expected 1 to 1"),
        (lambda: sample_around(("a",), 1, sum, 0), "target is 0"),
        (lambda: sample_around(("a",), 1, sum, 9), r"target 9; costs from 0.3 to 0.7 were seen"),
    ],
)
def test_what_cannot_be_drawn(draw, message):
    with pytest.raises(CocoTuneError, match=message):
        draw()
