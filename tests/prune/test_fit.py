# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`fit`: all phases in one call, and a run that was interrupted ends like one that was not."""

import errno
import json
import os
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from patternc.errors import TrainingError
from patternc.prune import PruningConfig, fit
from patternc.train import TrainingConfig, accuracy
from stopping import Stopped, stop_at

CONFIG = PruningConfig(epochs=4, period=2, connectivity=2, pattern_sets={"3x3": "natural:4"})
TRAINING = TrainingConfig(dense_epochs=2, retrain_epochs=2, distillation=0.5, checkpoint_steps=2)
EPOCH = 3  # steps
STEPS = (2 + 4 + 2) * EPOCH


def make_model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    )


class Noisy(TensorDataset):
    """Augmented by torch's global random numbers, which dropout draws, too."""

    def __getitem__(self, index):
        image, label = super().__getitem__(index)
        return image + 0.1 * torch.randn(image.shape), label


def make_batches():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(24, 1, 6, 6, generator=generator)
    return DataLoader(Noisy(images, torch.arange(24) % 4), batch_size=8, shuffle=True)


def run(folder, seed=0, config=CONFIG, training=TRAINING, **options):
    model = make_model(seed)
    evaluate = lambda model: accuracy(model, make_batches())  # noqa: E731
    result = fit(
        model, config, make_batches(), training=training, evaluate=evaluate,
        run_directory=folder, device="cpu", **options,
    )  # fmt: skip
    return model, result


def assert_equal(one: nn.Module, other: nn.Module):
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, *run(folder)


def test_phases_end_in_a_pruned_model(uninterrupted):
    _, model, result = uninterrupted
    assert [r["phase"] for r in result.records] == ["dense"] * 2 + ["admm"] * 4 + ["retrain"] * 2
    assert [r["epoch"] for r in result.records] == list(range(1, 9))
    assert [n for n, r in enumerate(result.records, 1) if "primal" in r] == [4, 6]
    assert result.pruning.layers[1].kept_kernels == 32
    assert not model.training
    assert not any("mask" in name for name in model.state_dict())
    for name, mask in result.pruning.masks.items():
        assert torch.equal(model.get_submodule(name).weight != 0, mask)
    assert 0 <= result.metric <= 1 and 0 <= result.dense_metric <= 1
    assert "pruned" in result.report() and result.pruning.report() in result.report()


def test_run_directory(uninterrupted):
    folder, model, result = uninterrupted
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert log == list(result.records)
    assert sorted(file.name for file in folder.iterdir()) == [
        f"checkpoint-{STEPS - 2:06d}.safetensors",
        f"checkpoint-{STEPS:06d}.safetensors",
        "config.yaml",
        "dense.safetensors",
        "log.jsonl",
        "pruned.safetensors",
    ]
    other = make_model(1)
    other.load_state_dict(load_file(folder / "pruned.safetensors"))
    assert_equal(model, other)


@pytest.mark.parametrize("steps", [(0,), (5,), (6,), (7,), (13,), (18,), (STEPS - 1,), (4, 3, 9)])
def test_interrupted_and_resumed_equals_uninterrupted(uninterrupted, tmp_path, steps):
    """Each number is a step, from 0 or from the last checkpoint, in which the run dies."""
    _, model, result = uninterrupted
    for seed, step in enumerate(steps):
        with pytest.raises(Stopped):
            run(tmp_path, seed, loss=stop_at(step), resume=True)
    again, resumed = run(tmp_path, seed=9, resume=True)  # other weights, which do not matter
    if max(steps) < TRAINING.checkpoint_steps:
        again, resumed = run(tmp_path / "anew", resume=True)  # but here they were all there was
    assert_equal(model, again)
    assert resumed.records == result.records
    assert resumed.pruning.report() == result.pruning.report()
    assert (resumed.metric, resumed.dense_metric) == (result.metric, result.dense_metric)


def test_a_finished_run_gives_its_result_again(uninterrupted):
    folder, model, result = uninterrupted
    again, resumed = run(folder, seed=1, resume=True)
    assert_equal(model, again)
    assert resumed.report() == result.report()


