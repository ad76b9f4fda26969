# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Results that stay on the device that computed them."""

from typing import TYPE_CHECKING

import numpy as np

from patternc.errors import CompilerError, ModelError, TargetError
from patternc.runtime.device import forget_device, is_local, is_lost, is_open
from patternc.runtime.memory import Steps, contradiction, mapped, reachable
from patternc.runtime.process import running
from patternc.tensor_spec import TensorSpec

if TYPE_CHECKING:
    from iree.runtime import HalBufferView, HalDevice


_LOST = "a device that was lost, or that belongs to the process that forked this one"
_GONE = f"the array is in the memory of {_LOST}; compute it again"


class DeviceArray:
    """An array in the memory of the device that computed it.

    A module that runs on the same device takes it as an argument as it is, without a copy. Its
    numbers do not change, and it may outlive the module.
    """

    __slots__ = ("_device", "_spec", "_view")

    def __init__(self, view: "HalBufferView", device: "HalDevice", spec: TensorSpec) -> None:
        """Only modules make one."""
        self._view = view
        self._device = device
        self._spec = spec

    @property
    def shape(self) -> tuple[int, ...]:
        return self._spec.shape

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(self._spec.dtype)

    def numpy(self, out: np.ndarray | None = None) -> np.ndarray:
        """A copy of the numbers in memory of Python's.

        Args:
          out: an array of this shape and dtype to write them into, which is returned.

        Raises:
          ModelError: `out` has another shape or dtype, or cannot be written.
          TargetError: the device was lost, or belongs to the process that forked this one.
          CompilerError: IREE cannot read the memory.
        """
        if out is None:
            out = np.empty(self.shape, self.dtype)
        elif not isinstance(out, np.ndarray):
            raise ModelError(f"out is a {type(out).__name__}, expected a numpy array")
        elif (out.shape, out.dtype) != (self.shape, self.dtype) or not out.flags.writeable:
            kind = "" if out.flags.writeable else "read-only "
            raise ModelError(
                f"out is a {kind}{_shown(out)}, expected a {_shown(self)} that can be written"
            )
        with running():
            if not is_open(self._device):
                raise TargetError(_GONE)
            how = contradiction(self._view, self._spec)
            if how is not None:
                raise CompilerError(
                    f"the module gives {how}: they do not belong together; compile the model again"
                )
            try:
                buffer = self._view.get_buffer()
                if not is_local(self._device):
                    steps = Steps(self._device)
                    buffer = reachable(self._device, buffer, steps)
                    steps.wait()
                np.copyto(out, mapped(buffer, self._spec))
            except (RuntimeError, ValueError) as error:
                if is_lost(self._device, error):
                    forget_device(self._device)
                    raise TargetError(f"{_GONE}; the driver says: {error}") from error
                raise CompilerError(f"IREE cannot read the memory of a device: {error}") from error
        return out

    def view_on(self, device: "HalDevice", where: str) -> "HalBufferView":
        """IREE's view of it, for a module on the same device; `where` says which argument it is.

        Raises:
          ModelError: the module runs on another device.
        """
        if device is self._device:
            return self._view
        why = "another device than the module runs on" if is_open(self._device) else _LOST
        raise ModelError(
            f"{where} is in the memory of {why}; give it as an array, .numpy(), or run both "
            "modules on the same target and the same number of threads"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {_shown(self)}>"

    def __del__(self) -> None:
        del self._view  # before the device whose memory it is


def _shown(array: "DeviceArray | np.ndarray") -> str:
    return f"{array.dtype}{list(array.shape)}"
