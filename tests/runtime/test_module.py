# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Calling a compiled module."""

import gc
import importlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import handwritten
from patternc.compiler import compile
from patternc.errors import CompilerError, ModelError, TargetError
from patternc.runtime import CompiledModule, load
from patternc.runtime.device import usable_cores

pytestmark = pytest.mark.iree

X = np.linspace(-2.0, 2.0, 8, dtype=np.float32)


def _aligned(shape: tuple[int, ...], offset: int) -> np.ndarray:
    """An array whose memory starts `offset` floats after a multiple of 64 bytes."""
    size = int(np.prod(shape))
    memory = np.zeros(size + 32, np.float32)
    start = (-memory.ctypes.data // 4) % 16 + offset
    return memory[start : start + size].reshape(shape)


def test_single_output_is_the_array(scale):
    result = scale(X)
    assert isinstance(result, np.ndarray)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, handwritten.scale_reference(X), rtol=1e-6)


def test_several_outputs_are_a_tuple(sum_and_difference):
    x = np.random.default_rng(0).standard_normal((4, 64), dtype=np.float32)
    total, difference = sum_and_difference(x, 2 * x)
    np.testing.assert_allclose(total, 3 * x, rtol=1e-6)
    np.testing.assert_allclose(difference, -x, rtol=1e-6)


@pytest.mark.parametrize("offset", [0, 1, 4])
def test_any_alignment_of_the_input(sum_and_difference, offset):
    x = _aligned((4, 64), offset)
    x[:] = np.arange(256).reshape(4, 64)
    total, _ = sum_and_difference(x, x)
    np.testing.assert_array_equal(total, 2 * x)


def test_inputs_that_are_not_contiguous(sum_and_difference):
    x = np.arange(256, dtype=np.float32).reshape(64, 4).T
    total, _ = sum_and_difference(x, x)
    np.testing.assert_array_equal(total, 2 * x)


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("threads", [1, None])
def test_arrays_that_cannot_be_written(sum_and_difference, offset, threads):
    x = _aligned((4, 64), offset)
    x[:] = np.arange(256).reshape(4, 64)
    x.setflags(write=False)
    total, _ = sum_and_difference.with_threads(threads)(x, x)
    np.testing.assert_array_equal(total, 2 * x)
    np.testing.assert_array_equal(
        sum_and_difference(np.frombuffer(x.tobytes(), np.float32).reshape(4, 64), x)[0], 2 * x
    )


def test_results_outlive_the_call(sum_and_difference):
    results = []
    for value in range(20):
        x = _aligned((4, 64), 0)
        x[:] = value
        results.append(sum_and_difference(x, x)[0])
        del x
        gc.collect()
    assert [result[0, 0] for result in results] == [2.0 * value for value in range(20)]


@pytest.mark.parametrize("threads", [1, None])
def test_results_outlive_the_module(threads):
    x = np.ones((4, 64), np.float32)
    total, _ = handwritten.compile_sum_and_difference().with_threads(threads)(x, x)
    gc.collect()
    assert (total == 2).all()


@pytest.mark.parametrize("threads", [1, None])
def test_concurrent_calls(sum_and_difference, threads):
    module = sum_and_difference.with_threads(threads)

    def run(value: int) -> bool:
        x = np.full((4, 64), value, np.float32)
        return bool((module(x, x)[0] == 2 * value).all())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(run, range(40)))


def test_torch_tensors_give_torch_tensors(scale):
    torch = pytest.importorskip("torch")
    x = torch.linspace(-2.0, 2.0, 8, requires_grad=True)
    result = scale(x)
    assert isinstance(result, torch.Tensor)
    assert not result.requires_grad
    np.testing.assert_allclose(result, handwritten.scale_reference(x.detach().numpy()), rtol=1e-6)
    result += 1  # the result is writable and the caller's own


def test_prepared_call_runs_again_and_again(scale):
    run = scale.prepare(X)
    for _ in range(3):
        np.testing.assert_allclose(run().numpy(), handwritten.scale_reference(X), rtol=1e-6)


def test_prepared_call_has_its_own_arguments(sum_and_difference):
    x = _aligned((4, 64), 0)
    run = sum_and_difference.with_threads(1).prepare(x, x)
    x[:] = 1
    assert not run()[0].numpy().any()


def test_argument_that_is_passed_through_is_copied():
    text = (
        "func.func @main(%x: tensor<4x64xf32>) -> tensor<4x64xf32> { return %x : tensor<4x64xf32> }"
    )
    x = _aligned((4, 64), 0)
    result = compile(text, threads=1)(x)
    assert not np.may_share_memory(result, x)
    np.testing.assert_array_equal(result, x)


def test_number_of_arguments(scale):
    with pytest.raises(ModelError, match=r"takes 1 arguments \(x\), but was given 2"):
        scale(X, X)


def test_kind_of_argument(scale):
    with pytest.raises(ModelError, match=r"argument 1 \('x'\) is a list, expected a numpy array"):
        scale(X.tolist())


def test_shape_of_argument(scale):
    with pytest.raises(ModelError, match=r"argument 1 \('x'\) has shape \(4,\), expected \(8,\)"):
        scale(X[:4])


def test_dtype_of_argument(scale):
    torch = pytest.importorskip("torch")
    expected = r"argument 1 \('x'\) has dtype {}, expected float32"
    with pytest.raises(ModelError, match=expected.format("float64")):
        scale(X.astype(np.float64))
    with pytest.raises(ModelError, match=expected.format("bfloat16")):
        scale(torch.from_numpy(X).bfloat16())


