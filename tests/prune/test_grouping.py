# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Groups of filters: of similar norm, within a convolution, and kept by pruning again."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from patternc.prune import FOUR_SQUARES, Connectivity, Patterns, filter_groups, project_on_all


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@given(
    groups=st.integers(1, 3),
    filters=st.integers(1, 9),
    size=st.integers(1, 8),
    form=st.sampled_from(["layer", "filter", "group"]),
)
def test_groups_fit_their_convolution(groups, filters, size, form):
    weight = randn(groups * filters, 3, 2, 2)
    group = filter_groups(weight, form=form, group_size=size, groups=groups)
    assert set(group.tolist()) == set(range(int(group.max()) + 1))
    for members in (torch.nonzero(group == g).flatten() for g in group.unique()):
        assert len(members) <= (size if form == "group" else 1)
        assert len({int(m) // filters for m in members}) == 1


def test_groups_are_filters_of_similar_norm():
    weight = torch.tensor([1.0, 6.0, 3.0, 5.0, 2.0, 4.0, 7.0]).reshape(7, 1, 1, 1)
    groups = filter_groups(weight, form="group", group_size=3)
    assert groups.tolist() == [2, 0, 1, 0, 1, 1, 0]  # the last group is smaller


@pytest.mark.parametrize("filters", [32, 30])
def test_groups_of_a_pruned_layer_survive_harder_pruning(filters):
    weight = randn(filters, 16, 3, 3)
    options = {"form": "group", "group_size": 4}
    group = filter_groups(weight, **options)
    weight *= project_on_all(weight, (Connectivity(2, group), Patterns(FOUR_SQUARES, group)))
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
