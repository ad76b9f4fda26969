# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`Pruner`: every method ends in its structure, masks hold and travel with the model."""

import copy
import io

import pytest
import torch
from torch import nn

from patternc.errors import PruningError
from patternc.prune import AdmmSchedule, Pruner, PruningConfig, analyze


def make_model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    )


def make_batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    return [(torch.randn(8, 1, 6, 6, generator=generator), torch.arange(8) % 4) for _ in range(3)]


def train(model, pruner, epochs, *, step=None):
    updates = []
    for _ in range(epochs):
        for inputs, targets in make_batches():
            pruner.optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs), targets).backward()
            pruner.step(step)
        updates.append(pruner.end_epoch())
    return updates


OPTIMIZERS = {
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-2),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, momentum=0.9, centered=True),
}
CONFIG = PruningConfig(epochs=4, period=1, connectivity=2)


def prepared(config=CONFIG, make_optimizer=OPTIMIZERS["adam"], **fields):
    model = make_model()
    return model, Pruner.prepare(model, config, make_optimizer(model.parameters()), **fields)


def assert_removed(model, pruner):
    """Weights, gradients and optimizer state are zero where a mask is, and only there."""
    for name, mask in pruner.report().masks.items():
        weight = model.get_submodule(name).weight
        state = pruner.optimizer.state[weight].values()
        state = [t for t in state if isinstance(t, torch.Tensor) and t.shape == mask.shape]
        for tensor in (weight, weight.grad, *state):
            assert tensor[~mask].count_nonzero() == 0
            assert tensor[mask].count_nonzero() > 0


