"""A compiled module: bytecode, weights and manifest, callable on arrays and tensors."""

import copy
import functools
import sys
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from patternc.dependencies import require
from patternc.errors import CompilerError, ModelError, TargetError
from patternc.runtime import artifact
from patternc.runtime.device import open_device, resolve_threads
from patternc.runtime.machine import host_machine
from patternc.runtime.manifest import Manifest
from patternc.runtime.parameters import PARAMETER_SCOPE, resident_index
from patternc.runtime.report import Report
from patternc.tensor_spec import TensorSpec

if TYPE_CHECKING:
    from iree.runtime import HalBuffer, HalBufferView

# Generated code loads whole vectors, so that memory that is used in place must be aligned to them.
_ALIGNMENT = 64


class CompiledModule:
    """A network that is ready to run.

    Calling it takes numpy arrays or torch tensors (on the CPU), with exactly the shapes and
    dtypes of ``manifest.inputs``, and returns the same kind: one array, or a tuple when there are
    several outputs. IREE's runtime and the device are opened by the first call. On one thread,
    arrays whose memory is aligned to 64 bytes (all torch tensors) are used without a copy.
    """

    def __init__(
        self,
        *,
        vmfb: bytes,
        parameters: Mapping[str, np.ndarray] | Path,
        manifest: Manifest,
        report: Report,
        stages: Mapping[str, str] | None = None,
        statistics: Mapping[str, Mapping[str, int]] | None = None,
        threads: int | None = None,
    ) -> None:
        """Binds the parts together; nothing is loaded yet.

        Args:
          vmfb: IREE bytecode.
          parameters: the weights by name, or the ``.irpa`` file that holds them, which is mapped
            into memory and not read.
          manifest: what the bytecode is.
          report: what the compiler has to tell about the module.
          stages: the module as text after each stage of the compiler, in order.
          statistics: what each pass of the compiler counted, by its name.
          threads: number of threads on the processor; None for all cores.
        """
        self.vmfb = vmfb
        self.parameters = parameters
        self.manifest = manifest
        self.threads = threads
        self._report = report
        self._stages = dict(stages or {})
        self._statistics = dict(statistics or {})

    def __call__(self, *arguments: Any) -> Any:
        """Runs the network.

        Raises:
          ModelError: number, kind, shape or dtype of the arguments differ from the manifest.
          TargetError: the module cannot run on this machine.
        """
        arrays = self._check(arguments)
        outputs = self._session.invoke([self._session.to_device(array) for array in arrays])
        results = tuple(
            self._session.to_host(output, spec)
            for output, spec in zip(outputs, self.manifest.outputs, strict=True)
        )
        # An argument that is passed through in place belongs to the caller.
        results = tuple(
            result.copy() if any(np.may_share_memory(result, a) for a in arrays) else result
            for result in results
        )
        torch = sys.modules.get("torch")
        if torch is not None and any(isinstance(a, torch.Tensor) for a in arguments):
            results = tuple(torch.from_numpy(result) for result in results)
        return results[0] if len(results) == 1 else results

    def prepare(self, *arguments: Any) -> Callable[[], None]:
        """Moves the arguments to the device and returns a call that only runs the network.

        It is what a benchmark times: no conversion, no copy, results left on the device.

        Raises:
          ModelError, TargetError: as for a call.
        """
        session = self._session
        arrays = self._check(arguments)
        views = [session.to_device(array) for array in arrays]

        def run(in_use: list[np.ndarray] = arrays) -> None:  # a view does not hold its array
            session.invoke(views)

        return run

    def with_threads(self, threads: int | None) -> "CompiledModule":
        """The same module on another number of threads."""
        module = copy.copy(self)
        module.threads = threads
        module.__dict__.pop("_session", None)
        return module

    def report(self) -> Report:
        """What the compiler has to tell about the module; ``print`` shows it as a table."""
        return self._report

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the compiler's stages, in order; none for a module that was loaded."""
        return tuple(self._stages)

    @property
    def statistics(self) -> Mapping[str, Mapping[str, int]]:
        """What each pass counted, by its name; the reference of the passes says what the counts
        are. Empty for a module that was loaded.
        """
        return self._statistics

    def mlir(self, stage: str) -> str:
        """The module as MLIR text after a stage of the compiler, large constants left out.

        Raises:
          ModelError: there is no such stage, or the module was loaded and has none.
        """
        if not self._stages:
            raise ModelError(
                "a saved module holds no MLIR; compile the model to look at its stages"
            )
        if stage not in self._stages:
            raise ModelError(f"no stage '{stage}'; there are {', '.join(self._stages)}")
        return self._stages[stage]

    def save(self, path: str | PathLike[str]) -> None:
        """Writes the module as a folder that `patternc.load` reads.

        Args:
          path: the folder, by custom ``NAME.patternc``. An artefact there is replaced.

        Raises:
          ArtifactError: it cannot be written; what was there is left as it was.
        """
        artifact.save(
            path,
            vmfb=self.vmfb,
            parameters=self.parameters,
            manifest=self.manifest,
            report=self._report,
        )

    def __repr__(self) -> str:
        def shapes(specs: tuple[TensorSpec, ...]) -> str:
            return ", ".join(f"{spec.name}: {spec.dtype}{list(spec.shape)}" for spec in specs)

        return (
            f"<{type(self).__name__} for {self.manifest.target}: "
            f"({shapes(self.manifest.inputs)}) -> ({shapes(self.manifest.outputs)})>"
        )

    @functools.cached_property
    def _session(self) -> "_Session":
        manifest = self.manifest
        lack = host_machine().lacks(manifest.machine)
        if lack is not None:
            raise TargetError(
                f"the module is compiled for '{manifest.target}' and needs {lack}; save it with "
                ".save(path) and run it there: patternc.load(path), or IREE's iree-run-module "
                f"--module=module.vmfb --parameters={PARAMETER_SCOPE}=weights.irpa "
                f"--function={manifest.function}; to run it here, compile for 'llvm-cpu'"
            )
        return _Session(self.vmfb, self.parameters, manifest, self.threads)

    def _check(self, arguments: tuple[Any, ...]) -> list[np.ndarray]:
        specs = self.manifest.inputs
        if len(arguments) != len(specs):
            names = ", ".join(spec.name for spec in specs)
            raise ModelError(
                f"the module takes {len(specs)} arguments ({names}), but was given {len(arguments)}"
            )
        return [
            _checked_array(argument, spec, f"argument {position} ('{spec.name}')")
            for position, (argument, spec) in enumerate(zip(arguments, specs, strict=True), start=1)
        ]


