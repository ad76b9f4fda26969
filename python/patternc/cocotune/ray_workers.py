# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Workers on one machine or many, through Ray."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from patternc.cocotune.workers import Result, Shared, Task
from patternc.dependencies import require
from patternc.errors import CocoTuneError


class RayWorkers:
    """Actors of Ray, which live as long as this does.

    A worker that is lost is started again, and so is the task that it was at.

    Args:
      count: of workers.
      address: of a Ray cluster, as of `ray.init`; None for one that is started on this machine.
      cpus, gpus: that each worker takes.

    Raises:
      CocoTuneError: when the count is less than 1, or Ray cannot be started.
      MissingDependencyError: without Ray.
    """

    def __init__(self, count: int, *, address: str | None = None, cpus: float = 1, gpus: float = 0):
        if count < 1:
            raise CocoTuneError(f"count of workers is {count}, expected at least 1")
        self.count = count
        self._ray = require("ray", needed_for="workers on many machines")
        if not self._ray.is_initialized():
            # A cluster has what it has; here there are as many workers as are asked for.
            own = {} if address else {"num_cpus": max(1, round(count * cpus))}
            try:
                self._ray.init(address, include_dashboard=False, log_to_driver=False, **own)
            except (ConnectionError, RuntimeError, ValueError) as error:
                raise CocoTuneError(f"Ray cannot be started: {error}") from error
        self._actor = self._ray.remote(
            num_cpus=cpus, num_gpus=gpus, max_restarts=-1, max_task_retries=-1
        )(_Actor)
        self._actors: list[Any] = []

    def run(
        self,
        function: Callable[[Shared, Task], Result],
        shared: Shared,
        queues: Sequence[Iterator[Task]],
    ) -> Iterator[Result]:
        """As `Workers.run`."""
        ray = self._ray
        # In a list, so that Ray hands over the reference and not what it refers to.
        work = uuid.uuid4().hex, [ray.put((function, shared))]
        self._actors += [self._actor.remote() for _ in queues[len(self._actors) :]]
        running: dict[Any, int] = {}

        def start_next(worker: int) -> None:
            for task in queues[worker]:
                running[self._actors[worker].run.remote(*work, task)] = worker
                break

        try:
            for worker in range(len(queues)):
                start_next(worker)
            while running:
                (done, *_), _ = ray.wait(list(running))
                worker = running.pop(done)
                try:
                    result = ray.get(done)
                except ray.exceptions.RayTaskError as error:
                    raise error.cause from None
                yield result
                start_next(worker)
        finally:
            if running:  # nobody waits for it any more
                for actor in self._actors:
                    ray.kill(actor)
                self._actors.clear()


class _Actor:
    """A worker's process. What tasks share is fetched once, and again after it was lost."""

    def __init__(self):
        self._key = ""
        self._work: Any = None

    def run(self, key: str, reference: list[Any], task: Any) -> Any:
        if key != self._key:
            import ray

            self._work, self._key = ray.get(reference[0]), key
        function, shared = self._work
        return function(shared, task)
