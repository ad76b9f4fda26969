# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Exploration: order, early stop, state on disk, workers, and the winner."""

import errno
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import patternc
from patternc.cocotune import (
    Experiment,
    ExplorationResult,
    FilterPruning,
    FineTuningConfig,
    LiveTable,
    Objective,
    PatternPruning,
    PretrainingConfig,
    Subspace,
    UnreachableObjectiveError,
    draw_explorations,
    explore,
)
from patternc.cocotune.multiplexing import MultiplexingModel
from patternc.cocotune.network_costs import additive_costs, model_size, multiply_adds
from patternc.cocotune.tuning_blocks import find_tuning_blocks
from patternc.errors import CocoTuneError, TrainingError
from patternc.models import SmallResNet
from patternc.prune import PruningConfig
from patternc.search import LatencyMeter
from patternc.train import accuracy

pytestmark = pytest.mark.torch

MODULES = ("3", "4", "5")
SUBSPACE = Subspace(
    MODULES,
    ((0.7, 0.7, 0.3), (0.3, 0.3, 0.3), (0.5, 0.5, 0.5), (0.7, 0.7, 0.5), (0.5, 0.5, 0.3)),
)
SMALLEST_FIRST = [3, 2, 0, 4, 1]


def evaluate_on(batches: list[tuple[Tensor, Tensor]]):
    return lambda network: accuracy(network, batches)


def make_batches() -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(4, 16, 1, 8, 8, generator=generator)
    return [(batch, (batch.mean(dim=(1, 2, 3)) > 0).long()) for batch in images]


@pytest.fixture
def experiment() -> Experiment:
    torch.manual_seed(0)
    batches = make_batches()
    return Experiment(
        SmallResNet(channels=1, width=4, classes=2).eval(),
        SUBSPACE,
        batches,
        evaluate_on(batches),
        pretraining=PretrainingConfig(steps=3),
        fine_tuning=FineTuningConfig(steps=3),
    )


def objective(bound: float) -> Objective:
    return Objective("min", "ModelSize", "Accuracy", ">=", bound)


def run(experiment: Experiment, bound: float, **options) -> ExplorationResult:
    return explore(experiment, objective(bound), progress=False, **options)


def all_of(experiment: Experiment, **options) -> ExplorationResult:
    return run(experiment, 0.0, stop_early=False, **options)


def facts(result: ExplorationResult) -> list[object]:
    """What has to be the same however the networks were explored."""
    return [
        result.winner and result.winner.index,
        *((n.index, n.cost, n.model_size, n.initial_accuracy, n.accuracy) for n in result.networks),
        *([] if result.network is None else result.network.state_dict()["0.weight"].flatten()),
    ]


def test_smallest_first_until_one_meets(experiment):
    everything = all_of(experiment)
    assert [network.index for network in everything.networks] == SMALLEST_FIRST
    assert everything.winner == everything.networks[0]
    sizes = [network.model_size for network in everything.networks]
    assert sizes == sorted(sizes) and sizes[-1] < everything.full_size
    # A bound that the third of them is the first to meet, whatever the accuracies are.
    accuracies = dict(zip(SMALLEST_FIRST, (0.1, 0.2, 0.9, 0.3, 0.9), strict=True))
    of_size = {network.model_size: accuracies[network.index] for network in everything.networks}
    graded = replace(experiment, evaluate=lambda n: of_size.get(model_size(n), 0.95))
    found = run(graded, 0.8)
    assert [network.index for network in found.networks] == SMALLEST_FIRST[:3]
    assert found.winner is not None and found.winner.index == 0
    assert found.network is not None and model_size(found.network) == found.winner.model_size
    assert found.needed == found.networks and found.considered == 5
    assert found.seconds >= found.pretraining_seconds > 0
    assert found.full_accuracy == 0.95


def test_largest_first_for_the_largest_accuracy(experiment):
    sizes = [network.model_size for network in all_of(experiment).networks]
    best = Objective("max", "Accuracy", "ModelSize", "<", sizes[-1])
    found = explore(experiment, best, progress=False)
    assert [network.model_size for network in found.networks] == [sizes[-2]]
    assert found.considered == 4
    with pytest.raises(CocoTuneError, match=r"no configuration meets 'ModelSize < 10': .* is \d"):
        explore(experiment, replace(best, bound=10), progress=False)


def test_default_networks_have_no_blocks(experiment):
    default = all_of(replace(experiment, use_blocks=False))
    assert default.pretraining is None and default.pretraining_seconds == 0
    blocks = all_of(experiment)
    assert blocks.pretraining is not None
    # Trained blocks, and not those of the full network, are where networks start from.
    pairs = zip(blocks.networks, default.networks, strict=True)
    assert [one.model_size for one, _ in pairs] == [n.model_size for n in default.networks]
    assert facts(blocks) != facts(default)