@pytest.mark.parametrize("make_optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("method", ["admm", "one-shot", "gradual"])
def test_removed_weights_stay_zero(method, make_optimizer):
    model, pruner = prepared(make_optimizer=make_optimizer, method=method)
    train(model, pruner, 4)
    assert pruner.phase == "retrain"
    train(model, pruner, 1)
    assert_removed(model, pruner)


@pytest.mark.parametrize("structure", ["pattern", "unstructured", "filter", "2:4"])
@pytest.mark.parametrize("method", ["admm", "one-shot", "gradual"])
def test_every_method_ends_in_the_structure(method, structure):
    model, pruner = prepared(method=method, structure=structure, rate=4, linear=True)
    train(model, pruner, 5)
    report = pruner.finalize()
    assert pruner.phase == "finished"
    assert not dict(model.named_buffers()).keys() & {"0.weight_mask", "3.weight_mask"}
    wanted = analyze(make_model(), pruner.config)
    for layer, expected in zip(report.layers, wanted.layers, strict=True):
        assert layer.kept_weights == expected.kept_weights
        assert (layer.structure, layer.note) == (expected.structure, expected.note)
        if layer.mask is not None:
            weight = model.get_submodule(layer.name).weight
            assert not weight[~layer.mask].any()
            assert not torch.signbit(weight[~layer.mask]).any()
            assert weight[layer.mask].all()
    again = analyze(model, pruner.config)
    assert all(torch.equal(mask, report.masks[name]) for name, mask in again.masks.items())


def test_admm_moves_the_weights_to_their_structure():
    schedule = AdmmSchedule(rho_start=1e-2, rho_end=10.0)
    config = PruningConfig(epochs=40, period=2, connectivity=2, admm=schedule)
    model, pruner = prepared(config)
    before = model[3].weight.clone()
    updates = [update for update in train(model, pruner, 40) if update]
    assert len(updates) == 20
    assert [update.rho for update in updates[::5]] == pytest.approx([1e-2, 1e-1, 1, 10])
    assert updates[-1].primal < 0.2 * updates[0].primal
    assert updates[-1].changed < 0.1
    assert all(0 <= update.changed <= 1 and update.dual >= 0 for update in updates)
    removed = ~pruner.report().masks["3"]
    assert before[removed].count_nonzero() == removed.sum()


def test_first_update_by_hand():
    """Z, U and the gradient of the penalty, against the formulas, for both sets of a layer."""
    config = PruningConfig(
        epochs=2, period=1, connectivity=2, admm=AdmmSchedule(0.5, 2.0, 4.0, "updates")
    )
    layer = nn.Conv2d(8, 8, 3, bias=False)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    pruner = Pruner.prepare(layer, config, optimizer)
    sets = pruner._layers[0].sets
    assert [constraint_set.name for constraint_set in sets] == ["connectivity", "patterns"]

    weight = layer.weight.detach().clone()
    z = [weight * s.project(weight) for s in sets]
    layer.weight.grad = torch.zeros_like(weight)
    pruner.step()
    moved = weight - 0.5 * sum(weight - z for z in z)
    torch.testing.assert_close(layer.weight.detach(), moved)

    update = pruner.end_epoch()
    z_next = [moved * s.project(moved) for s in sets]
    u = [moved - z for z in z_next]
    norm = (2 * moved.square().sum()).sqrt()
    assert update.rho == 0.5
    assert update.primal == pytest.approx(float(sum(t.square().sum() for t in u).sqrt() / norm))
    steps = sum((a - b).square().sum() for a, b in zip(z_next, z, strict=True))
    assert update.dual == pytest.approx(float(0.5 * steps.sqrt() / norm))
    state = pruner.state_dict()
    for s, point, dual in zip(sets, z_next, u, strict=True):
        torch.testing.assert_close(state[f"/{s.name}/auxiliary"], point)
        torch.testing.assert_close(state[f"/{s.name}/dual"], dual / 4)  # rho is 4 times as large
    assert state["rho"] == 2.0


def test_weights_without_gradient_are_left_to_the_optimizer():
    model, pruner = prepared()
    model[3].weight.requires_grad_(False)
    before = model[3].weight.clone()
    train(model, pruner, 1)
    assert torch.equal(model[3].weight, before)


def test_gradual_follows_the_cubic_schedule():
    model, pruner = prepared(method="gradual", structure="unstructured", rate=4, ignore="0")
    removed = []
    for _ in range(4):
        train(model, pruner, 1)
        removed.append(int((~pruner.report().masks["3"]).sum()))
    final = 576 * 3 // 4
    assert removed == [round(final * (1 - (1 - t / 4) ** 3)) for t in (1, 2, 3, 4)]


def test_learning_rates_are_cut_in_a_period_and_reset_at_its_end():
    schedule = AdmmSchedule(reset_learning_rate=True)
    _, pruner = prepared(PruningConfig(epochs=6, period=3, admm=schedule))
    rates = []
    for _ in range(6):
        rates.append(pruner.optimizer.param_groups[0]["lr"])
        pruner.end_epoch()
    assert rates == pytest.approx([1e-2, 1e-3, 1e-4] * 2)
    assert pruner.optimizer.param_groups[0]["lr"] == 1e-2


def test_step_of_a_scaler():
    model, pruner = prepared()
    seen = []
    train(model, pruner, 1, step=lambda optimizer: seen.append(optimizer) or optimizer.step())
    assert seen == [pruner.optimizer] * 3


@pytest.mark.parametrize("method", ["admm", "gradual"])
@pytest.mark.parametrize("stop", range(1, 6))
def test_state_dicts_resume_exactly(method, stop):
    # Natural patterns and groups come from the weights, which a resumed model no longer has.
    config = PruningConfig(
        method=method, epochs=4, period=2, connectivity=2, pattern_sets={"3x3": "natural:4"}
    )
    model, pruner = prepared(config)
    train(model, pruner, stop)
    file = io.BytesIO()
    states = model.state_dict(), pruner.optimizer.state_dict(), pruner.state_dict()
    torch.save(states, file)
    train(model, pruner, 6 - stop)

    torch.manual_seed(1)
    other = make_model()
    nn.init.normal_(other[3].weight)
    again = Pruner.prepare(other, config, torch.optim.Adam(other.parameters(), lr=0.01))
    file.seek(0)
    model_state, optimizer_state, state = torch.load(file)
    other.load_state_dict(model_state)
    again.optimizer.load_state_dict(optimizer_state)
    again.load_state_dict(state)
    train(other, again, 6 - stop)
    assert pruner.finalize().report() == again.finalize().report()
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


def test_masks_travel_with_the_model():
    model, pruner = prepared(method="one-shot")
    masks = pruner.report().masks
    assert {"0.weight_mask", "3.weight_mask"} <= model.state_dict().keys()
    twin = copy.deepcopy(model)
    loaded, _ = prepared()
    loaded.load_state_dict(model.state_dict())
    for other in (twin, loaded):
        for name, mask in masks.items():
            assert torch.equal(other.get_submodule(name).weight_mask, mask)
    assert model.double()[3].weight_mask.dtype is torch.bool


def test_exported_graph_does_not_have_the_masks():
    model, pruner = prepared(method="one-shot")
    model.eval()
    image = make_batches()[0][0]
    exported = torch.export.export(model, (image,))
    used = [node.name for node in exported.graph.nodes if "mask" in node.name and node.users]
    assert used == []
    torch.testing.assert_close(exported.module()(image), model(image))
    pruner.finalize()
    assert not any("mask" in name for name in torch.export.export(model, (image,)).state_dict)


def test_data_parallel_broadcasts_the_masks(tmp_path):
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/rendezvous", rank=0, world_size=1
    )
    try:
        model, pruner = prepared()
        parallel = nn.parallel.DistributedDataParallel(model)
        assert "module.3.weight_mask" in dict(parallel.named_buffers())
        assert any(buffer is model[3].weight_mask for buffer in parallel.modules_buffers)
        train(parallel, pruner, 5)
    finally:
        torch.distributed.destroy_process_group()
    alone, other = prepared()
    train(alone, other, 5)
    assert_removed(model, pruner)
    torch.testing.assert_close(model.state_dict(), alone.state_dict())


