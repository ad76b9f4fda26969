# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`PruningConfig`: YAML and back, and every field that is refused."""

import copy
import dataclasses
import pickle

import pytest

from patternc.errors import PruningError
from patternc.prune import AdmmSchedule, PatternSet, PruningConfig

FULL = PruningConfig(
    targets=["features.*", "re:layer[12].*"],
    ignore="classifier",
    connectivity={"features.3": 2, "*": 3.6},
    form="layer",
    pattern_sets={"3x3": "natural:6", "1x3": [[0, 1], [2, 1]]},
    admm=AdmmSchedule(rho_rise="updates", rho_factor=2),
)


@pytest.mark.parametrize("config", [PruningConfig(), FULL])
def test_yaml_and_back(config, tmp_path):
    assert PruningConfig.from_yaml(config.to_yaml()) == config
    file = tmp_path / "config.yaml"
    file.write_text(config.to_yaml(), encoding="utf-8")
    assert PruningConfig.from_yaml(file) == config
    assert pickle.loads(pickle.dumps(config)) == copy.deepcopy(config) == config


def test_yaml_of_a_part_takes_defaults_for_the_rest():
    config = PruningConfig.from_yaml("form: filter\nadmm:\n  rho_end: 1.0\n")
    assert config == PruningConfig(form="filter", admm=AdmmSchedule(rho_end=1.0))
    assert PruningConfig.from_yaml("") == PruningConfig()


def test_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PruningConfig().form = "layer"


def test_sequences_become_tuples_and_positions_a_pattern_set():
    assert FULL.targets == ("features.*", "re:layer[12].*")
    assert FULL.ignore == ("classifier",)
    assert FULL.pattern_sets["1x3"] == PatternSet((1, 3), [(0, 1), (1, 2)])


def test_rho_rises_in_four_stages_or_at_every_update():
    stages = [AdmmSchedule().rho(update, 8) for update in range(9)]
    assert stages == pytest.approx([1e-2, 1e-2, 1e-1, 1e-1, 1, 1, 10, 10, 10])
    doubled = AdmmSchedule(rho_start=1, rho_end=5, rho_factor=2, rho_rise="updates")
    assert [doubled.rho(update, 9) for update in range(5)] == [1, 2, 4, 5, 5]
    constant = AdmmSchedule(rho_start=1, rho_end=1)
    assert [constant.rho(update, 3) for update in range(4)] == [1] * 4


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"version": 2}, "version of the pruning config is 2, this patternc reads 1"),
        ({"method": "amdm"}, "method is 'amdm', expected .*; did you mean 'admm'?"),
        ({"structure": "1:4"}, "structure is '1:4', expected 'pattern', .*did you mean '2:4'"),
        ({"form": "row"}, "form is 'row', expected 'layer', 'filter', 'group'"),
        ({"skip_first": 1}, "skip_first is 1, expected true or false"),
        ({"group_size": 0}, "group_size is 0, expected a whole number of at least 1"),
        ({"block_rows": 0}, "block_rows is 0, expected a whole number of at least 1"),
        ({"block_columns": 2.5}, r"block_columns is 2\.5, expected a whole number"),
        ({"epochs": True}, "epochs is True, expected a whole number"),
        ({"epochs": 4, "period": 5}, r"period is 5 epochs, expected at most epochs \(4\)"),
        ({"targets": 3}, "targets is 3, expected a list of layer names"),
        ({"ignore": [3]}, "ignore: 3 is no layer name, glob or 're:' expression"),
        ({"targets": "re:("}, r"targets: 're:\(' is not a regular expression: missing \)"),
        ({"connectivity": 0.5}, r"connectivity is 0\.5, expected a finite number of at least 1"),
        ({"rate": {"*": float("inf")}}, r"rate of '\*' is inf, expected a finite number"),
        ({"rate": {"re:*": 2}}, r"rate: 're:\*' is not a regular expression"),
        ({"row_rate": "2"}, "row_rate is '2', expected a finite number"),
        ({"pattern_sets": "eight"}, "pattern_sets is 'eight', expected a mapping"),
        ({"pattern_sets": {"3": "eight"}}, "kernel size is '3', expected height x width"),
        ({"pattern_sets": {"5x5": "eight"}}, "'eight' is for 3x3 kernels, not 5x5"),
        ({"pattern_sets": {"3x3": "nine"}}, "'nine' is unknown, expected four, eight, twelve"),
        ({"pattern_sets": {"3x3": [[9]]}}, r"pattern_sets of 3x3: pattern \(9,\) leaves the 3x3"),
        ({"pattern_sets": {"3x3": [4]}}, "pattern_sets of 3x3: "),
        (
            {"pattern_sets": {"3x3": PatternSet((5, 5), [(3,)])}},
            "the set of 3x3 is for 5x5 kernels",
        ),
        ({"admm": {"rho_start": 1}}, "admm is .*, expected an AdmmSchedule"),
    ],
)
def test_refused(fields, message):
    with pytest.raises(PruningError, match=message):
        PruningConfig(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rho_start": 0}, "rho_start is 0, expected more than 0"),
        ({"rho_end": 1e-5}, "rho_end is 1e-05, expected at least rho_start"),
        ({"rho_factor": 1}, "rho_factor is 1, expected more than 1"),
        ({"rho_factor": "1e1"}, r"rho_factor is '1e1', expected .*; in YAML write 10\.0"),
        ({"rho_end": None}, "rho_end is None, expected a finite number$"),
        ({"rho_rise": "step"}, "rho_rise is 'step', expected 'stages', 'updates'"),
        ({"reset_learning_rate": "yes"}, "reset_learning_rate is 'yes', expected true or false"),
    ],
)
def test_refused_schedule(fields, message):
    with pytest.raises(PruningError, match=message):
        AdmmSchedule(**fields)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch: 2", "unknown key 'epoch'; did you mean 'epochs'"),
        ("xyz: 2", "unknown key 'xyz', expected version, method"),
        ("admm:\n  rho: 2", "pruning config, admm: unknown key 'rho'; did you mean"),
        ("admm: 3", "pruning config, admm is a int, expected keys and values"),
        ("- 3", "pruning config is a list, expected keys and values"),
        ("a: [", "config is not valid YAML"),
        ("!!python/object/apply:os.getcwd []", "config is not valid YAML"),
    ],
)
def test_bad_yaml(text, message):
    with pytest.raises(PruningError, match=message):
        PruningConfig.from_yaml(text)


def test_missing_file(tmp_path):
    with pytest.raises(PruningError, match=r"config .*none\.yaml cannot be read: .*No such file"):
        PruningConfig.from_yaml(tmp_path / "none.yaml")
