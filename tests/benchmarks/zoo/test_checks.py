# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`benchmarks/zoo/checks.py`: what noise explains is right, and what it does not is wrong."""

import pytest

torch = pytest.importorskip("torch")

from benchmarks.zoo import checks  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture
def noise():
    """Noise of some size beside outputs that vary by 1, the same for each call in a test."""
    generator = torch.Generator().manual_seed(0)
    return lambda size=1.0: size * torch.randn(8, 1, 100, generator=generator)


def _bytes(ours, theirs, disturbed, exact):
    return checks.compare_bytes([ours], [theirs], [disturbed], [exact.double()])


def test_in_float32_the_largest_difference_decides(noise):
    exact = noise()
    theirs = exact + noise(1e-6)
    ours = exact + noise(1e-6)
    assert checks.compare_floats([ours], [theirs], [exact.double()])["status"] == "right"
    ours[1, 0, 7] += 1e-3
    assert checks.compare_floats([ours], [theirs], [exact.double()])["status"] == "wrong"


def test_draws_of_the_same_noise_are_right(noise):
    exact = noise()
    facts = _bytes(*(exact + noise(0.3) for _ in range(3)), exact)
    assert facts["status"] == "right"
    assert facts["equal"] < 0.01
    assert facts["apart"] == pytest.approx(2**0.5, rel=0.1)
    assert facts["noise"] == pytest.approx(2**0.5, rel=0.1)


@pytest.mark.parametrize("size", [0.01, 0.3, 1.0])
def test_what_is_near_pytorch_is_right_and_what_is_not_is_wrong(noise, size):
    exact = noise()
    theirs = exact + noise(size)
    near, disturbed = (theirs + noise(0.01 * size) for _ in range(2))
    assert _bytes(near, theirs, disturbed, exact)["status"] == "right"
    # The last one has no larger an error, if that is large.
    for wrong in (noise(), theirs.flip(0), theirs * float("nan"), exact + noise(max(size, 0.3))):
        assert _bytes(wrong, theirs, disturbed, exact)["status"] == "wrong"


def test_where_last_bits_hide_the_input_there_is_nothing_to_compare(noise):
    exact = noise()
    assert _bytes(*(exact + noise() for _ in range(3)), exact)["status"] == "not built"


def test_shapes_and_dtypes_are_compared(noise):
    x = noise()
    for ours in ([x[..., :50]], [x.double()], [x, x]):
        assert checks.compare_floats(ours, [x], [x.double()])["status"] == "wrong"
        assert checks.compare_bytes(ours, [x], [x], [x.double()])["status"] == "wrong"


def test_outputs_that_say_nothing_are_refused(noise):
    exact = noise()
    checks.require_meaning([exact], [exact.double()])
    with pytest.raises(ValueError, match="does not depend on the input"):
        checks.require_meaning([exact * 1e-4 + 1], [(exact * 1e-4 + 1).double()])
    with pytest.raises(ValueError, match="PyTorch's own float32"):
        checks.require_meaning([exact + noise(0.1)], [exact.double()])
