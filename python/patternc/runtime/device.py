# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Opening the device that a module runs on, with a number of threads.

Devices live as long as the process and are shared by its modules: a result is memory of its
device, and may outlive the module that computed it. IREE sizes its pool of worker threads once in
a process, when the pool is first used. One thread needs no pool, so that every module may choose
between one thread and the pool.
"""

import operator
import os
import threading
from typing import TYPE_CHECKING, Any

from patternc.dependencies import require
from patternc.errors import TargetError
from patternc.runtime.manifest import Driver
from patternc.runtime.memory import Steps, allocate, host_copy
from patternc.runtime.process import never_destroy

if TYPE_CHECKING:
    from iree.runtime import HalDevice

# IREE fills what it allocates with zeros, on every call. Buffers that are kept for the next call
# are not filled again: at most 16 of them, and none beyond 512 MiB in use.
_KEPT_MEMORY = "caching:*=*;512mib;16"

_LOCAL = ("local-sync", "local-task")

_lock = threading.Lock()
_devices: "dict[str, HalDevice]" = {}
_pool_threads: int | None = None
# Of a process that forked this one.
_parent_had_pool = False
_parent_had_vulkan = False


class DeviceLostError(Exception):
    """A device computes nothing any more; another one may be opened."""


def usable_cores() -> list[int]:
    """The physical cores that this process may use, each by the first of its processors."""
    first_of: dict[str, int] = {}
    for cpu in sorted(os.sched_getaffinity(0)):
        try:
            with open(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list") as file:
                siblings = file.read()
        except OSError:
            siblings = str(cpu)
        first_of.setdefault(siblings, cpu)
    return list(first_of.values())


def open_device(driver: Driver, threads: int | None) -> "HalDevice":
    """Opens a device, or gives the one that is open.

    Args:
      driver: the driver of the module's manifest.
      threads: number of threads on the processor, None for all cores. Without meaning for
        ``vulkan``.

    Raises:
      TargetError: there is no such device here, or the number of threads cannot be had.
    """
    if driver == "vulkan":
        return _open("vulkan")
    return _open(_LOCAL[resolve_threads(threads) != 1])


def forget_device(device: "HalDevice") -> None:
    """Lets the next module open another device in place of a lost one."""
    with _lock:
        for uri, known in list(_devices.items()):
            if known is device:
                del _devices[uri]


def is_open(device: "HalDevice") -> bool:
    """Whether modules still run on a device: it is not lost, and of this process."""
    return any(known is device for known in list(_devices.values()))


def is_local(device: "HalDevice") -> bool:
    """Whether a device is the processor, whose memory is that of the host."""
    return any(_devices.get(uri) is device for uri in _LOCAL)


def is_lost(device: "HalDevice", error: Exception) -> bool:
    """Whether the device is to blame for an error.

    IREE does not always say that it is, so it is asked itself.
    """
    if "VK_ERROR_DEVICE_LOST" in str(error) or "DATA_LOSS" in str(error):
        return True
    return not is_local(device) and not _computes(device)


def checked_threads(threads: Any) -> int | None:
    """A number of threads as an int, None for all cores.

    Raises:
      TargetError: it is not a number of threads.
    """
    if threads is None:
        return None
    try:
        if isinstance(threads, bool):
            raise TypeError
        count = operator.index(threads)
    except TypeError:
        raise TargetError(
            f"number of threads is {threads!r}, expected a whole number, or None for all cores"
        ) from None
    if count < 1:
        raise TargetError(f"number of threads is {count}, expected 1 or more")
    return count


def resolve_threads(threads: int | None) -> int:
    """Settles the number of threads, and with it the size of the pool when it is first needed.

    A forked child whose parent has the pool computes on one thread: the pool stays in the parent.

    Raises:
      TargetError: the number of threads cannot be had.
    """
    global _pool_threads
    threads = checked_threads(threads)
    if threads == 1 or _parent_had_pool:
        return 1
    with _lock:
        if _pool_threads is None:
            cores = usable_cores()
            wanted = threads or len(cores)
            if wanted > 1:
                flags = require("iree.runtime", needed_for="running a compiled module").flags
                flags.parse_flags(_pool_flag(wanted, cores))
                _pool_threads = wanted
            return wanted
        if threads not in (None, _pool_threads):
            raise TargetError(
                f"number of threads is {threads}, but this process already runs modules on "
                f"{_pool_threads} threads, and IREE sizes its pool once: use threads=1 or "
                f"threads={_pool_threads}, or a new process"
            )
        return _pool_threads


def _pool_flag(threads: int, cores: list[int]) -> str:
    """The flag of IREE that makes a pool, on `cores` one thread each if they are as many.

    Threads that sleep between layers are woken where they slept, and two of them on one core stay
    there. Fewer threads than cores are not bound: those of another process would have the same.
    """
    if threads == len(cores):
        return f"--task_topology_cpu_ids={','.join(map(str, cores))}"
    return f"--task_topology_group_count={threads}"


def _open(uri: str) -> "HalDevice":
    runtime = require("iree.runtime", needed_for="running a compiled module")
    with _lock:
        if uri not in _devices:
            if uri == "vulkan":
                _devices[uri] = _create_vulkan(runtime)
            else:
                driver = runtime.get_driver(uri)
                _devices[uri] = driver.create_device_by_uri(uri, allocators=[_KEPT_MEMORY])
        return _devices[uri]


def _create_vulkan(runtime: Any) -> "HalDevice":
    if _parent_had_vulkan:
        raise TargetError(
            "this process was forked from one that uses Vulkan, whose driver does not survive a "
            "fork; start it by multiprocessing's 'spawn', or use Vulkan after the fork only"
        )
    try:
        return runtime.get_driver("vulkan").create_device_by_uri("vulkan")
    except (RuntimeError, ValueError) as error:
        raise TargetError(
            "no Vulkan device can be opened on this machine; install a Vulkan driver "
            f"(on Debian without a GPU: apt install mesa-vulkan-drivers libvulkan1): {error}"
        ) from error


def _computes(device: "HalDevice") -> bool:
    """Whether a device still does as little as a copy."""
    try:
        steps = Steps(device)
        host_copy(device, allocate(device, 64), steps)
        steps.wait()
    except (RuntimeError, ValueError):
        return False
    return True


def _begin_anew() -> None:
    global _lock, _parent_had_pool, _parent_had_vulkan
    _parent_had_pool |= "local-task" in _devices
    _parent_had_vulkan |= "vulkan" in _devices
    _lock = threading.Lock()
    for device in _devices.values():
        never_destroy(device)
    _devices.clear()


os.register_at_fork(after_in_child=_begin_anew)
