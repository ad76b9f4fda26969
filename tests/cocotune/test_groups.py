# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Blocks of a group share no module, and there are no more groups than needed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from patternc.cocotune import non_overlapping_groups
from patternc.cocotune.tuning_blocks import TuningBlock

BLOCKS = st.lists(
    st.builds(
        TuningBlock,
        st.integers(0, 9),
        st.lists(st.sampled_from([0.0, 0.3, 0.7]), min_size=1, max_size=4).map(tuple),
    ),
    max_size=20,
)


def test_published_example():
    """Of the published worked example all but one block train at once."""
    blocks = [
        TuningBlock(0, (0.3,)),
        TuningBlock(1, (0.3,)),
        TuningBlock(2, (0.3,)),
        TuningBlock(2, (0.5,)),
        TuningBlock(3, (0.5, 0.0)),
    ]
    assert non_overlapping_groups(blocks) == ((0, 1, 2, 4), (3,))


@settings(deadline=None)
@given(BLOCKS)
def test_groups(blocks):
    groups = non_overlapping_groups(blocks)
    assert sorted(index for group in groups for index in group) == list(range(len(blocks)))
    covered = [[module for i in group for module in modules(blocks[i])] for group in groups]
    assert all(len(names) == len(set(names)) for names in covered)
    most = max((sum(m in modules(b) for b in blocks) for m in range(13)), default=0)
    assert len(groups) == most


def modules(block):
    return range(block.first, block.end)
