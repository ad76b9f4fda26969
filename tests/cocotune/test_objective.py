# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The objective: its two lines, what they mean, and which network comes first."""

import itertools

import pytest

from patternc.cocotune.objective import Objective
from patternc.errors import CocoTuneError

pytestmark = pytest.mark.torch  # patternc.cocotune as a whole does

PUBLISHED = "min ModelSize\nconstraint Accuracy > 0.8\n"


def test_published_lines(tmp_path):
    objective = Objective.parse(PUBLISHED)
    assert objective == Objective("min", "ModelSize", "Accuracy", ">", 0.8)
    (tmp_path / "objective.txt").write_text(f"# what is looked for\n\n{PUBLISHED}")
    assert Objective.from_file(tmp_path / "objective.txt") == objective
    assert objective.cost == "ModelSize"


@pytest.mark.parametrize(
    ("line", "bound"),
    [
        ("ModelSize <= 1.5M", 1.5e6),
        ("ModelSize < 20000", 20000),
        ("MultiplyAdds <= 2G", 2e9),
        ("Latency < 2.5ms", 2.5e-3),
        ("Latency >= 300 us", 3e-4),
    ],
)
def test_bounds_and_their_units(line, bound):
    objective = Objective.parse(f"max Accuracy\nconstraint {line}")
    assert objective.bound == pytest.approx(bound)
    assert Objective.parse(str(objective)) == objective


def test_accuracy_in_per_cent():
    assert Objective.parse("min Latency\nconstraint Accuracy >= 92 %").bound == pytest.approx(0.92)


@pytest.mark.parametrize(
    ("comparison", "met"),
    [("<", "a"), ("<=", "ab"), (">", "c"), (">=", "bc")],
)
def test_comparisons(comparison, met):
    objective = Objective.parse(f"min ModelSize\nconstraint Accuracy {comparison} 0.8")
    values = {"a": 0.7, "b": 0.8, "c": 0.9}
    found = [name for name, value in values.items() if objective.is_met({"Accuracy": value})]
    assert found == list(met)


def test_order():
    order = {
        text: sorted([2, 3, 1], key=Objective.parse(f"{text}").order_key)
        for text in (
            "min ModelSize\nconstraint Accuracy > 0.8",
            "max ModelSize\nconstraint Accuracy > 0.8",
            "max Accuracy\nconstraint ModelSize < 3",
        )
    }
    assert list(order.values()) == [[1, 2, 3], [3, 2, 1], [3, 2, 1]]


def test_each_metric_and_direction_can_be_written():
    metrics = ("ModelSize", "MultiplyAdds", "Latency")
    for direction, metric in itertools.product(("min", "max"), metrics):
        text = f"{direction} {metric}\nconstraint Accuracy > 0.8"
        assert str(Objective.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("min ModelSize", "has 1 lines, expected 2: 'min ModelSize' and"),
        ("least ModelSize\nconstraint Accuracy > 0.8", "line 'least ModelSize' is not as in"),
        ("min ModelSize\nAccuracy > 0.8", "line 'Accuracy > 0.8' is not as in"),
        ("min ModelSize\nconstraint Accuracy == 0.8", "is not as in"),
        ("min Size\nconstraint Accuracy > 0.8", "metric is 'Size', expected ModelSize, Acc"),
        ("min ModelSize\nconstraint Loss > 0.8", "metric is 'Loss'"),
        ("min ModelSize\nconstraint Accuracy > 0.8.1", "'0.8.1' is not a number"),
        ("min ModelSize\nconstraint Accuracy > -inf", "the unit 'inf', expected"),
        ("min ModelSize\nconstraint Accuracy > 80", "bound of Accuracy is 80.0, expected 0 to 1"),
        ("max Accuracy\nconstraint Latency < 2", "the unit '', expected 'us' or 'ms' or 's'"),
        ("max Accuracy\nconstraint ModelSize < 2ms", "the unit 'ms', expected"),
        ("min ModelSize\nconstraint Latency < 2ms", "expected Accuracy in one of its two lines"),
        ("max Accuracy\nconstraint Accuracy > 0.8", "expected Accuracy in one of its two lines"),
    ],
)
def test_texts_that_are_no_objective(text, message):
    with pytest.raises(CocoTuneError, match=message):
        Objective.parse(text)


def test_values_that_are_no_objective():
    with pytest.raises(CocoTuneError, match="direction is 'least'"):
        Objective("least", "ModelSize", "Accuracy", ">", 0.8)  # pyright: ignore
    with pytest.raises(CocoTuneError, match="comparison is '='"):
        Objective("min", "ModelSize", "Accuracy", "=", 0.8)  # pyright: ignore
    with pytest.raises(CocoTuneError, match="bound of Accuracy is nan"):
        Objective("min", "ModelSize", "Accuracy", ">", float("nan"))


def test_files_that_hold_no_objective(tmp_path):
    with pytest.raises(CocoTuneError, match="cannot be read"):
        Objective.from_file(tmp_path / "nowhere")
    (tmp_path / "objective").write_text("")
    with pytest.raises(CocoTuneError, match="objective: the objective has 0 lines"):
        Objective.from_file(tmp_path / "objective")
