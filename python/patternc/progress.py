# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Progress of a long loop: a bar on a terminal, and lines of the log everywhere."""

import logging
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

_Item = TypeVar("_Item")
_logger = logging.getLogger(__name__)
_LINES = 10


def show_progress(
    items: Iterable[_Item], total: int, description: str, *, unit: str, shown: bool = True
) -> Iterator[_Item]:
    """Gives the items, and shows how many of them have been taken and how long the rest may take.

    Args:
      items: of the loop.
      total: how many they are.
      description: of what is done with them.
      unit: what one of them is called.
      shown: if not, nothing is shown or logged.
    """
    bar = tqdm(items, description, total, unit=unit, disable=None if shown else True)
    for number, item in enumerate(bar, start=1):
        yield item
        if shown and number * _LINES // total > (number - 1) * _LINES // total:
            _logger.info("%s: %d of %d %ss", description, number, total, unit)
