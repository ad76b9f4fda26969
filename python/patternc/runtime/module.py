# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A compiled module: bytecode, weights and manifest, callable on arrays and tensors."""

import copy
import os
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, TypeVar

import numpy as np

from patternc.errors import ModelError, TargetError
from patternc.runtime import artifact
from patternc.runtime.device import DeviceLostError, checked_threads
from patternc.runtime.device_array import DeviceArray
from patternc.runtime.machine import host_machine
from patternc.runtime.manifest import Manifest
from patternc.runtime.parameters import PARAMETER_SCOPE, WeightsArchive
from patternc.runtime.process import never_destroy, running
from patternc.runtime.report import Report
from patternc.runtime.session import Session
from patternc.runtime.structure import Structure
from patternc.tensor_spec import TensorSpec

_T = TypeVar("_T")

_sessions: "weakref.WeakSet[Session]" = weakref.WeakSet()
_opening = threading.RLock()


class CompiledModule:
    """A network that is ready to run.

    Calling it takes numpy arrays or torch tensors (on the CPU), with exactly the shapes and
    dtypes of ``manifest.inputs``, in the places that the model has them in, and returns the same
    kind in the structure of the model's own result. IREE's runtime and the device are opened by the
    first call. On one thread, writable arrays whose memory is aligned to 64 bytes (all torch
    tensors) are used without a copy.

    A module can be called from several threads, copied and pickled. In a forked process it runs
    on one thread if the parent had a pool of threads; on Vulkan it raises.
    """

    def __init__(
        self,
        *,
        vmfb: bytes,
        parameters: Mapping[str, np.ndarray] | WeightsArchive,
        manifest: Manifest,
        report: Report,
        stages: Mapping[str, str] | None = None,
        statistics: Mapping[str, Mapping[str, int]] | None = None,
        classes: Mapping[str, type] | None = None,
        threads: int | None = None,
    ) -> None:
        """Binds the parts together; nothing is loaded yet.

        Args:
          vmfb: IREE bytecode.
          parameters: the weights by name, or as an archive.
          manifest: what the bytecode is.
          report: what the compiler has to tell about the module.
          stages: the module as text after each stage of the compiler, in order, if it was kept.
          statistics: what each pass of the compiler counted, by its name.
          classes: the model's own classes in its result, by their names in ``manifest.result``.
          threads: number of threads on the processor; None for all cores.

        Raises:
          TargetError: that is not a number of threads.
        """
        self.vmfb = vmfb
        self.parameters = parameters
        self.manifest = manifest
        self.threads = checked_threads(threads)
        self._report = report
        self._stages = dict(stages or {})
        self._statistics = dict(statistics or {})
        self._classes = dict(classes or {})
        self._session: Session | None = None

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Runs the network.

        Raises:
          ModelError: number, kind, shape or dtype of the arguments differ from the manifest.
          TargetError: the module cannot run on this machine, or its device was lost.
          CompilerError: IREE refuses the module, or it gives something else than its manifest says.
        """
        given = self._flatten(arguments, keywords)
        values = self._check(given)
        results = self._run(lambda session: session.call(values))
        # An argument that is passed through in place belongs to the caller.
        arrays = [value for value in values if isinstance(value, np.ndarray)]
        results = [
            result.copy() if any(np.may_share_memory(result, a) for a in arrays) else result
            for result in results
        ]
        torch = sys.modules.get("torch")
        if torch is not None and any(isinstance(value, torch.Tensor) for _, value in given):
            results = [torch.from_numpy(result) for result in results]
        return self._build(results)

    def prepare(self, *arguments: Any, **keywords: Any) -> Callable[[], Any]:
        """Copies the arguments to the device and returns a call that only runs the network.

        It is what a benchmark times: no conversion and no copy. Its results are arrays on the
        device, `DeviceArray`, in the structure of the model's own result: another module takes them
        as arguments where they are, and ``.numpy()`` copies them to an array.

        Raises:
          ModelError, TargetError, CompilerError: as for a call.
        """
        values = self._check(self._flatten(arguments, keywords))
        views = self._run(lambda session: (session, session.to_device(values)))

        def run() -> Any:
            def on(session: Session) -> list[DeviceArray]:
                nonlocal views
                if views[0] is not session:  # its device was lost
                    views = (session, session.to_device(values))
                return session.run(views[1])

            return self._build(self._run(on))

        return run

    def with_threads(self, threads: int | None) -> "CompiledModule":
        """The same module on another number of threads.

        Raises:
          TargetError: that is not a number of threads.
        """
        module = copy.copy(self)
        module.threads = checked_threads(threads)
        return module

    def report(self) -> Report:
        """What the compiler has to tell about the module; ``print`` shows it as a table."""
        return self._report

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the compiler's stages, in order, if they were kept; see `mlir`."""
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
          ModelError: there is no such stage, or none was kept: the module was loaded, or compiled
            without ``Settings(keep_stages=True)``.
        """
        if not self._stages:
            raise ModelError(
                "the module holds no MLIR; to look at its stages, compile the model with "
                "settings=Settings(keep_stages=True), or PATTERNC_KEEP_STAGES=1"
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

    def __getstate__(self) -> dict[str, Any]:
        # A session belongs to its module and process. A class of the model may be one that pickle
        # does not find; without it the result is built as that of a saved module is.
        return self.__dict__ | {"_session": None, "_classes": {}}

    def __copy__(self) -> "CompiledModule":
        module = type(self).__new__(type(self))
        module.__dict__.update(self.__dict__, _session=None)
        return module

    def __deepcopy__(self, memo: dict[int, Any]) -> "CompiledModule":
        module = copy.copy(self)
        module.parameters = copy.deepcopy(self.parameters, memo)
        return module

    def _run(self, work: Callable[[Session], _T]) -> _T:
        """Does something with the module on its device; once more on a new one if it was lost."""
        with running():
            try:
                return work(self._open())
            except DeviceLostError:
                self._session = None
            try:
                return work(self._open())
            except DeviceLostError as error:
                self._session = None
                raise TargetError(
                    f"the {self.manifest.driver} device was lost twice in a row, though another "
                    "was opened in between: the driver fails, is out of memory, or its time limit "
                    "is too short for the module; the next call tries again. "
                    f"The driver says: {error}"
                ) from error

    def _open(self) -> Session:
        with _opening:
            if self._session is None or self._session.is_inherited:
                self._require_machine()
                self._session = Session(self.vmfb, self.parameters, self.manifest, self.threads)
                _sessions.add(self._session)
            return self._session

    def _require_machine(self) -> None:
        manifest = self.manifest
        lack = host_machine().lacks(manifest.machine)
        if lack is not None:
            inputs = " ".join(f"--input={_iree_type(spec)}" for spec in manifest.inputs)
            raise TargetError(
                f"the module is compiled for '{manifest.target}' and needs {lack}; save it with "
                ".save(path) and run it there: patternc.load(path), or in that folder IREE's "
                "iree-run-module --device=local-task --module=module.vmfb "
                f"--parameters={PARAMETER_SCOPE}=weights.irpa --function={manifest.function} "
                f"{inputs} (zeros; =@FILE.npy after it for others); to run it here, compile for "
                "'llvm-cpu'"
            )

    def _flatten(
        self, arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> list[tuple[str, Any]]:
        """What is given for each input, with words for its place."""
        structures, named = self._parameters()
        if len(arguments) != len(structures) or keywords.keys() != named.keys():
            given = str(len(arguments) + len(keywords))
            given += f" ({', '.join(f'{key}=' for key in keywords)})" if keywords else ""
            expected = ", ".join(self._parameter_names())
            raise ModelError(
                f"the module takes {len(structures) + len(named)} arguments ({expected}), but was "
                f"given {given}"
            )
        given = []
        for position, (structure, value) in enumerate(zip(structures, arguments, strict=True), 1):
            given += structure.flatten(value, f"argument {position}")
        for key, structure in named.items():
            given += structure.flatten(keywords[key], f"argument '{key}'")
        return given

    def _parameters(self) -> tuple[tuple[Structure, ...], dict[Any, Structure]]:
        """The structure of each positional argument, and of each by keyword."""
        if self.manifest.arguments is None:
            return (Structure("tensor"),) * len(self.manifest.inputs), {}
        positional, named = self.manifest.arguments.children
        return positional.children, dict(zip(named.keys, named.children, strict=True))

    def _parameter_names(self) -> list[str]:
        structures, named = self._parameters()
        specs = iter(self.manifest.inputs)

        def name(structure: Structure) -> str:
            if structure.kind == "constant":
                return repr(structure.value)
            names = [next(specs).name for _ in range(structure.tensors)]
            return names[0] if structure.kind == "tensor" else f"{structure.kind} of {names}"

        positional = list(map(name, structures))
        return positional + [f"{key}={name(structure)}" for key, structure in named.items()]

    def _build(self, results: Sequence[Any]) -> Any:
        """What a call returns, around its results."""
        if self.manifest.result is not None:
            return self.manifest.result.build(iter(results), self._classes)
        return results[0] if len(results) == 1 else tuple(results)

    def _check(self, given: list[tuple[str, Any]]) -> list[np.ndarray | DeviceArray]:
        return [
            _checked(value, spec, f"{where} ('{spec.name}')")
            for (where, value), spec in zip(given, self.manifest.inputs, strict=True)
        ]


def _checked(argument: Any, spec: TensorSpec, where: str) -> np.ndarray | DeviceArray:
    """The argument as a contiguous array, without a copy where it is one already."""
    torch = sys.modules.get("torch")
    if isinstance(argument, DeviceArray):
        dtype = argument.dtype.name
    elif torch is not None and isinstance(argument, torch.Tensor):
        _check_tensor(argument, where)
        dtype = str(argument.dtype).removeprefix("torch.")
    elif isinstance(argument, np.ndarray | np.generic):
        dtype = argument.dtype.name
        if not argument.dtype.isnative:
            raise ModelError(
                f"{where} has the byte order of another machine ({argument.dtype.str}); convert it "
                "with: array.astype(array.dtype.newbyteorder('='))"
            )
    else:
        kind = type(argument).__name__
        raise ModelError(f"{where} is a {kind}, expected a numpy array or a torch tensor")
    if dtype != spec.dtype:
        raise ModelError(f"{where} has dtype {dtype}, expected {spec.dtype}")
    if tuple(argument.shape) != spec.shape:
        raise ModelError(f"{where} has shape {tuple(argument.shape)}, expected {spec.shape}")
    if isinstance(argument, DeviceArray):
        return argument
    if not isinstance(argument, np.ndarray | np.generic):
        try:
            argument = argument.detach().resolve_neg().numpy()
        except (RuntimeError, TypeError) as error:  # such as a fake tensor
            raise ModelError(f"{where} has no memory that can be read: {error}") from error
    return np.asarray(argument, order="C")


def _check_tensor(tensor: Any, where: str) -> None:
    if tensor.device.type != "cpu":
        raise ModelError(f"{where} is on device '{tensor.device}', expected 'cpu'")
    layout = str(tensor.layout).removeprefix("torch.")
    if layout != "strided":
        raise ModelError(f"{where} has the layout {layout}; convert it with: tensor.to_dense()")
    if tensor.is_quantized:
        raise ModelError(f"{where} is quantized; convert it with: tensor.dequantize()")


def _iree_type(spec: TensorSpec) -> str:
    """A tensor type as IREE's tools take it: ``1x3x224x224xf32``."""
    kind = spec.dtype.rstrip("0123456789")
    letter = {"float": "f", "int": "i", "uint": "ui", "bool": "i1"}[kind]
    return "x".join((*map(str, spec.shape), letter + spec.dtype[len(kind) :]))


def load(path: str | PathLike[str], *, threads: int | None = None) -> CompiledModule:
    """Loads a saved module. Needs neither torch nor the compiler.

    All of it is read and verified now: what happens at the path later changes nothing. An artefact
    is native code, which is checked for damage and not for what it does: load only what you trust
    as you trust a program.

    Args:
      path: the folder that `CompiledModule.save` wrote.
      threads: number of threads on the processor; None for all cores.

    Raises:
      ArtifactError: it is not an artefact, is damaged, or is for another version or machine.
      TargetError: that is not a number of threads.
    """
    parts = artifact.read(path)
    return CompiledModule(
        vmfb=parts.vmfb,
        parameters=parts.weights,
        manifest=parts.manifest,
        report=parts.report,
        threads=threads,
    )


def _begin_anew() -> None:
    """In a forked child, sessions are opened again; see `process`."""
    global _opening
    _opening = threading.RLock()
    for session in list(_sessions):
        never_destroy(session)
        session.is_inherited = True


os.register_at_fork(after_in_child=_begin_anew)
