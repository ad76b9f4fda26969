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


def _status(ours, theirs, exact, precision="int8"):
    return checks.compare([ours], [theirs], [exact.double()], precision)["status"]


def test_in_float32_the_largest_difference_decides(noise):
    exact = noise()
    theirs = exact + noise(1e-6)
    assert _status(exact + noise(1e-6), theirs, exact, "float32") == "right"
    ours = theirs.clone()
    ours[1, 0, 7] += 1e-3
    assert _status(ours, theirs, exact, "float32") == "wrong"


@pytest.mark.parametrize("size", [0.01, 0.3])
def test_two_draws_of_the_same_noise_are_right(noise, size):
    exact = noise()
    theirs = exact + noise(size)
    facts = checks.compare([exact + noise(size)], [theirs], [exact.double()], "int8")
    assert facts["status"] == "right"
    assert facts["equal"] < 0.01
    assert facts["apart"] == pytest.approx(2**0.5, rel=0.1)


@pytest.mark.parametrize("size", [0.01, 0.3, 1.0])
def test_an_output_near_that_of_pytorch_is_right_and_one_without_the_input_is_wrong(noise, size):
    exact = noise()
    theirs = exact + noise(size)
    assert _status(theirs + noise(0.01 * size), theirs, exact) == "right"
    assert _status(noise(), theirs, exact) == "wrong"
    assert _status(theirs.flip(0), theirs, exact) == "wrong"
    assert _status(theirs * float("nan"), theirs, exact) == "wrong"


def test_where_noise_hides_the_input_there_is_nothing_to_compare(noise):
    exact = noise()
    assert _status(exact + noise(), exact + noise(), exact) == "not built"


def test_shapes_and_dtypes_are_compared(noise):
    exact = noise()
    assert _status(exact[..., :50], exact, exact) == "wrong"
    assert _status(exact.double(), exact, exact) == "wrong"
    facts = checks.compare([exact, exact], [exact], [exact.double()], "int8")
    assert facts["status"] == "wrong"


def test_outputs_that_say_nothing_are_refused(noise):
    exact = noise()
    checks.require_meaning([exact], [exact.double()])
    with pytest.raises(ValueError, match="does not depend on the input"):
        checks.require_meaning([exact * 1e-4 + 1], [(exact * 1e-4 + 1).double()])
    with pytest.raises(ValueError, match="PyTorch's own float32"):
        checks.require_meaning([exact + noise(0.1)], [exact.double()])
