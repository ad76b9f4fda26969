# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Workers: what two of Ray find is what this process finds, and one may be lost."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

ray = pytest.importorskip("ray")

from patternc.cocotune import (  # noqa: E402 - Ray may be missing
    Experiment,
    ExplorationResult,
    FineTuningConfig,
    LocalWorker,
    Objective,
    PretrainingConfig,
    RayWorkers,
    explore,
    sample,
)
from patternc.data import Digits, loaders  # noqa: E402
from patternc.errors import CocoTuneError  # noqa: E402
from patternc.models import SmallResNet  # noqa: E402
from patternc.train import accuracy  # noqa: E402

pytestmark = [pytest.mark.data, pytest.mark.ray, pytest.mark.slow, pytest.mark.torch]


@pytest.fixture(scope="module")
def two_workers():
    workers = RayWorkers(2)
    yield workers
    ray.shutdown()


def half(shared: Path, number: int) -> float:
    return number / 2


def lost_once(folder: Path, number: int) -> int:
    """The first who is at number 1 dies."""
    mark = folder / "died"
    if number == 1 and not mark.exists():
        mark.touch()
        os._exit(1)
    return number


def refused(shared: None, number: int) -> None:
    raise CocoTuneError(f"no {number}")


def slow_if_first(shared: None, number: int) -> int:
    time.sleep(number == 0)
    return number


def test_queues_end_when_they_are_told_to(two_workers):
    for workers, count in ((LocalWorker(), 1), (two_workers, 2)):
        seen: list[float] = []

        def queue(first: int, step: int, seen=seen):
            for number in range(first, 100, step):
                if len(seen) > 5:
                    return
                yield number

        for result in workers.run(half, None, [queue(i, count) for i in range(count)]):
            seen.append(result)
        # Whatever was running when the queues ended has been finished.
        assert 6 <= len(seen) <= 6 + count - 1
        assert len(set(seen)) == len(seen) and {0, 0.5} <= set(seen)


def test_a_worker_that_is_lost(two_workers, tmp_path):
    queues = [iter([0, 2]), iter([1, 3])]
    assert sorted(two_workers.run(lost_once, tmp_path, queues)) == [0, 1, 2, 3]
    assert (tmp_path / "died").exists()


def test_errors_come_back(two_workers):
    with pytest.raises(CocoTuneError, match=r"^no 3$"):
        list(two_workers.run(refused, None, [iter([3]), iter([])]))


def test_workers_do_not_wait_for_each_other(two_workers):
    found = list(two_workers.run(slow_if_first, None, [iter([0]), iter([1, 2])]))
    assert found[-1] == 0


def test_two_workers_find_the_same(two_workers, tmp_path):
    torch.manual_seed(0)
    batches, tests = loaders(Digits(train=True), Digits(train=False), batch_size=32, seed=0)
    experiment = Experiment(
        SmallResNet(channels=1, width=4),
        sample(("3", "4", "5"), 6),
        batches,
        lambda network: accuracy(network, tests),
        pretraining=PretrainingConfig(steps=3),
        fine_tuning=FineTuningConfig(steps=3),
    )
    objective = Objective("min", "ModelSize", "Accuracy", ">=", 0.0)

    def facts(result: ExplorationResult) -> list[object]:
        networks = [replace(n, seconds=0, processor_seconds=0) for n in result.networks]
        assert result.network is not None
        return [networks, [p.sum().item() for p in result.network.parameters()]]

    local = explore(experiment, objective, stop_early=False, progress=False)
    options = {"workers": two_workers, "run_directory": tmp_path, "progress": False}
    far = explore(experiment, objective, stop_early=False, **options)
    assert facts(far) == facts(local)
    assert far.pretraining is not None and not far.pretraining.blocks[0].reused
    again = explore(experiment, objective, resume=True, **options)
    assert facts(again) == [facts(local)[0][:1], facts(local)[1]]
    assert again.pretraining is not None and all(b.reused for b in again.pretraining.blocks)


def test_no_workers():
    with pytest.raises(CocoTuneError, match="count of workers is 0"):
        RayWorkers(0)
