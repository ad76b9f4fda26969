# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Who runs the tasks of an exploration."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers(Protocol):
    """Workers that each take the tasks of a queue of their own, one after the other.

    Attributes:
      count: of workers.
    """

    count: int

    def run(
        self,
        function: Callable[[Shared, Task], Result],
        shared: Shared,
        queues: Sequence[Iterator[Task]],
    ) -> Iterator[Result]:
        """Runs `function(shared, task)` for the tasks of all queues.

        Args:
          function: what depends on nothing but its arguments.
          shared: the same for all tasks.
          queues: one for each worker; the next task is taken when the worker is free, so that a
            queue may end early.

        Returns:
          The results, in the order in which they are there.
        """
        ...


class LocalWorker:
    """This process."""

    count = 1

    def run(
        self,
        function: Callable[[Shared, Task], Result],
        shared: Shared,
        queues: Sequence[Iterator[Task]],
    ) -> Iterator[Result]:
        """As `Workers.run`."""
        for queue in queues:
            for task in queue:
                yield function(shared, task)
