# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What a command says while it works, where no terminal shows its progress bars."""

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def progress_log(run_directory: Path | None) -> Iterator[None]:
    """Passes on what patternc logs: to standard error, and to `progress.log` of a run directory.

    On a terminal, which has progress bars, only warnings are shown.
    """
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.WARNING if sys.stderr.isatty() else logging.INFO)
    console.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    handlers: list[logging.Handler] = [console]
    if run_directory is not None:
        file = logging.FileHandler(run_directory / "progress.log", encoding="utf-8", delay=True)
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        handlers.append(file)
    logger = logging.getLogger("patternc")
    level = logger.level
    logger.setLevel(logging.INFO)
    for handler in handlers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(level)
