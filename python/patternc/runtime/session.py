# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A module loaded into IREE on one open device."""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from patternc.dependencies import require
from patternc.errors import CompilerError, PatterncError
from patternc.runtime.device import (
    DeviceLostError,
    forget_device,
    is_lost,
    open_device,
    resolve_threads,
)
from patternc.runtime.device_array import DeviceArray
from patternc.runtime.manifest import Manifest
from patternc.runtime.memory import (
    Steps,
    allocate,
    contradiction,
    element_type,
    mapped,
    reachable,
    upload,
)
from patternc.runtime.parameters import PARAMETER_SCOPE, WeightsArchive

if TYPE_CHECKING:
    from iree.runtime import HalBuffer, HalBufferView

WITH_STORAGE = "_with_storage"
"""What follows a function's name in that of its entry that is given memory for what it computes."""

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
            function = manifest.function + ("" if self._is_local else WITH_STORAGE)
            self._function = bytecode.lookup_function(function)
            if self._function is None:
                raise CompilerError(f"the module exports no function '{function}'")
            if not self._is_local:
                size = self._function.reflection.get("iree.abi.transients.size.constant")
                if size is None:
                    self._contradicts(f"does not say what memory '{function}' needs")
                self._temporary_bytes = int(size)
                # One for each call that runs at the same time.
                self._temporaries: list[HalBuffer] = []

    def call(self, arguments: "Sequence[np.ndarray | DeviceArray]") -> list[np.ndarray]:
        """Runs the function on contiguous arrays, in place where they can be used so."""
        views = self.to_device(arguments, in_place=self._in_place)
        outputs, buffers = self._compute(views, read=True)
        for view, spec in zip(outputs, self._manifest.outputs, strict=True):
            how = contradiction(view, spec)
            if how is not None:
                self._contradicts(f"gives {how}")
        # What a lost device leaves of mapped memory is not defined, and a result that is passed
        # through is still that of another module.
        copy = not self._is_local or any(isinstance(each, DeviceArray) for each in arguments)
        with self._failures("cannot read the results of"):
            results = [
                mapped(buffer, spec)
                for buffer, spec in zip(buffers, self._manifest.outputs, strict=True)
            ]
            return [result.copy() for result in results] if copy else results

    def run(self, views: "Sequence[HalBufferView]") -> list[DeviceArray]:
        """Runs the function on what is on the device, and leaves its results there."""
        outputs, _ = self._compute(views)
        return [
            DeviceArray(view, self._device, spec)
            for view, spec in zip(outputs, self._manifest.outputs, strict=True)
        ]

    def to_device(
        self, arguments: "Sequence[np.ndarray | DeviceArray]", *, in_place: bool = False
    ) -> "list[HalBufferView]":
        """Views of contiguous arrays on the device: in place if they can be, else copies.

        Raises:
          ModelError: an argument is on another device.
        """
        with self._failures("cannot take the arguments of"):
            return [
                argument.view_on(self._device, f"argument '{spec.name}'")
                if isinstance(argument, DeviceArray)
                else self._to_device(argument, in_place)
                for argument, spec in zip(arguments, self._manifest.inputs, strict=True)
            ]

    def _to_device(self, array: np.ndarray, in_place: bool) -> "HalBufferView":
        if in_place and array.flags.writeable and array.size:
            runtime = self._runtime
            memory = runtime.MemoryType
            if array.ctypes.data % _ALIGNMENT == 0:
                buffer = self._device.allocator.import_host_allocation(
                    array,
                    memory_type=int(memory.HOST_LOCAL | memory.DEVICE_VISIBLE),
                    allowed_usage=int(runtime.BufferUsage.DEFAULT),
                )
                return runtime.HalBufferView(buffer, array.shape, element_type(array.dtype))
        return upload(self._device, array)

    def _compute(
        self, views: "Sequence[HalBufferView]", *, read: bool = False
    ) -> "tuple[list[HalBufferView], list[HalBuffer]]":
        """Runs the function, and waits for its results.

        Returns:
          the results on the device, and if they are to be read, as buffers that the host reads.
        """
        with self._failures("cannot run"):
            if self._is_local:
                outputs = self._invoke(views)
                return outputs, [view.get_buffer() for view in outputs] if read else []
            # What a call on Vulkan costs is its submissions and what waits for them. The function
            # makes one, as it is given all memory, and results are copied behind it, if at all.
            device, runtime = self._device, self._runtime
            steps = Steps(device)
            storage = [
                runtime.HalBufferView(
                    allocate(device, np.dtype(spec.dtype).itemsize * math.prod(spec.shape)),
                    spec.shape,
                    element_type(np.dtype(spec.dtype)),
                )
                for spec in self._manifest.outputs
            ]
            temporaries = self._take_temporaries()
            outputs = self._invoke([*views, *storage, temporaries, *steps.add()])
            buffers = [view.get_buffer() for view in outputs] if read else []
            buffers = [reachable(device, buffer, steps) for buffer in buffers]
            steps.wait()
            self._temporaries.append(temporaries)
            return outputs, buffers

    def _invoke(self, arguments: "Sequence[Any]") -> "list[HalBufferView]":
        runtime = self._runtime
        inputs = runtime.VmVariantList(len(arguments))
        for argument in arguments:
            inputs.push_ref(argument.ref)
        results = runtime.VmVariantList(1)
        self._context.invoke(self._function, inputs, results)
        expected = len(self._manifest.outputs)
        if len(results) != expected:
            self._contradicts(f"has {len(results)} results, but its manifest {expected}")
        return [results.get_as_object(i, runtime.HalBufferView) for i in range(expected)]

    def _take_temporaries(self) -> "HalBuffer":
        """Memory for what a call computes in between: of an earlier call, if one is free."""
        try:
            return self._temporaries.pop()
        except IndexError:
            return allocate(self._device, self._temporary_bytes)

    @contextlib.contextmanager
    def _failures(self, what: str) -> Iterator[None]:
        """Errors of IREE as errors of patternc."""
        try:
            yield
        except PatterncError:
            raise
        except (RuntimeError, ValueError) as error:
            if is_lost(self._device, error):
                forget_device(self._device)
                raise DeviceLostError(str(error)) from error
            raise CompilerError(
                f"IREE {self._manifest.iree_version} {what} the module for "
                f"'{self._manifest.target}': {error}"
            ) from error

    def _contradicts(self, how: str) -> NoReturn:
        raise CompilerError(
            f"the module {how}: they do not belong together; compile the model again"
        )
