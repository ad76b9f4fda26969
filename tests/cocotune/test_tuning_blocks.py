# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Tuning blocks: the published example, and what holds of any subspace."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patternc.cocotune.grammar_picture import draw_grammar
from patternc.cocotune.sampling import sample
from patternc.cocotune.subspace import Subspace
from patternc.cocotune.tuning_blocks import Symbol, TuningBlock, find_tuning_blocks
from patternc.errors import CocoTuneError

pytestmark = pytest.mark.torch  # patternc.cocotune as a whole does

PUBLISHED = Subspace(
    ("1", "2", "3", "4", "5"),
    (
        (0.3, 0.3, 0.3, 0.5, 0),
        (0.3, 0.3, 0.5, 0.5, 0),
        (0.5, 0.3, 0.3, 0.5, 0),
        (0, 0.3, 0.5, 0.5, 0),
    ),
)


@st.composite
def subspaces(draw) -> Subspace:
    modules = draw(st.integers(1, 6))
    ratios = st.tuples(*[st.sampled_from((0, 0.3, 0.5))] * modules)
    return Subspace(
        tuple(f"module{i}" for i in range(modules)),
        tuple(draw(st.lists(ratios, min_size=1, max_size=12, unique=True))),
    )


def test_published_example():
    found = find_tuning_blocks(PUBLISHED)
    assert found.blocks == (
        TuningBlock(0, (0.3,)),
        TuningBlock(1, (0.3,)),
        TuningBlock(2, (0.3,)),
        TuningBlock(2, (0.5,)),
        TuningBlock(3, (0.5, 0)),
    )
    # The first modules of the last two networks are of them alone.
    assert found.composites == ((0, 1, 2, 4), (0, 1, 3, 4), (1, 2, 4), (1, 3, 4))
    frequencies = found.grammar.frequencies()
    by_expansion = {
        tuple(found.grammar.terminals[n] for n in found.grammar.expansion(symbol)): count
        for symbol, count in frequencies.items()
    }
    assert by_expansion[Symbol(3, 0.5), Symbol(4, 0)] == 4
    assert by_expansion[(Symbol(1, 0.3),)] == 4
    for symbol in (Symbol(0, 0.3), Symbol(2, 0.3), Symbol(2, 0.5)):
        assert by_expansion[(symbol,)] == 2


@settings(deadline=None)
@given(subspace=subspaces())
def test_composites(subspace):
    found = find_tuning_blocks(subspace)
    assert list(found.blocks) == sorted(set(found.blocks))
    uses = [0] * len(found.blocks)
    for ratios, composite in zip(subspace.configurations, found.composites, strict=True):
        end = 0
        for index in composite:
            block = found.blocks[index]
            assert block.first >= end  # in order, no overlap
            end = block.end
            assert ratios[block.first : end] == block.ratios
            uses[index] += 1
    assert all(count > 1 for count in uses)
    assert all(any(block.ratios) for block in found.blocks)
    # What is pruned alike in two networks is in a block of both.
    for ratios, composite in zip(subspace.configurations, found.composites, strict=True):
        covered = {
            module
            for index in composite
            for module in range(found.blocks[index].first, found.blocks[index].end)
        }
        for module, ratio in enumerate(ratios):
            users = sum(other[module] == ratio for other in subspace.configurations)
            if ratio and users > 1:
                assert module in covered
            if users == 1:
                assert module not in covered


def test_networks_that_share_a_half_share_it_as_one_block():
    subspace = Subspace(tuple("abcd"), ((0.3, 0.5, 0.7, 0.3), (0.3, 0.5, 0.3, 0.7)))
    assert find_tuning_blocks(subspace).blocks == (TuningBlock(0, (0.3, 0.5)),)


def test_one_network_has_no_blocks():
    found = find_tuning_blocks(Subspace(("a",), ((0.5,),)))
    assert found.blocks == () and found.composites == ((),)


def test_picture(tmp_path):
    pytest.importorskip("matplotlib")
    file = tmp_path / "grammar.png"
    draw_grammar(find_tuning_blocks(PUBLISHED), file)
    assert file.read_bytes().startswith(b"\x89PNG")


def test_pictures_that_cannot_be_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.raises(CocoTuneError, match=r"cannot be written"):
        draw_grammar(find_tuning_blocks(PUBLISHED), tmp_path / "nowhere" / "grammar.png")
    large = find_tuning_blocks(sample([f"m{i}" for i in range(200)], 3))
    with pytest.raises(CocoTuneError, match=r"has \d+ symbols, and more than 300 are no picture"):
        draw_grammar(large, tmp_path / "grammar.png")