@pytest.mark.parametrize("pruning", [FilterPruning(), PatternPruning()], ids=["filter", "pattern"])
@pytest.mark.parametrize("cost", ["size", "multiply-adds"])
def test_costs_are_those_of_the_networks(experiment, pruning, cost):
    model = MultiplexingModel(
        experiment.network,
        MODULES,
        find_tuning_blocks(SUBSPACE),
        pruning,
        experiment.example_input,
    )

    def of(network: nn.Module) -> float:
        if cost == "size":
            return model_size(network)
        return multiply_adds(network, experiment.example_input)

    found = additive_costs(model, SUBSPACE.configurations, of)
    assert found == [of(model.network_of(ratios)) for ratios in SUBSPACE.configurations]
    assert max(found) < of(experiment.network)


@pytest.mark.iree
def test_multiply_adds_are_those_that_the_compiler_reports(experiment):
    pruning = PatternPruning(PruningConfig(group_size=2))
    model = MultiplexingModel(
        experiment.network,
        MODULES,
        find_tuning_blocks(SUBSPACE),
        pruning,
        experiment.example_input,
    )
    image = experiment.example_input[:1]
    for network in (experiment.network, model.network_of(SUBSPACE.configurations[0])):
        layers = patternc.compile(network, (image,)).report().layers
        assert multiply_adds(network, image) == sum(layer.multiply_adds for layer in layers)


@pytest.mark.iree
def test_winner_is_compiled(experiment):
    result = run(experiment, 0.0)
    module = result.compile()
    image = experiment.example_input[:1]
    assert result.network is not None and result.latency is not None
    expected = result.network(image).detach()
    torch.testing.assert_close(module(image), expected, rtol=1e-4, atol=1e-4)
    assert re.search(r"its latency, compiled +[\d.]+[um]s", result.report())
    result.compile("snapdragon-855")  # which is not this machine
    assert result.latency is None and "latency" not in result.report()


@pytest.mark.iree
def test_least_latency(experiment, tmp_path, monkeypatch):
    pair = replace(experiment, subspace=Subspace(MODULES, SUBSPACE.configurations[:2]))
    least = Objective("min", "Latency", "Accuracy", ">=", 0.0)
    found = explore(pair, least, run_directory=tmp_path / "run", progress=False)
    assert found.winner is not None and 0 < found.winner.cost < 1
    assert "Latency" in found.report()
    # Latencies are not measured again: another time would change the order.
    monkeypatch.setattr(LatencyMeter, "model", None)
    options = {"run_directory": tmp_path / "run", "resume": True, "progress": False}
    assert facts(explore(pair, least, **options)) == facts(found)


def test_any_training_loop(experiment):
    seen = []

    def loop(network: nn.Module) -> None:
        network.train()
        seen.append(network)

    result = all_of(replace(experiment, fine_tuning=loop))
    assert len(seen) == 5
    assert all(not network.training for network in seen)
    assert all(n.initial_accuracy == n.accuracy for n in result.networks)


def test_masks_are_kept_in_any_training_loop(experiment):
    def loop(network: nn.Module) -> None:
        optimizer = torch.optim.SGD(network.parameters(), 0.1)
        network(experiment.example_input).sum().backward()
        optimizer.step()

    patterns = replace(experiment, pruning=PatternPruning(), fine_tuning=loop)
    result = run(patterns, 0.0)
    assert result.network is not None and result.winner is not None
    zeros = sum(int((p == 0).sum()) for p in result.network.parameters())
    assert zeros >= result.full_size - result.winner.model_size > 0


def test_unreachable_objective_loses_nothing(experiment, tmp_path):
    with pytest.raises(UnreachableObjectiveError) as caught:
        run(replace(experiment, evaluate=lambda _: 0.75), 0.8, run_directory=tmp_path / "run")
    message = str(caught.value)
    assert "none of 5 networks meets 'Accuracy >= 0.8': the most accurate is" in message
    assert "with 0.7500, the full network has 0.7500" in message
    assert f"what was explored is in {tmp_path / 'run'}" in message
    result = caught.value.result
    assert len(result.networks) == 5 and result.winner is None and "winner" in result.report()
    with pytest.raises(CocoTuneError, match="there is no winner to compile"):
        result.compile()
    # With another bound, nothing but the winner is trained again.
    trained = []
    counting = replace(experiment, evaluate=lambda n: trained.append(n) or 0.75)
    again = run(counting, 0.7, run_directory=tmp_path / "run", resume=True)
    assert again.winner is not None and len(trained) == 3  # winner before and after, full network


def test_goes_on_after_it_was_killed(experiment, tmp_path):
    whole = all_of(experiment, run_directory=tmp_path / "whole")
    count = 0

    def dying(network: nn.Module) -> float:
        nonlocal count
        count += 1
        if count == 6:
            raise KeyboardInterrupt
        return experiment.evaluate(network)

    with pytest.raises(KeyboardInterrupt):
        all_of(replace(experiment, evaluate=dying), run_directory=tmp_path / "cut")
    shown = []
    options = {"run_directory": tmp_path / "cut", "resume": True, "on_network": shown.append}
    resumed = all_of(experiment, **options)
    assert facts(resumed) == facts(whole)
    assert [network.index for network in shown] == SMALLEST_FIRST
    assert resumed.pretraining is not None
    assert all(block.reused for block in resumed.pretraining.blocks)
    assert resumed.pretraining_seconds > 0  # of the run before
    log = (tmp_path / "cut" / "log.jsonl").read_text()
    assert log.count('"accuracy"') == 5
    # A third start has nothing to do.
    assert facts(all_of(experiment, run_directory=tmp_path / "cut", resume=True)) == facts(whole)


