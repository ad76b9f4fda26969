"""Projections: nearest point, idempotent, and the constraint of groups."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from patternc.errors import PruningError
from patternc.prune import (
    EIGHT_PATTERNS,
    FOUR_SQUARES,
    PatternSet,
    all_positions,
    filter_groups,
    kept_kernels,
    project,
    project_connectivity,
    project_pattern,
)

SQUARE_2X2 = PatternSet((2, 2), [(0, 1), (0, 3), (2,)])


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def distance(weight: torch.Tensor, mask: torch.Tensor) -> float:
    return weight[~mask].double().square().sum().item()


@st.composite
def cases(draw):
    """A weight, its pattern set, and the keyword arguments of a projection."""
    kernel = draw(st.sampled_from([(1, 1), (2, 2), (3, 3), (1, 3), (5, 5), (7, 7)]))
    positions = range(kernel[0] * kernel[1])
    pattern = st.sets(st.sampled_from(positions), min_size=1).map(lambda p: tuple(sorted(p)))
    patterns = draw(st.lists(pattern, min_size=1, max_size=4, unique=True))
    groups = draw(st.integers(1, 3))
    filters = groups * draw(st.integers(1, 9))
    weight = randn(filters, draw(st.integers(1, 8)), *kernel, seed=draw(st.integers(0, 999)))
    options = {
        "form": draw(st.sampled_from(["filter", "group"])),
        "group_size": draw(st.sampled_from([1, 2, 3, 4, 8])),
        "groups": groups,
    }
    return weight, PatternSet(kernel, patterns), draw(st.floats(1, 9)), options


@given(cases())
@settings(deadline=None)
def test_idempotent(case):
    weight, pattern_set, rate, options = case
    once, ids = project_pattern(weight, pattern_set, **options)
    assert torch.equal(project_pattern(once, pattern_set, **options)[0], once)
    assert ids.min() >= 1 and ids.max() <= len(pattern_set)

    connected = weight * project_connectivity(weight, rate, **options)[:, :, None, None]
    again = connected * project_connectivity(connected, rate, **options)[:, :, None, None]
    assert torch.equal(again, connected)

    both = weight * project(weight, pattern_set, rate, **options)
    assert torch.equal(both * project(both, pattern_set, rate, **options), both)


@given(cases())
@settings(deadline=None)
def test_structure(case):
    weight, pattern_set, rate, options = case
    mask = project(weight, pattern_set, rate, **options)
    kernels = mask.flatten(2)
    channels = kernels.any(dim=2)
    assert (channels.sum(dim=1) == kept_kernels(weight.shape[1], rate)).all()
    allowed = {tuple(row) for row in pattern_set.masks().tolist()}
    assert {tuple(row) for row in kernels[channels].tolist()} <= allowed

    group = filter_groups(weight, **options)
    assert set(group.tolist()) == set(range(int(group.max()) + 1))
    per_convolution = len(weight) // options["groups"]
    for members in (torch.nonzero(group == g).flatten() for g in group.unique()):
        assert len(members) <= (options["group_size"] if options["form"] == "group" else 1)
        assert len({int(m) // per_convolution for m in members}) == 1
        assert (kernels[members] == kernels[members[0]]).all()


@given(cases())
@settings(deadline=None)
def test_all_positions_at_rate_1_keep_everything(case):
    weight, pattern_set, _, options = case
    assert project(weight, all_positions(pattern_set.kernel), 1, **options).all()


@pytest.mark.parametrize("seed", range(20))
def test_nearest_point_in_the_form_filter(seed):
    """Against every point of the set, for one filter of three 2x2 kernels, two kept."""
    weight = randn(1, 3, 2, 2, seed=seed)
    patterns = SQUARE_2X2.masks().reshape(-1, 2, 2)
    points = []
    for kept in itertools.combinations(range(3), 2):
        for choice in itertools.product(patterns, repeat=2):
            mask = torch.zeros(1, 3, 2, 2, dtype=torch.bool)
            for channel, pattern in zip(kept, choice, strict=True):
                mask[0, channel] = pattern
            points.append(distance(weight, mask))
    found = distance(weight, project(weight, SQUARE_2X2, 1.5))
    assert found == pytest.approx(min(points))


@pytest.mark.parametrize("seed", range(20))
def test_nearest_point_in_the_form_group(seed):
    """Against every point of the set, for one group of two filters of three 2x2 kernels."""
    weight = randn(2, 3, 2, 2, seed=seed)
    patterns = SQUARE_2X2.masks().reshape(-1, 2, 2)
    points = []
    for kept in itertools.combinations(range(3), 2):
        for choice in itertools.product(patterns, repeat=2):
            mask = torch.zeros(2, 3, 2, 2, dtype=torch.bool)
            for channel, pattern in zip(kept, choice, strict=True):
                mask[:, channel] = pattern
            points.append(distance(weight, mask))
    found = distance(weight, project(weight, SQUARE_2X2, 1.5, form="group", group_size=2))
    assert found == pytest.approx(min(points))


@pytest.mark.parametrize("seed", range(5))
def test_each_projection_alone_finds_the_nearest_point(seed):
    weight = randn(4, 5, 3, 3, seed=seed)
    projected, ids = project_pattern(weight, EIGHT_PATTERNS)
    keep = project_connectivity(weight, 2.5)
    masks = EIGHT_PATTERNS.masks().reshape(-1, 3, 3)
    norm = weight.double().square().sum(dim=(2, 3))
    for o in range(4):
        for i in range(5):
            distances = [distance(weight[o, i], mask) for mask in masks]
            assert ids[o, i] == 1 + distances.index(min(distances))
            assert torch.equal(projected[o, i], weight[o, i] * masks[ids[o, i] - 1])
        assert keep[o].sum() == 2
        assert norm[o][keep[o]].min() >= norm[o][~keep[o]].max()


def test_groups_are_filters_of_similar_norm():
    weight = torch.tensor([1.0, 6.0, 3.0, 5.0, 2.0, 4.0, 7.0]).reshape(7, 1, 1, 1)
    groups = filter_groups(weight, form="group", group_size=3)
    assert groups.tolist() == [2, 0, 1, 0, 1, 1, 0]  # the last group is smaller


@pytest.mark.parametrize("filters", [32, 30])
def test_groups_of_a_pruned_layer_survive_harder_pruning(filters):
    weight = randn(filters, 16, 3, 3)
    options = {"form": "group", "group_size": 4}
    weight *= project(weight, FOUR_SQUARES, 2, **options)
    supports = weight.ne(0).flatten(1)
    for seed in range(5):  # training changes the norms
        groups = filter_groups(weight * randn(filters, 1, 1, 1, seed=seed), **options)
        for members in (torch.nonzero(groups == g).flatten() for g in groups.unique()):
            assert (supports[members] == supports[members[0]]).all()


def test_filters_with_scattered_zeros_are_grouped_by_norm():
    scattered = torch.eye(8) + 1e-3 * torch.eye(8).roll(3, dims=1)  # no two with the same zeros
    norms = torch.tensor([3.0, 8, 5, 1, 7, 2, 6, 4])
    weight = (scattered * norms[:, None]).reshape(8, 8, 1, 1)
    groups = filter_groups(weight, form="group", group_size=2)
    assert groups.tolist() == ((8 - norms) // 2).tolist()


def test_group_of_one_is_the_form_filter():
    weight = randn(8, 8, 3, 3)
    by_filter = project(weight, EIGHT_PATTERNS, 3.6)
    by_group = project(weight, EIGHT_PATTERNS, 3.6, form="group", group_size=1)
    assert torch.equal(by_filter, by_group)


def test_removed_weights_are_positive_zero():
    projected, _ = project_pattern(-torch.ones(1, 1, 3, 3), FOUR_SQUARES)
    assert not torch.signbit(projected[projected == 0]).any()


@pytest.mark.parametrize(
    ("channels", "rate", "kept"),
    [(256, 3.6, 71), (64, 3.6, 18), (3, 100, 1), (7, 1, 7), (4, 1.6, 3)],
)
def test_kept_kernels(channels, rate, kept):
    assert kept_kernels(channels, rate) == kept


@pytest.mark.parametrize("rate", [0.5, -1, float("nan"), float("inf")])
def test_invalid_rate(rate):
    with pytest.raises(PruningError, match="connectivity rate is"):
        project_connectivity(randn(2, 2, 3, 3), rate)


def test_errors():
    weight = randn(4, 4, 3, 3)
    with pytest.raises(PruningError, match="form is 'layer', expected 'filter' or 'group'"):
        project_connectivity(weight, 2, form="layer")
    with pytest.raises(PruningError, match="group size is 0"):
        project_connectivity(weight, 2, form="group", group_size=0)
    with pytest.raises(PruningError, match="3x3 kernels, but the pattern set is for 2x2 kernels"):
        project_pattern(weight, SQUARE_2X2)
    with pytest.raises(PruningError, match="expected floating point"):
        project_pattern(weight[0], EIGHT_PATTERNS)
    with pytest.raises(PruningError, match="expected floating point"):
        project_pattern(weight.int(), EIGHT_PATTERNS)
    weight[1, 2, 0, 0] = float("nan")
    with pytest.raises(PruningError, match="NaN or infinite"):
        project(weight, EIGHT_PATTERNS, 2)
