"""Opening the device that a module runs on, with a number of threads.

Devices live as long as the process and are shared by its modules: a result is memory of its
device, and may outlive the module that computed it. IREE sizes its pool of worker threads once in
a process, when the pool is first used. One thread needs no pool, so that every module may choose
between one thread and the pool.
"""

import functools
import os
import threading
from typing import TYPE_CHECKING

from patternc.dependencies import require
from patternc.errors import TargetError
from patternc.runtime.manifest import Driver

if TYPE_CHECKING:
    from iree.runtime import HalDevice

# IREE fills what it allocates with zeros, on every call. Buffers that are kept for the next call
# are not filled again: at most 16 of them, and none beyond 512 MiB in use.
_KEPT_MEMORY = "caching:*=*;512mib;16"

_pool_lock = threading.Lock()
_pool_threads: int | None = None


def usable_cores() -> int:
    """Number of physical cores that this process may use."""
    siblings = set()
    for cpu in os.sched_getaffinity(0):
        try:
            with open(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list") as file:
                siblings.add(file.read())
        except OSError:
            siblings.add(str(cpu))
    return len(siblings)


def open_device(driver: Driver, threads: int | None) -> "HalDevice":
    """Opens a device.

    Args:
      driver: the driver of the module's manifest.
      threads: number of threads on the processor, None for all cores. Without meaning for
        ``vulkan``.

    Raises:
      TargetError: there is no such device here, or the number of threads cannot be had.
    """
    runtime = require("iree.runtime", needed_for="running a compiled module")
    if driver == "vulkan":
        try:
            return runtime.get_device("vulkan")
        except (RuntimeError, ValueError) as error:
            raise TargetError(
                "no Vulkan device can be opened on this machine; install a Vulkan driver "
                f"(on Debian without a GPU: apt install mesa-vulkan-drivers libvulkan1): {error}"
            ) from error
    return _open_local("local-sync" if resolve_threads(threads) == 1 else "local-task")


@functools.cache
def _open_local(uri: str) -> "HalDevice":
    runtime = require("iree.runtime", needed_for="running a compiled module")
    driver = runtime.get_driver(uri)
    return driver.create_device_by_uri(uri, allocators=[_KEPT_MEMORY])


def resolve_threads(threads: int | None) -> int:
    """Settles the number of threads, and with it the size of the pool when it is first needed."""
    global _pool_threads
    if threads is not None and threads < 1:
        raise TargetError(f"number of threads is {threads}, expected 1 or more")
    if threads == 1:
        return 1
    with _pool_lock:
        if _pool_threads is None:
            wanted = threads or usable_cores()
            if wanted > 1:
                flags = require("iree.runtime", needed_for="running a compiled module").flags
                flags.parse_flags(f"--task_topology_group_count={wanted}")
                _pool_threads = wanted
            return wanted
        if threads not in (None, _pool_threads):
            raise TargetError(
                f"number of threads is {threads}, but this process already runs modules on "
                f"{_pool_threads} threads, and IREE sizes its pool once: use threads=1 or "
                f"threads={_pool_threads}, or a new process"
            )
        return _pool_threads