@pytest.mark.slow
def test_killed_for_real(tmp_path):
    """SIGKILL after the second network; the run goes on to what one in a piece finds."""
    program = Path(__file__).with_name("exploring.py")

    def start(folder: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(program), str(tmp_path / folder), *options]
        path = {"PYTHONPATH": str(Path(patternc.__file__).parents[1])}
        return subprocess.run(
            command, env=os.environ | path, capture_output=True, text=True, check=False
        )

    assert start("cut", "--kill-after", "2").returncode == -9
    assert (tmp_path / "cut" / "log.jsonl").read_text().count('"accuracy"') == 2
    resumed, whole = start("cut"), start("whole")
    assert resumed.returncode == whole.returncode == 0, resumed.stderr + whole.stderr
    assert resumed.stdout == whole.stdout


def test_a_folder_of_another_run(experiment, tmp_path):
    run(experiment, 0.0, run_directory=tmp_path)
    with pytest.raises(TrainingError, match="holds a run already; resume it, or give another"):
        run(experiment, 0.0, run_directory=tmp_path)
    other = replace(experiment, fine_tuning=FineTuningConfig(steps=4), use_blocks=False)
    with pytest.raises(
        TrainingError, match=r"differs in pretraining, fine_tuning\.steps, use_blocks;"
    ):
        run(other, 0.0, run_directory=tmp_path, resume=True)


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_full_disk_loses_nothing(experiment, tmp_path, monkeypatch):
    count = 0
    fsync = os.fsync

    def full_later(descriptor: int) -> None:
        nonlocal count
        count += os.readlink(f"/proc/self/fd/{descriptor}").endswith("log.jsonl")
        if count == 4:  # pre-training and two networks
            full()
        fsync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full_later)
        with pytest.raises(TrainingError, match=r"No space left .* the 3 records before are kept"):
            all_of(experiment, run_directory=tmp_path)
    # As if a part of the record had got onto the disk.
    log = tmp_path / "log.jsonl"
    text = log.read_text()
    log.write_text(text[: text.rindex("{") + 10])
    resumed = all_of(experiment, run_directory=tmp_path, resume=True)
    assert facts(resumed) == facts(all_of(experiment))


def test_full_disk_at_the_start_and_at_the_end(experiment, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", full)
        with pytest.raises(TrainingError, match=r"log.jsonl cannot be written: .*No space left"):
            run(experiment, 0.0, run_directory=tmp_path / "a")
    replace_file = os.replace

    def no_winner(source, target):
        if "winner" in str(target):
            full()
        replace_file(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", no_winner)
        with pytest.raises(TrainingError, match=r"winner.safetensors cannot be written"):
            run(experiment, 0.0, run_directory=tmp_path / "b")
    resumed = run(experiment, 0.0, run_directory=tmp_path / "b", resume=True)
    assert facts(resumed) == facts(run(experiment, 0.0))


def test_a_subspace_that_does_not_fit(experiment):
    other = replace(experiment, subspace=Subspace(("3", "44"), ((0.5, 0.5),)))
    with pytest.raises(CocoTuneError, match=r"prunes module '44', .* did you mean '4'\?"):
        run(other, 0.0)
    order = replace(experiment, subspace=Subspace(("4", "3"), ((0.5, 0.5),)))
    with pytest.raises(CocoTuneError, match="order"):
        run(order, 0.0)


def test_live_table(experiment, capsys):
    table = LiveTable(objective(0.0), len(MODULES))
    result = run(experiment, 0.0, on_network=table)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["configuration", "ratios", "weights"]
    assert lines[2].split()[:4] == ["3", ".7", ".7", ".5"] and lines[2].endswith("met")
    assert len(lines) == 2 + len(result.networks)


def test_curves(experiment, tmp_path):
    pytest.importorskip("matplotlib")
    file = tmp_path / "curves.png"
    results = {
        "blocks": all_of(experiment),
        "default": all_of(replace(experiment, use_blocks=False)),
    }
    draw_explorations(results, file)
    assert file.read_bytes().startswith(b"\x89PNG")
    best = Objective("max", "Accuracy", "ModelSize", "<", 1e9)
    draw_explorations({"best": explore(experiment, best, progress=False)}, file)
    with pytest.raises(CocoTuneError, match="no exploration to draw"):
        draw_explorations({}, file)
    with pytest.raises(CocoTuneError, match="cannot be written"):
        draw_explorations(results, tmp_path / "nowhere" / "curves.png")