def test_byte_order_of_argument(scale):
    with pytest.raises(ModelError, match=r"argument 1 \('x'\) has the byte order of another mach"):
        scale(X.astype(">f4"))


@pytest.mark.filterwarnings("ignore:.*quantize_per_tensor")
def test_layout_of_argument(scale):
    torch = pytest.importorskip("torch")
    x = torch.from_numpy(X)
    with pytest.raises(ModelError, match=r"has the layout sparse_coo; convert it with: .*to_dense"):
        scale(x.to_sparse())
    with pytest.raises(ModelError, match=r"is quantized; convert it with: .*dequantize"):
        scale(torch.quantize_per_tensor(x, 0.1, 0, torch.qint8))
    fake = importlib.import_module("torch._subclasses").FakeTensorMode().from_tensor(x)
    with pytest.raises(ModelError, match="has no memory that can be read"):
        scale(fake)


def test_tensors_that_are_views(scale):
    torch = pytest.importorskip("torch")
    x = torch.from_numpy(X)
    imaginary = torch.complex(torch.zeros(8), -x).conj().imag  # negative by a bit
    assert imaginary.is_neg()
    expected = handwritten.scale_reference(X)
    for view in (imaginary, torch.nn.Parameter(x), x.flip(0).flip(0), torch.stack([x, x], 1)[:, 0]):
        np.testing.assert_allclose(scale(view), expected, rtol=1e-6)


def test_device_of_argument(scale):
    torch = pytest.importorskip("torch")
    with pytest.raises(ModelError, match="is on device 'meta', expected 'cpu'"):
        scale(torch.empty(8, device="meta"))


def test_missing_parameter():
    module = handwritten.compile_scale("llvm-cpu")
    broken = CompiledModule(
        vmfb=module.vmfb, parameters={"w": X}, manifest=module.manifest, report=module.report()
    )
    with pytest.raises(CompilerError, match=r"IREE 3.* cannot load the module for 'llvm-cpu'"):
        broken(X)


@pytest.mark.parametrize("threads", [1, None])
def test_no_weight_is_left_to_iree(scale, threads):
    """Its worker threads would free an array without the interpreter's lock."""
    weights = {name: array.copy() for name, array in scale.parameters.items()}
    before = [sys.getrefcount(array) for array in weights.values()]
    module = CompiledModule(
        vmfb=scale.vmfb,
        parameters=weights,
        manifest=scale.manifest,
        report=scale.report(),
        threads=threads,
    )
    np.testing.assert_allclose(module(X), handwritten.scale_reference(X), rtol=1e-6)
    assert [sys.getrefcount(array) for array in weights.values()] == before


def test_one_thread_and_the_pool_in_one_process():
    """In a process of its own, because the pool is sized once in a process."""
    script = """
import os, time
import handwritten, numpy as np
from patternc.errors import TargetError
x = np.ones((4, 64), np.float32)
module = handwritten.compile_sum_and_difference()
def workers():
    time.sleep(0.2)  # a thread gives itself its name
    names = [open(f"/proc/self/task/{t}/comm").read() for t in os.listdir("/proc/self/task")]
    return sum(name.startswith("iree-worker") for name in names)
one = module.with_threads(1)
assert (one(x, x)[0] == 2).all() and workers() == 0
three = module.with_threads(3)
assert (three(x, x)[0] == 2).all() and workers() == 3, workers()
assert (one(x, x)[0] == 2).all() and (module.with_threads(None)(x, x)[0] == 2).all()
try:
    module.with_threads(2)(x, x)
except TargetError as error:
    assert "already runs modules on 3 threads" in str(error), error
else:
    raise AssertionError("no error")
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)


@pytest.mark.skipif(len(usable_cores()) < 2, reason="there is one core")
def test_a_thread_for_each_core_stays_there():
    """Two that sleep between layers would else be woken on one core, and stay there."""
    script = """
import os, time
import handwritten, numpy as np
from patternc.runtime.device import usable_cores
x = np.ones((4, 64), np.float32)
module = handwritten.compile_sum_and_difference().with_threads(None)
assert (module(x, x)[0] == 2).all()
time.sleep(0.2)  # a thread gives itself its name
workers = [int(t) for t in os.listdir("/proc/self/task")
           if open(f"/proc/self/task/{t}/comm").read().startswith("iree-worker")]
assert sorted(map(os.sched_getaffinity, workers), key=min) == [{c} for c in usable_cores()]
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)


def test_number_of_threads(scale, tmp_path):
    scale.save(tmp_path / "m.patternc")
    text = "func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> { return %x : tensor<8xf32> }"
    for bad, expected in ((0, "1 or more"), (1.5, "a whole number"), (True, "a whole number")):
        message = f"number of threads is {bad}, expected {expected}"
        with pytest.raises(TargetError, match=message):
            scale.with_threads(bad)
        with pytest.raises(TargetError, match=message):
            load(tmp_path / "m.patternc", threads=bad)
        with pytest.raises(TargetError, match=message):
            compile(text, threads=bad)
    np.testing.assert_array_equal(scale.with_threads(np.int64(1))(X), scale(X))


def test_repr_names_target_and_shapes(scale):
    assert repr(scale) == "<CompiledModule for llvm-cpu: (x: float32[8]) -> (y: float32[8])>"