@pytest.mark.parametrize("method", ["one-shot", "gradual"])
@pytest.mark.parametrize("structure", ["pattern", "filter"])
def test_other_methods_resume_as_well(tmp_path, method, structure):
    config = PruningConfig(method=method, structure=structure, rate=2, epochs=2, period=1)
    training = TrainingConfig(retrain_epochs=2, optimizer="sgd", weight_decay=1e-4)
    whole, result = run(None, config=config, training=training)
    with pytest.raises(Stopped):
        run(tmp_path, config=config, training=training, loss=stop_at(4))
    again, _ = run(tmp_path, 1, config=config, training=training, resume=True)
    assert_equal(whole, again)
    assert result.pruning.rate > 1.5


def test_without_epochs_it_is_pruned_only():
    config = PruningConfig(method="one-shot")
    _, result = run(None, config=config, training=TrainingConfig(retrain_epochs=0))
    assert result.records == ()
    assert result.pruning.masks["4"].sum() == 8 * 2 * 4


def test_bfloat16():
    training = TrainingConfig(retrain_epochs=1, precision="bfloat16")
    seen = []
    model = make_model()
    model[0].register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    fit(model, CONFIG, make_batches(), training=training, device="cpu")
    assert set(seen) == {torch.bfloat16}
    assert model[0].weight.dtype is torch.float32


def test_no_progress_bar_without_a_terminal(capsys):
    run(None, training=TrainingConfig(retrain_epochs=1))
    assert capsys.readouterr() == ("", "")


def test_batches_and_loss_are_checked():
    nan = [(torch.full((4, 1, 6, 6), float("nan")), torch.arange(4))]
    with pytest.raises(TrainingError, match=r"loss is nan in batch 1 of epoch 1 \(admm\); lower"):
        fit(make_model(), CONFIG, nan)
    once = iter([(torch.zeros(4, 1, 6, 6), torch.arange(4))])
    with pytest.raises(TrainingError, match="epoch 2 has 0 batches, expected at least 1"):
        fit(make_model(), CONFIG, once)
    with pytest.raises(TrainingError, match="accuracy of no image"):
        accuracy(make_model(), [])


def test_run_directory_is_not_mixed_up(uninterrupted, tmp_path):
    folder, *_ = uninterrupted
    with pytest.raises(TrainingError, match="holds a run already; resume it, or give another"):
        run(folder)
    with pytest.raises(TrainingError, match=r"differs in pruning\.epochs, pruning\.period;"):
        run(folder, config=replace(CONFIG, epochs=3, period=1), resume=True)
    with pytest.raises(TrainingError, match=r"differs in training\.seed;"):
        run(folder, training=replace(TRAINING, seed=3), resume=True)
    with pytest.raises(TrainingError, match="the run that is to be resumed is of another model"):
        fit(nn.Conv2d(1, 4, 3), CONFIG, make_batches(), training=TRAINING,
            run_directory=folder, resume=True)  # fmt: skip
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"log\.jsonl cannot be written"):
        run(tmp_path / "file" / "run")


def test_damaged_checkpoint(tmp_path):
    with pytest.raises(Stopped):
        run(tmp_path, loss=stop_at(5))
    last = tmp_path / "checkpoint-000004.safetensors"
    whole = last.read_bytes()
    one_bit = bytes((*whole[:-1], whole[-1] ^ 1))
    renamed = whole.replace(b"records", b"recordz")
    cut, filled = whole[: len(whole) // 2], whole[:8] + b"x" * (len(whole) - 8)
    for damaged in (cut, b"", filled, one_bit, renamed):
        last.write_bytes(damaged)
        message = r"000004\.safetensors cannot be read.*resume from checkpoint-000003\.safe"
        with pytest.raises(TrainingError, match=message):
            run(tmp_path, resume=True)
        assert last.read_bytes() == damaged
    last.unlink()
    (tmp_path / "checkpoint-000003.safetensors").write_bytes(b"")
    with pytest.raises(TrainingError, match="there is no other"):
        run(tmp_path, resume=True)


def test_full_disk_keeps_the_checkpoint_before(uninterrupted, tmp_path, monkeypatch):
    rename = os.replace

    def full(source, target):
        if "checkpoint-000006" in str(target):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rename(source, target)

    monkeypatch.setattr(os, "replace", full)
    message = (
        r"000006\.safetensors cannot be written: .*No space left.*checkpoint-000004.* is whole"
    )
    with pytest.raises(TrainingError, match=message):
        run(tmp_path)
    assert not list(tmp_path.glob(".*unfinished"))
    monkeypatch.undo()
    _, model, _ = uninterrupted
    assert_equal(model, run(tmp_path, seed=1, resume=True)[0])
