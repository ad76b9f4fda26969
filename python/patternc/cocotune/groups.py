# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Groups of tuning blocks that share no module, so that they train on one pass of the teacher."""

from collections.abc import Sequence

from patternc.cocotune.tuning_blocks import TuningBlock


def non_overlapping_groups(blocks: Sequence[TuningBlock]) -> tuple[tuple[int, ...], ...]:
    """Sorts blocks by their first module and puts each into the first group that it fits.

    Taken in that order, it fits behind the last block of a group or nowhere in it, and first fit
    needs no more groups than blocks lie over the busiest module ([Wootz], PLDI 2019).

    Args:
      blocks: in any order.

    Returns:
      Indices of the blocks of each group, by their first module.
    """
    groups: list[list[int]] = []
    ends: list[int] = []
    order = sorted(range(len(blocks)), key=lambda index: (blocks[index].first, index))
    for index in order:
        block = blocks[index]
        for place, group_end in enumerate(ends):
            if block.first >= group_end:
                groups[place].append(index)
                ends[place] = block.end
                break
        else:
            groups.append([index])
            ends.append(block.end)
    return tuple(map(tuple, groups))