def test_matrices_of_sequences_are_trained_under_their_masks():
    torch.manual_seed(0)
    lstm = nn.LSTM(8, 8, batch_first=True)
    optimizer = torch.optim.Adam(lstm.parameters(), lr=0.1)
    pruner = Pruner.prepare(lstm, None, optimizer, method="one-shot", linear=True)
    for _ in range(2):
        optimizer.zero_grad()
        lstm(torch.randn(2, 5, 8))[0].square().sum().backward()
        pruner.step()
    assert set(pruner.report().masks) == {"weight_ih_l0", "weight_hh_l0"}
    assert torch.equal(lstm.weight_hh_l0 != 0, lstm.weight_hh_l0_mask)
    twin = copy.deepcopy(lstm)
    torch.testing.assert_close(twin(torch.ones(1, 5, 8))[0], lstm(torch.ones(1, 5, 8))[0])


def test_prune_ends_admm_early():
    model, pruner = prepared()
    train(model, pruner, 1)
    pruner.prune()
    assert train(model, pruner, 1) == [None]
    assert_removed(model, pruner)


def test_errors():
    model, pruner = prepared()
    with pytest.raises(PruningError, match="epoch 0 of 4 of method 'admm': nothing is removed"):
        pruner.finalize()
    with pytest.raises(PruningError, match=r"layer '0' .* the optimizer does not train its weight"):
        Pruner.prepare(model, CONFIG, torch.optim.SGD(make_model().parameters(), lr=1))
    assert not hasattr(make_model()[0], "weight_mask")
    with pytest.raises(PruningError, match="a config with another form, epochs; prepare with"):
        prepared(form="filter", epochs=3)[1].load_state_dict(pruner.state_dict())
    state = pruner.state_dict()
    state["3/patterns/dual"] = torch.zeros(1)
    with pytest.raises(
        PruningError, match=r"'3/patterns/dual' is \[1\], expected .*\[8, 8, 3, 3\]"
    ):
        prepared()[1].load_state_dict(state)
    del state["3/patterns/dual"]
    with pytest.raises(PruningError, match="'3/patterns/dual' is nothing, expected"):
        prepared()[1].load_state_dict(state)
    model[3].weight.data.fill_(float("nan"))
    with pytest.raises(
        PruningError, match=r"layer '3': weight holds NaN .*lower the learning rate"
    ):
        pruner.end_epoch()
    with pytest.raises(PruningError, match="layer '3': weight holds NaN"):
        pruner.prune()