def _checked_array(argument: Any, spec: TensorSpec, where: str) -> np.ndarray:
    """The argument as a contiguous array, without a copy where it is one already."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(argument, torch.Tensor):
        if argument.device.type != "cpu":
            raise ModelError(f"{where} is on device '{argument.device}', expected 'cpu'")
        dtype = str(argument.dtype).removeprefix("torch.")
    elif isinstance(argument, np.ndarray):
        dtype = argument.dtype.name
    else:
        kind = type(argument).__name__
        raise ModelError(f"{where} is a {kind}, expected a numpy array or a torch tensor")
    if dtype != spec.dtype:
        raise ModelError(f"{where} has dtype {dtype}, expected {spec.dtype}")
    if tuple(argument.shape) != spec.shape:
        raise ModelError(f"{where} has shape {tuple(argument.shape)}, expected {spec.shape}")
    array = argument if isinstance(argument, np.ndarray) else argument.detach().numpy()
    return np.ascontiguousarray(array)


def load(path: str | PathLike[str], *, threads: int | None = None) -> CompiledModule:
    """Loads a saved module. Needs neither torch nor the compiler.

    Args:
      path: the folder that `CompiledModule.save` wrote.
      threads: number of threads on the processor; None for all cores.

    Raises:
      ArtifactError: it is not an artefact, is damaged, or is for another version or machine.
    """
    parts = artifact.read(path)
    return CompiledModule(
        vmfb=parts.vmfb,
        parameters=parts.weights,
        manifest=parts.manifest,
        report=parts.report,
        threads=threads,
    )


class _Session:
    """A module loaded into IREE on one open device."""

    def __init__(
        self,
        vmfb: bytes,
        parameters: Mapping[str, np.ndarray] | Path,
        manifest: Manifest,
        threads: int | None,
    ) -> None:
        runtime = require("iree.runtime", needed_for="running a compiled module")
        self._runtime = runtime
        self._is_local = manifest.driver == "local"
        # A worker thread may be the last to let go of a buffer; if that is an array of Python's, it
        # frees it without holding the interpreter's lock. So only a module without workers uses
        # arrays in place.
        self._in_place = self._is_local and resolve_threads(threads) == 1
        self._device = open_device(manifest.driver, threads)
        self._results = len(manifest.outputs)
        try:
            instance = runtime.VmInstance()
            provider = resident_index(parameters).create_provider(scope=PARAMETER_SCOPE)
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
        except (RuntimeError, ValueError) as error:
            raise CompilerError(
                f"IREE {manifest.iree_version} cannot load the module for "
                f"'{manifest.target}': {error}"
            ) from error
        if self._function is None:
            raise CompilerError(f"the module exports no function '{manifest.function}'")

    def invoke(self, views: "list[HalBufferView]") -> "list[HalBufferView]":
        """Runs the function on what is on the device, and waits for its results there."""
        runtime = self._runtime
        inputs = runtime.VmVariantList(len(views))
        for view in views:
            inputs.push_ref(view.ref)
        outputs = runtime.VmVariantList(self._results)
        self._context.invoke(self._function, inputs, outputs)
        return [outputs.get_as_object(i, runtime.HalBufferView) for i in range(self._results)]

    def to_device(self, array: np.ndarray) -> "HalBufferView":
        """A view of a contiguous array on the device: in place if it can be, else a copy."""
        runtime = self._runtime
        element_type = runtime.array_interop.map_dtype_to_element_type(array.dtype)
        allocator = self._device.allocator
        memory = runtime.MemoryType
        if self._in_place and array.ctypes.data % _ALIGNMENT == 0 and array.size:
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

    def to_host(self, view: "HalBufferView", spec: TensorSpec) -> np.ndarray:
        """A result as an array: mapped where the host can read it, else copied."""
        buffer = view.get_buffer()
        if not self._is_local:
            buffer = self._download(buffer)
        return buffer.map().asarray(spec.shape, np.dtype(spec.dtype))

    def _download(self, buffer: "HalBuffer") -> "HalBuffer":
        """A copy of a buffer in the host's memory."""
        # DeviceArray.to_host() of IREE 3.13 imports unaligned host memory, which Vulkan refuses.
        runtime = self._runtime
        staging = self._device.allocator.allocate_buffer(
            memory_type=int(runtime.MemoryType.HOST_LOCAL | runtime.MemoryType.DEVICE_VISIBLE),
            allowed_usage=int(
                runtime.BufferUsage.TRANSFER_TARGET | runtime.BufferUsage.MAPPING_SCOPED
            ),
            allocation_size=buffer.byte_length(),
        )
        semaphore = self._device.create_semaphore(0)
        done = runtime.HalFence.create_at(semaphore, 1)
        self._device.queue_copy(
            buffer,
            staging,
            wait_semaphores=runtime.HalFence.create_at(semaphore, 0),
            signal_semaphores=done,
        )
        done.wait()
        return staging
