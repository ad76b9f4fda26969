# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What becomes of calls, sessions and devices when the process forks or ends.

The threads of IREE and of a driver do not exist in a forked child: whatever waits for one waits
for ever, also when it is let go of. So a child begins anew, and what it inherited stays as it is.
"""

import atexit
import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

_idle = threading.Condition()
_running = 0
_ending = False


def never_destroy(value: Any) -> None:
    """Keeps a value until the process is gone, and not only until Python ends."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))
    _expect_leaks()


@contextlib.contextmanager
def running() -> Iterator[None]:
    """Around whatever IREE computes: the process does not end in the middle of it.

    When Python ends, a daemon thread that comes back from IREE would be unwound through its frames,
    which ends the process by a signal. So the end waits for calls, and daemon threads, which cannot
    hold it up for ever, begin no new ones.
    """
    global _running
    with _idle:
        while _ending and threading.current_thread().daemon:
            _idle.wait()
        _running += 1
    try:
        yield
    finally:
        with _idle:
            _running -= 1
            _idle.notify_all()


def _expect_leaks() -> None:
    """Keeps IREE's bindings from listing on standard error what is not destroyed."""
    bindings = sys.modules.get("iree.runtime._binding")
    if bindings is not None:
        bindings.disable_leak_checker()


@atexit.register
def _end() -> None:
    global _ending
    if any(thread.daemon for thread in threading.enumerate()):
        _expect_leaks()
    with _idle:
        _ending = True
        while _running:
            _idle.wait()


def _begin_anew() -> None:
    global _idle, _running
    _idle, _running = threading.Condition(), 0


os.register_at_fork(after_in_child=_begin_anew)
