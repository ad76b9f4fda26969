# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Results that stay on the device: read, written into arrays, and given to other modules."""

import copy
import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import handwritten
from patternc.compiler import compile
from patternc.errors import ModelError, TargetError
from patternc.runtime import DeviceArray, device, device_array, memory, session
from vulkan import require_vulkan

pytestmark = pytest.mark.iree

X = np.linspace(-2.0, 2.0, 8, dtype=np.float32)
Y = handwritten.scale_reference(X)
Z = handwritten.scale_reference(Y)

IDENTITY = "func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> { return %x : tensor<8xf32> }"


@pytest.fixture(
    scope="module",
    params=[
        ("llvm-cpu", 1),
        ("llvm-cpu", 2),
        pytest.param(("vulkan", None), marks=pytest.mark.vulkan),
    ],
    ids=["one thread", "two threads", "vulkan"],
)
def module(request):
    target, threads = request.param
    if target == "vulkan":
        require_vulkan()
    return handwritten.compile_scale(target).with_threads(threads)


def test_what_it_is(module):
    y = module.prepare(X)()
    assert isinstance(y, DeviceArray)
    assert (y.shape, y.dtype) == ((8,), np.float32)
    assert repr(y) == "<DeviceArray float32[8]>"
    np.testing.assert_allclose(y.numpy(), Y, rtol=1e-6)


def test_structure_of_the_result(sum_and_difference):
    x = np.full((4, 64), 3, np.float32)
    total, difference = sum_and_difference.prepare(x, 2 * x)()
    assert (total.numpy() == 9).all()
    assert (difference.numpy() == -3).all()


def test_written_into_an_array(module):
    y = module.prepare(X)()
    out = np.zeros((16,), np.float32)
    assert y.numpy(out=out[::2]).base is out
    np.testing.assert_allclose(out[::2], Y, rtol=1e-6)
    assert not out[1::2].any()


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ([0.0] * 8, "out is a list, expected a numpy array"),
        (np.zeros(4, np.float32), r"out is a float32\[4\], expected a float32\[8\]"),
        (np.zeros(8, np.float64), r"out is a float64\[8\], expected a float32\[8\]"),
        (np.broadcast_to(np.float32(0), 8), r"read-only float32\[8\], expected .* can be written"),
    ],
)
def test_array_that_it_cannot_be_written_into(scale, out, message):
    with pytest.raises(ModelError, match=message):
        scale.prepare(X)().numpy(out=out)


def test_what_was_read_is_the_callers_own(module):
    y = module.prepare(X)()
    y.numpy()[:] = 0
    np.testing.assert_allclose(y.numpy(), Y, rtol=1e-6)


def test_later_runs_do_not_change_it(module):
    run = module.prepare(X)
    results = [run() for _ in range(3)]
    module(np.zeros_like(X))
    for y in results:
        np.testing.assert_allclose(y.numpy(), Y, rtol=1e-6)


def test_modules_in_a_chain(module):
    first, second = module, copy.copy(module)
    y = first.prepare(X)()
    for _ in range(2):
        np.testing.assert_allclose(second(y), Z, rtol=1e-6)
        np.testing.assert_allclose(second.prepare(y)().numpy(), Z, rtol=1e-6)
    np.testing.assert_allclose(y.numpy(), Y, rtol=1e-6)


def test_chain_with_itself(module):
    state, expected = module.prepare(X)(), Y
    for _ in range(4):
        state, expected = module.prepare(state)(), handwritten.scale_reference(expected)
    np.testing.assert_allclose(state.numpy(), expected, rtol=1e-5)


def test_with_an_array_beside_it(sum_and_difference):
    x = np.full((4, 64), 3, np.float32)
    total, _ = sum_and_difference.prepare(x, x)()
    for result in sum_and_difference(total, x), sum_and_difference.prepare(total, x)():
        sums, differences = (r.numpy() if isinstance(r, DeviceArray) else r for r in result)
        assert (sums == 9).all()
        assert (differences == 3).all()


@pytest.mark.vulkan
def test_memory_that_the_host_does_not_reach(monkeypatch):
    """As that of a graphics card, from which results are copied by the device."""
    require_vulkan()
    for user in session, device_array:
        monkeypatch.setattr(user, "reachable", memory.host_copy)
    pair = (handwritten.spec("x", 4, 64), handwritten.spec("y", 4, 64))
    module = handwritten.compile_text(handwritten.SUM_AND_DIFFERENCE, "vulkan", pair, pair)
    x = np.random.default_rng(0).standard_normal((4, 64), dtype=np.float32)
    for total, difference in module(x, 2 * x), [r.numpy() for r in module.prepare(x, 2 * x)()]:
        np.testing.assert_array_equal(total, 3 * x)
        np.testing.assert_array_equal(difference, -x)


def test_calls_of_several_threads(module):
    y = module.prepare(X)()

    def run(value: int) -> bool:
        x = np.full(8, value, np.float32)
        again = module.prepare(x)()
        return np.allclose(module(again), handwritten.scale_reference(again.numpy())) and (
            np.allclose(module(y), Z)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(run, range(24)))


def test_outlives_the_module(module):
    mine = copy.copy(module)
    y = mine.prepare(X)()
    del mine
    gc.collect()
    np.testing.assert_allclose(y.numpy(), Y, rtol=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_result_that_is_passed_through_is_copied(threads):
    scale = handwritten.compile_scale("llvm-cpu").with_threads(threads)
    y = scale.prepare(X)()
    result = compile(IDENTITY, threads=threads)(y)
    result[:] = 0
    np.testing.assert_allclose(y.numpy(), Y, rtol=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_argument_that_is_passed_through_is_copied(threads):
    x = X.copy()
    y = compile(IDENTITY, threads=threads).prepare(x)()
    x[:] = 0
    np.testing.assert_array_equal(y.numpy(), X)


def test_shape_and_dtype_of_an_argument(scale, sum_and_difference):
    y = scale.prepare(X)()
    x = np.zeros((4, 64), np.float32)
    with pytest.raises(
        ModelError, match=r"argument 2 \('y'\) has shape \(8,\), expected \(4, 64\)"
    ):
        sum_and_difference(x, y)
    integers = compile(
        "func.func @main(%x: tensor<8xi32>) -> tensor<8xi32> {\n"
        "  %y = arith.addi %x, %x : tensor<8xi32>\n"
        "  return %y : tensor<8xi32>\n}"
    )
    with pytest.raises(ModelError, match="has dtype float32, expected int32"):
        integers.prepare(y)


def test_argument_on_another_device(scale):
    y = scale.with_threads(1).prepare(X)()
    other = scale.with_threads(2)
    for use in other, other.prepare:
        with pytest.raises(ModelError, match=r"argument 'x' is in the memory of another device"):
            use(y)
    np.testing.assert_allclose(other(y.numpy()), Z, rtol=1e-6)


def test_lost_with_its_device(module, monkeypatch):
    y = module.prepare(X)()
    monkeypatch.setattr(device, "_devices", {})
    with pytest.raises(TargetError, match=r"a device that was lost.* compute it again"):
        y.numpy()
    with pytest.raises(
        ModelError, match=r"argument 'x' is in the memory of a device that was lost"
    ):
        copy.copy(module)(y)
