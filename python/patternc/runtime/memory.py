# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Memory of a device: allocated where the host reaches it if it can be, and read."""

import functools
import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from patternc.dependencies import require
from patternc.tensor_spec import TensorSpec

if TYPE_CHECKING:
    from iree.runtime import HalBuffer, HalBufferView, HalDevice, HalFence


class Steps:
    """Work on a device, each step after the one before, and waited for once."""

    def __init__(self, device: "HalDevice") -> None:
        self._runtime = _runtime()
        self._semaphore = device.create_semaphore(0)
        self._count = 0

    def add(self) -> "tuple[HalFence, HalFence]":
        """What the next step has to wait for, and what it has to signal."""
        before = self._runtime.HalFence.create_at(self._semaphore, self._count)
        self._count += 1
        return before, self._runtime.HalFence.create_at(self._semaphore, self._count)

    def wait(self) -> None:
        # A fence would be waited for through a thread of IREE's, the semaphore by the driver.
        self._semaphore.wait(self._count)


def allocate(device: "HalDevice", size: int) -> "HalBuffer":
    """Memory of the device, which the host reaches where there is such memory."""
    memory_type, usage = _of_device()
    return device.allocator.allocate_buffer(
        memory_type=memory_type, allowed_usage=usage, allocation_size=size
    )


def upload(device: "HalDevice", array: np.ndarray) -> "HalBufferView":
    """A copy of a contiguous array, written directly where the host reaches the memory."""
    memory_type, usage = _of_device()
    copied = device.allocator.allocate_buffer_copy(
        memory_type=memory_type,
        allowed_usage=usage,
        device=device,
        buffer=array,
        element_type=cast(Any, element_type(array.dtype)),
    )
    return cast("HalBufferView", copied)  # a view, because an element type is given


def reachable(device: "HalDevice", buffer: "HalBuffer", steps: Steps) -> "HalBuffer":
    """The buffer itself if the host reads it fast, else a copy for the host, made by a step."""
    runtime = _runtime()
    can_map = int(buffer.allowed_usage()) & int(runtime.BufferUsage.MAPPING_SCOPED)
    if can_map and buffer.memory_type() & int(runtime.MemoryType.HOST_CACHED):
        return buffer
    return host_copy(device, buffer, steps)


def host_copy(device: "HalDevice", buffer: "HalBuffer", steps: Steps) -> "HalBuffer":
    """A copy in memory of the host, made by a step."""
    # DeviceArray.to_host() of IREE 3.13 imports unaligned host memory, which Vulkan refuses.
    runtime = _runtime()
    staging = device.allocator.allocate_buffer(
        memory_type=int(runtime.MemoryType.HOST_LOCAL | runtime.MemoryType.DEVICE_VISIBLE),
        allowed_usage=int(runtime.BufferUsage.TRANSFER_TARGET | runtime.BufferUsage.MAPPING_SCOPED),
        allocation_size=buffer.byte_length(),
    )
    before, after = steps.add()
    device.queue_copy(buffer, staging, wait_semaphores=before, signal_semaphores=after)
    return staging


def contradiction(view: "HalBufferView", spec: TensorSpec) -> str | None:
    """How a result differs from what a manifest says of it.

    The runtime knows how much memory there is; the manifest only says it.
    """
    dtype = np.dtype(spec.dtype)
    size = dtype.itemsize * math.prod(spec.shape)
    if (
        tuple(view.shape) == spec.shape
        and int(cast(Any, view.element_type)) in _element_types(dtype)
        and view.byte_length == size <= view.get_buffer().byte_length()
    ):
        return None
    return (
        f"{view.byte_length} bytes of shape {tuple(view.shape)} for output '{spec.name}', but its "
        f"manifest says {spec.dtype}{list(spec.shape)}"
    )


def mapped(buffer: "HalBuffer", spec: TensorSpec) -> np.ndarray:
    """The numbers in memory that the host reads, where they are."""
    dtype = np.dtype(spec.dtype)
    if 0 in spec.shape:  # there is no memory
        return np.empty(spec.shape, dtype)
    return buffer.map().asarray(spec.shape, dtype)


@functools.cache
def element_type(dtype: np.dtype) -> int:
    """What IREE calls a dtype."""
    return int(_runtime().array_interop.map_dtype_to_element_type(dtype))


@functools.cache
def _element_types(dtype: np.dtype) -> tuple[int, ...]:
    """What IREE calls a dtype of results: integers that it gives have no sign."""
    if dtype.kind not in "iu":
        return (element_type(dtype),)
    return element_type(dtype), int(getattr(_runtime().HalElementType, f"INT_{8 * dtype.itemsize}"))


@functools.cache
def _of_device() -> tuple[int, int]:
    runtime = _runtime()
    usage = runtime.BufferUsage
    mapping = int(usage.MAPPING) | int(usage.MAPPING_OPTIONAL)
    return int(runtime.MemoryType.DEVICE_LOCAL), int(usage.DEFAULT) | mapping


@functools.cache
def _runtime() -> Any:
    return require("iree.runtime", needed_for="running a compiled module")
