# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pickles are read without executing anything that is in them."""

import contextlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patternc.data.array_pickle import read_batch
from patternc.errors import DataError

pytestmark = pytest.mark.torch

GOOD = {"labels": [1, 2], "data": np.arange(6, dtype=np.uint8).reshape(2, 3), "name": "ä"}


class Calls:
    """Pickles itself as a call, which pickle.load would make."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [3, 4])
def test_plain_values_and_arrays_come_back(tmp_path, protocol):
    file = tmp_path / "file"
    file.write_bytes(pickle.dumps(GOOD, protocol))
    read = read_batch(file)
    assert read["labels"] == [1, 2] and read["name"] == "ä"
    assert read["data"].dtype == np.uint8 and np.array_equal(read["data"], GOOD["data"])


def refused(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_batch(file)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_nothing_is_called(tmp_path, protocol):
    mark = tmp_path / "executed"
    for call in (Calls(os.mkdir, str(mark)), Calls(eval, f"open({str(mark)!r}, 'w')")):
        content = pickle.dumps({"data": call}, protocol)
        refused(tmp_path / "file", content, "it asks for '.*(mkdir|eval)'.* do not trust it")
    assert not mark.exists()


def test_names_under_an_admitted_module_are_refused(tmp_path):
    for name in (
        "numpy\nload",
        "numpy\nfromfile",
        "numpy.core.multiarray\n_reconstruct.__globals__",
    ):
        refused(tmp_path / "file", f"c{name}\n.".encode(), "it asks for 'numpy")


def test_numpy_does_not_see_the_state_of_a_dtype(tmp_path):
    """With numpy's own dtype this array takes eight bytes of the file for a pointer."""
    dtype = "cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntb"
    array = (
        "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
        f"(I1\n(I1\nt{dtype}I00\nS'AAAAAAAA'\ntb"
    )
    content = f"(dS'data'\n{array}s.".encode()
    refused(tmp_path / "file", content, "it holds an array that is not of uint8")


def test_the_classes_of_the_reader_cannot_be_changed(tmp_path):
    changing = b"cnumpy\ndtype\n(N(dS'__init__'\ncnumpy\nndarray\nstb."
    refused(tmp_path / "file", changing, "cannot read the pickle")
    file = tmp_path / "good"
    file.write_bytes(pickle.dumps(GOOD, 4))
    assert np.array_equal(read_batch(file)["data"], GOOD["data"])


@given(data=st.data())
def test_a_damaged_file_is_an_error_or_a_dictionary(tmp_path_factory, data):
    content = bytearray(pickle.dumps(GOOD, 4))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.mktemp("damaged") / "file"
    file.write_bytes(content)
    with contextlib.suppress(DataError):
        assert isinstance(read_batch(file), dict)


def test_empty_file(tmp_path):
    refused(tmp_path / "file", b"", "cannot read the pickle '.*file': Ran out of input")
