# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A table that grows by a line with each network that is explored."""

import sys
from typing import TextIO

from tqdm import tqdm

from patternc.cocotune.exploration_result import ExploredNetwork, network_headers, network_row
from patternc.cocotune.objective import Objective


class LiveTable:
    """Prints networks as they come; `explore` takes it for `on_network`.

    Args:
      objective: of the exploration.
      modules: how many ratios a configuration has.
      stream: where to; None for standard output.
    """

    def __init__(self, objective: Objective, modules: int, stream: TextIO | None = None):
        self._objective = objective
        self._stream = stream
        # Room for what may come, so that columns stay where they are.
        self._widths = [max(len(header), 9) for header in network_headers(objective)]
        self._widths[1] = max(self._widths[1], 4 * modules - 1)
        self._has_headers = False

    def __call__(self, network: ExploredNetwork) -> None:
        if not self._has_headers:
            self._print(network_headers(self._objective))
            self._print(["-" * width for width in self._widths])
            self._has_headers = True
        self._print(network_row(network, self._objective))

    def _print(self, cells: list[str]) -> None:
        padded = (cell.rjust(width) for cell, width in zip(cells, self._widths, strict=True))
        # Above the progress bars that there are.
        stream = self._stream or sys.stdout
        tqdm.write("  ".join(padded).rstrip(), file=stream)
        stream.flush()  # who reads a pipe wants to see it now, too
