# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A module loaded into IREE on one open device."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np

from patternc.dependencies import require
from patternc.errors import CompilerError, PatterncError
from patternc.runtime.device import (
    DeviceLostError,
    forget_device,
    open_device,
    resolve_threads,
)
from patternc.runtime.manifest import Manifest
from patternc.runtime.parameters import PARAMETER_SCOPE, WeightsArchive
from patternc.tensor_spec import TensorSpec

if TYPE_CHECKING:
    from iree.runtime import HalBuffer, HalBufferView, HalDevice

# Generated code loads whole vectors, so that memory that is used in place must be aligned to them.
_ALIGNMENT = 64


class Session:
    """A module on a device, with its weights.

    Every method raises `DeviceLostError` when the device computes nothing any more, and
    `CompilerError` when IREE fails.
    """

    def __init__(
        self,
        vmfb: bytes,
        parameters: Mapping[str, np.ndarray] | WeightsArchive,
        manifest: Manifest,
        threads: int | None,
    ) -> None:
        runtime = require("iree.runtime", needed_for="running a compiled module")
        self.is_inherited = False  # from the process that forked this one
        self._runtime = runtime
        self._manifest = manifest
        self._is_local = manifest.driver == "local"
        # A worker thread may be the last to let go of a buffer; if that is an array of Python's, it
        # frees it without holding the interpreter's lock. So only a module without workers uses
        # arrays in place.
        self._in_place = self._is_local and resolve_threads(threads) == 1
        self._device = open_device(manifest.driver, threads)
        if not isinstance(parameters, WeightsArchive):
            parameters = WeightsArchive.of(parameters)
        with self._failures("cannot load"):
            instance = runtime.VmInstance()
            provider = parameters.index().create_provider(scope=PARAMETER_SCOPE)
            bytecode = runtime.VmModule.copy_buffer(instance, vmfb)
            self._context = runtime.VmContext(
                instance,
                [
                    runtime.create_io_parameters_module(instance, provider),
                    runtime.create_hal_module(instance, self._device),
                    bytecode,
                ],
            )
            self._function = bytecode.lookup_function(manifest.function)
        if self._function is None:
            raise CompilerError(f"the module exports no function '{manifest.function}'")

    def call(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Runs the function on contiguous arrays."""
        outputs = self.invoke(self.to_device(arrays))
        specs = self._manifest.outputs
        if len(outputs) != len(specs):
            self._contradicts(f"has {len(outputs)} results, but its manifest {len(specs)}")
        with self._failures("cannot read the results of"):
            return [
                self._to_host(index, view, spec)
                for index, (view, spec) in enumerate(zip(outputs, specs, strict=True))
            ]

    def invoke(self, views: "Sequence[HalBufferView]") -> "list[HalBufferView]":
        """Runs the function on what is on the device, and waits for its results there."""
        runtime = self._runtime
        with self._failures("cannot run"):
            inputs = runtime.VmVariantList(len(views))
            for view in views:
                inputs.push_ref(view.ref)
            outputs = runtime.VmVariantList(len(self._manifest.outputs))
            self._context.invoke(self._function, inputs, outputs)
            return [outputs.get_as_object(i, runtime.HalBufferView) for i in range(len(outputs))]

    def to_device(self, arrays: Sequence[np.ndarray]) -> "list[HalBufferView]":
        """Views of contiguous arrays on the device: in place where they can be, else copies."""
        with self._failures("cannot take the arguments of"):
            return [self._to_device(array) for array in arrays]

    def _to_device(self, array: np.ndarray) -> "HalBufferView":
        runtime = self._runtime
        element_type = runtime.array_interop.map_dtype_to_element_type(array.dtype)
        allocator = self._device.allocator
        memory = runtime.MemoryType
        in_place = self._in_place and array.flags.writeable and array.size
        if in_place and array.ctypes.data % _ALIGNMENT == 0:
            buffer = allocator.import_host_allocation(
                array,
                memory_type=int(memory.HOST_LOCAL | memory.DEVICE_VISIBLE),
                allowed_usage=int(runtime.BufferUsage.DEFAULT),
            )
            return runtime.HalBufferView(buffer, array.shape, element_type)
        copied = allocator.allocate_buffer_copy(
            memory_type=memory.DEVICE_LOCAL,
            allowed_usage=runtime.BufferUsage.DEFAULT,
            device=self._device,
            buffer=array,
            element_type=element_type,
        )
        return cast("HalBufferView", copied)  # a view, because an element type is given

    def _to_host(self, index: int, view: "HalBufferView", spec: TensorSpec) -> np.ndarray:
        """A result as an array: mapped where the host can read it, else copied.

        The runtime knows how much memory there is; the manifest only says it.
        """
        dtype = np.dtype(spec.dtype)
        size = dtype.itemsize * int(np.prod(spec.shape, dtype=np.int64))
        if (
            tuple(view.shape) != spec.shape
            or int(cast(Any, view.element_type)) not in self._element_types(dtype)
            or view.byte_length != size
            or view.get_buffer().byte_length() < size
        ):
            self._contradicts(
                f"gives {view.byte_length} bytes of shape {tuple(view.shape)} for output {index} "
                f"('{spec.name}'), but its manifest says {spec.dtype}{list(spec.shape)}"
            )
        if self._is_local:
            return view.get_buffer().map().asarray(spec.shape, dtype)
        # What a lost device leaves of mapped memory is not defined.
        return (
            _download(self._runtime, self._device, view.get_buffer())
            .map()
            .asarray(spec.shape, dtype)
            .copy()
        )

    def _element_types(self, dtype: np.dtype) -> tuple[int, ...]:
        """What IREE calls a dtype, as numbers: integers that it gives have no sign."""
        types: Any = self._runtime.HalElementType
        mapped: Any = self._runtime.array_interop.map_dtype_to_element_type(dtype)
        if dtype.kind not in "iu":
            return (int(mapped),)
        return int(mapped), int(getattr(types, f"INT_{8 * dtype.itemsize}"))

    @contextlib.contextmanager
    def _failures(self, what: str) -> Iterator[None]:
        """Errors of IREE as errors of patternc."""
        try:
            yield
        except PatterncError:
            raise
        except (RuntimeError, ValueError) as error:
            if self._is_lost(error):
                forget_device(self._device)
                raise DeviceLostError(str(error)) from error
            raise CompilerError(
                f"IREE {self._manifest.iree_version} {what} the module for "
                f"'{self._manifest.target}': {error}"
            ) from error

    def _is_lost(self, error: Exception) -> bool:
        """Whether the device is to blame, which IREE does not always say: so it is asked itself."""
        if "VK_ERROR_DEVICE_LOST" in str(error) or "DATA_LOSS" in str(error):
            return True
        return not self._is_local and not _computes(self._runtime, self._device)

    def _contradicts(self, how: str) -> NoReturn:
        raise CompilerError(
            f"the module {how}: they do not belong together; compile the model again"
        )


def _download(runtime: Any, device: "HalDevice", buffer: "HalBuffer") -> "HalBuffer":
    """A copy of a buffer in the host's memory."""
    # DeviceArray.to_host() of IREE 3.13 imports unaligned host memory, which Vulkan refuses.
    staging = device.allocator.allocate_buffer(
        memory_type=int(runtime.MemoryType.HOST_LOCAL | runtime.MemoryType.DEVICE_VISIBLE),
        allowed_usage=int(runtime.BufferUsage.TRANSFER_TARGET | runtime.BufferUsage.MAPPING_SCOPED),
        allocation_size=buffer.byte_length(),
    )
    semaphore = device.create_semaphore(0)
    done = runtime.HalFence.create_at(semaphore, 1)
    device.queue_copy(
        buffer,
        staging,
        wait_semaphores=runtime.HalFence.create_at(semaphore, 0),
        signal_semaphores=done,
    )
    done.wait()
    return staging


def _computes(runtime: Any, device: "HalDevice") -> bool:
    """Whether a device still does as little as a copy."""
    try:
        buffer = device.allocator.allocate_buffer(
            memory_type=int(runtime.MemoryType.DEVICE_LOCAL),
            allowed_usage=int(runtime.BufferUsage.DEFAULT),
            allocation_size=64,
        )
        _download(runtime, device, buffer)
    except (RuntimeError, ValueError):
        return False
    return True
