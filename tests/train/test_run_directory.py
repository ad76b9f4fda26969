# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Run directories: what is recorded stays, and no run goes on with another's."""

import json

import pytest

from patternc.errors import TrainingError
from patternc.train.run_directory import RunDirectory

DESCRIPTION = {"network": "x", "training": {"steps": 3, "values": (1, 2)}}


def make_run(folder, records=2):
    run = RunDirectory(folder, DESCRIPTION, resume=False)
    for index in range(records):
        run.add({"index": index})
    return run


@pytest.mark.parametrize("cut", [1, 2, 7])
def test_a_cut_last_line_is_not_read(tmp_path, cut):
    make_run(tmp_path)
    log = tmp_path / "log.jsonl"
    log.write_bytes(log.read_bytes()[:-cut])
    run = RunDirectory(tmp_path, DESCRIPTION, resume=True)
    assert run.records == [{"index": 0}, {"index": 1}][: 2 if cut == 1 else 1]
    run.add({"index": 5})
    assert [json.loads(line) for line in log.read_text().splitlines()] == run.records


def test_records_go_back_to_the_last_checkpoint(tmp_path):
    run = make_run(tmp_path)
    run.save_checkpoint(2, {"step": 2})
    run.add({"index": 2})
    again = RunDirectory(tmp_path, DESCRIPTION, resume=True)
    assert len(again.records) == 3
    assert again.load_checkpoint() == {"step": 2, "records": 2}
    assert again.records == RunDirectory(tmp_path, DESCRIPTION, resume=True).records
    assert again.records == [{"index": 0}, {"index": 1}]


def test_without_a_checkpoint_it_begins_again(tmp_path):
    make_run(tmp_path)
    run = RunDirectory(tmp_path, DESCRIPTION, resume=True)
    assert run.load_checkpoint() is None
    assert run.records == [] and (tmp_path / "log.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("description", "names"),
    [
        ({"network": "y", "training": DESCRIPTION["training"]}, "network"),
        (
            {"network": "x", "training": {"steps": 4, "values": [1]}},
            r"training\.steps, training\.va",
        ),
        ({"network": "x", "training": None}, "training"),
        ({"network": "x", "training": {"values": [1, 2]}}, r"training\.steps"),
        ({**DESCRIPTION, "seed": 0}, "seed"),
    ],
)
def test_another_run(tmp_path, description, names):
    make_run(tmp_path)
    with pytest.raises(TrainingError, match="holds a run already; resume it, or give another"):
        RunDirectory(tmp_path, DESCRIPTION, resume=False)
    with pytest.raises(TrainingError, match=f"to be resumed differs in {names}.*; give the same"):
        RunDirectory(tmp_path, description, resume=True)


def test_damage(tmp_path):
    make_run(tmp_path)
    log, config = tmp_path / "log.jsonl", tmp_path / "config.yaml"
    log.write_text("{\n" + log.read_text())
    with pytest.raises(TrainingError, match=r"log\.jsonl is damaged in line 1: .*delete the line"):
        RunDirectory(tmp_path, DESCRIPTION, resume=True)
    log.unlink()
    with pytest.raises(TrainingError, match=r"log\.jsonl cannot be read"):
        RunDirectory(tmp_path, DESCRIPTION, resume=True)
    config.write_text("x")
    with pytest.raises(TrainingError, match=r"config\.yaml is damaged"):
        RunDirectory(tmp_path, DESCRIPTION, resume=True)
