"""`fine_tune_`: removed weights stay zero, interruption is safe, bad input is refused."""

import pytest
import torch
from torch import nn

from patternc.errors import PruningError
from patternc.prune import fine_tune_, prune_


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 3),
    ).eval()


@pytest.fixture
def batches():
    generator = torch.Generator().manual_seed(0)
    return [(torch.randn(8, 1, 6, 6, generator=generator), torch.arange(8) % 3) for _ in range(3)]


def assert_removed(model, report, optimizer):
    for name, mask in report.masks.items():
        weight = model.get_submodule(name).weight
        state = [t for t in optimizer.state[weight].values() if t.shape == mask.shape]
        for tensor in (weight, weight.grad, *state):
            assert tensor[~mask].count_nonzero() == 0
            assert tensor[mask].count_nonzero() > 0


OPTIMIZERS = {
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-2),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, momentum=0.9, centered=True),
}


@pytest.mark.parametrize("make_optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_removed_weights_stay_zero(model, batches, make_optimizer):
    optimizer = make_optimizer(model.parameters())
    # Steps before pruning fill the optimizer's state where weights will be removed.
    nn.functional.cross_entropy(model(batches[0][0]), batches[0][1]).backward()
    optimizer.step()
    report = prune_(model, connectivity=2)
    before = model[3].weight.clone()

    history = fine_tune_(model, report, batches, epochs=3, optimizer=optimizer)

    assert len(history) == 3 and history[-1] < history[0]
    assert not torch.equal(model[3].weight, before)
    assert_removed(model, report, optimizer)


def test_mode_of_each_module_is_restored(model, batches):
    report = prune_(model)
    model[3].train()
    modes = [m.training for m in model.modules()]
    seen = []
    model[1].register_forward_hook(lambda module, *_: seen.append(module.training))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    fine_tune_(model, report, batches, epochs=1, optimizer=optimizer)
    assert all(seen)
    assert [m.training for m in model.modules()] == modes


def test_batches_from_a_function_and_callback(model, batches):
    report = prune_(model)
    calls, losses = [], []
    history = fine_tune_(
        model,
        report,
        lambda: calls.append(None) or iter(batches),
        epochs=2,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        callback=lambda epoch, loss: losses.append((epoch, loss)),
    )
    assert len(calls) == 2
    assert losses == list(enumerate(history))


def test_no_progress_bar_without_a_terminal(model, batches, capsys):
    report = prune_(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    fine_tune_(model, report, batches, epochs=1, optimizer=optimizer, progress=True)
    assert capsys.readouterr() == ("", "")


def test_interruption_leaves_the_masks(model, batches):
    report = prune_(model, connectivity=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    step = optimizer.step

    def interrupted_step():
        step()
        model[3].weight.data += 1  # as if in the middle of an update
        raise KeyboardInterrupt

    def interrupting():
        yield batches[0]
        optimizer.step = interrupted_step
        yield batches[1]

    with pytest.raises(KeyboardInterrupt):
        fine_tune_(model, report, interrupting, epochs=1, optimizer=optimizer)
    assert_removed(model, report, optimizer)
    assert not model.training


def test_errors(model, batches):
    report = prune_(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def tune(model=model, batches=batches, epochs=1):
        fine_tune_(model, report, batches, epochs=epochs, optimizer=optimizer)

    with pytest.raises(PruningError, match="epochs is 0"):
        tune(epochs=0)
    with pytest.raises(PruningError, match="epoch 2 has no batch"):
        tune(batches=iter(batches), epochs=2)
    with pytest.raises(PruningError, match="loss is nan in batch 1 of epoch 1"):
        tune(batches=[(batches[0][0] * float("nan"), batches[0][1])])
    with pytest.raises(PruningError, match=r"layer '0' was pruned .* the model has no such layer"):
        tune(model=nn.Linear(2, 2))
    other = nn.Sequential(nn.Conv2d(1, 4, 3))
    with pytest.raises(PruningError, match=r"layer '0' .* the model has shape \[4, 1, 3, 3\]"):
        tune(model=other)
