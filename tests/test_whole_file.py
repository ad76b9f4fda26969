"""`whole_file`: a file is written whole, or stays as it was."""

import pytest

from patternc.whole_file import whole_file


def test_a_file_is_replaced_at_the_end(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("old")
    with whole_file(file) as unfinished:
        unfinished.write_text("new")
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_stays_when_writing_fails(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("old")

    def write_half():
        with whole_file(file) as unfinished:
            unfinished.write_text("ne")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        write_half()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]
