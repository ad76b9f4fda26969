# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What becomes of a module when its process forks, ends, or loses its device."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import handwritten
from patternc.errors import CompilerError, TargetError
from patternc.runtime import device, load, session
from vulkan import require_vulkan

pytestmark = pytest.mark.iree

X = np.linspace(-2.0, 2.0, 8, dtype=np.float32)


def run(script: str, *arguments: str) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


FORKED = """
import os, sys
import numpy as np
import patternc
from patternc.errors import TargetError
module = patternc.load(sys.argv[1], threads=int(sys.argv[2]))
x = np.linspace(-2, 2, 8, dtype=np.float32)
prepared = module.prepare(x)
on_device = prepared()
before = module(x)
child = os.fork()
for generation in range(2):
    if child == 0:
        if sys.argv[3] == "refuses":
            try:
                module(x)
            except TargetError as error:
                assert "does not survive a fork" in str(error)
            else:
                raise AssertionError("no error")
        else:
            for each in (module, module.with_threads(1), module.with_threads(None)):
                assert (each(x) == before).all()
            prepared()
        if generation == 0:
            try:
                on_device.numpy()
            except TargetError as error:
                assert "forked" in str(error)
            else:
                raise AssertionError("no error")
        del module, prepared, before, on_device  # does not wait for threads that are not there
        if generation == 0:
            module = patternc.load(sys.argv[1], threads=1)
            x = np.linspace(-2, 2, 8, dtype=np.float32)
            on_device = None
            prepared, before = (lambda: None), (None if sys.argv[3] == "refuses" else module(x))
            child = os.fork()
            if child:
                sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            continue
        sys.exit(0)
    break
assert (module(x) == before).all()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("threads", ["1", "2"])
def test_fork_after_a_call(scale, tmp_path, threads):
    scale.save(tmp_path / "m.patternc")
    run(FORKED, str(tmp_path / "m.patternc"), threads, "runs")


@pytest.mark.vulkan
def test_fork_after_a_call_on_vulkan(tmp_path):
    require_vulkan()
    handwritten.compile_scale("vulkan").save(tmp_path / "m.patternc")
    run(FORKED, str(tmp_path / "m.patternc"), "1", "refuses")


EXIT = """
import sys, threading, time
import numpy as np
from patternc import compile
module = compile('''
func.func @main(%x: tensor<700x700xf32>) -> tensor<700x700xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<700x700xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<700x700xf32>) -> tensor<700x700xf32>
  %y = linalg.matmul ins(%x, %x : tensor<700x700xf32>, tensor<700x700xf32>)
    outs(%init : tensor<700x700xf32>) -> tensor<700x700xf32>
  return %y : tensor<700x700xf32>
}''', threads=int(sys.argv[1]))
x = np.ones((700, 700), np.float32)
module(x)
def call():
    while True:
        module(x)
for _ in range(3):
    threading.Thread(target=call, daemon=True).start()
time.sleep(0.2)
"""


@pytest.mark.parametrize("threads", ["1", "2"])
def test_daemon_threads_in_a_call_at_the_end(threads):
    for _ in range(3):
        run(EXIT, threads)


def test_pickle_after_a_call(scale, tmp_path):
    scale.save(tmp_path / "m.patternc")
    loaded = load(tmp_path / "m.patternc")
    for module in (scale, loaded):
        file = tmp_path / "pickle"
        file.write_bytes(pickle.dumps((module, X, module(X))))
        run(
            "import pickle, sys, numpy as np\n"
            "module, x, y = pickle.load(open(sys.argv[1], 'rb'))\n"
            "assert (module(x) == y).all()",
            str(file),
        )
        copied = copy.deepcopy(module)
        np.testing.assert_array_equal(copied(X), module(X))


class Faults:
    """A runtime whose next calls fail as a real one does."""

    def __init__(self, monkeypatch):
        self.messages: list[str] = []
        self.devices: list[object] = []
        faults, open_device = self, session.open_device

        def recorded(*arguments):
            faults.devices.append(open_device(*arguments))
            return faults.devices[-1]

        class VmContext:
            def __init__(self, *arguments):
                faults.fail("create")
                self._context = real(*arguments)

            def invoke(self, *arguments):
                faults.fail("invoke")
                self._context.invoke(*arguments)

        import iree.runtime

        real = iree.runtime.VmContext
        monkeypatch.setattr(iree.runtime, "VmContext", VmContext)
        monkeypatch.setattr(session, "open_device", recorded)
        monkeypatch.setattr(device, "_devices", {})

    def fail(self, moment: str) -> None:
        if self.messages and self.messages[0].startswith(moment):
            message = self.messages.pop(0).partition(" ")[2]
            raise RuntimeError(f"Error: queue.c:6000: {message}; while invoking")


LOST = "DATA_LOSS; [vkWaitSemaphores] VK_ERROR_DEVICE_LOST"


@pytest.fixture
def faults(monkeypatch):
    return Faults(monkeypatch)


def fresh(module):
    return module.with_threads(1)


@pytest.mark.parametrize("moment", ["create", "invoke"])
def test_lost_device_is_opened_again(scale, faults, moment):
    faults.messages = [f"{moment} {LOST}"]
    module, other = fresh(scale), fresh(scale)
    np.testing.assert_allclose(module(X), handwritten.scale_reference(X), rtol=1e-6)
    first, second = faults.devices
    assert first is not second
    other(X)  # comes after, and does not get the lost device
    assert faults.devices[2] is second and not faults.messages


def test_module_that_was_open_on_a_lost_device(scale, faults):
    module, other = fresh(scale), fresh(scale)
    prepared = module.prepare(X)
    other(X)
    faults.messages = [f"invoke {LOST}"]
    prepared()
    faults.messages = [f"invoke {LOST}"]
    np.testing.assert_allclose(other(X), handwritten.scale_reference(X), rtol=1e-6)
    prepared()
    assert not faults.messages


@pytest.mark.parametrize("moments", [("create", "create"), ("create", "invoke"), ("invoke",) * 2])
def test_device_that_is_lost_again(scale, faults, moments):
    faults.messages = [f"{moment} {LOST}" for moment in moments]
    module = fresh(scale)
    with pytest.raises(TargetError, match=r"was lost twice in a row.*next call.*vkWaitSemaphores"):
        module(X)
    module(X)
    fresh(scale)(X)


@pytest.mark.vulkan
@pytest.mark.parametrize("computes", [True, False])
def test_failure_that_does_not_say_that_the_device_is_lost(faults, monkeypatch, computes):
    require_vulkan()
    module = handwritten.compile_scale("vulkan")
    faults.messages = ["invoke FAILED_PRECONDITION; transient buffer has no memory"]
    if computes:  # the real device is asked
        with pytest.raises(CompilerError, match="transient buffer has no memory"):
            module(X)
    else:
        monkeypatch.setattr(device, "_computes", lambda *_: False)
    np.testing.assert_allclose(module(X), handwritten.scale_reference(X), rtol=1e-6)
    assert len({id(each) for each in faults.devices}) == 1 + (not computes)


def test_other_failures_of_the_runtime(scale, faults):
    faults.messages = ["invoke OUT_OF_RANGE"]
    module = fresh(scale)
    with pytest.raises(CompilerError, match=r"IREE 3.* cannot run the module for 'llvm-cpu'"):
        module(X)
    assert len(faults.devices) == 1
    module(X)
