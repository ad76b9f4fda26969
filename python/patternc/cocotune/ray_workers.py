"""Workers on one machine or many, through Ray."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from patternc.cocotune.workers import Result, Shared, Task
from patternc.dependencies import require
from patternc.errors import CocoTuneError


class RayWorkers:
    """Actors of Ray. A worker that is lost is started again, and so is the task that it was at.

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
            # A cluster has the resources that it has; here workers are what is wanted.
            local = {} if address else {"num_cpus": max(1, round(count * cpus))}
            try:
                self._ray.init(address, include_dashboard=False, log_to_driver=False, **local)
            except (ConnectionError, RuntimeError, ValueError) as error:
                raise CocoTuneError(f"Ray cannot be started: {error}") from error
        self._actor = self._ray.remote(
            num_cpus=cpus, num_gpus=gpus, max_restarts=-1, max_task_retries=-1
        )(_Actor)

    def run(
        self,
        function: Callable[[Shared, Task], Result],
        shared: Shared,
        queues: Sequence[Iterator[Task]],
    ) -> Iterator[Result]:
        """As `Workers.run`."""
        ray = self._ray
        # In a list, so that Ray hands over the reference and not what it refers to.
        reference = [ray.put(shared)]
        actors = [self._actor.remote(function, reference) for _ in queues]
        waiting: dict[Any, int] = {}
        try:
            for worker, queue in enumerate(queues):
                for task in queue:
                    waiting[actors[worker].run.remote(task)] = worker
                    break
            while waiting:
                (done, *_), _ = ray.wait(list(waiting))
                worker = waiting.pop(done)
                try:
                    yield ray.get(done)
                except ray.exceptions.RayTaskError as error:
                    raise error.cause from None
                for task in queues[worker]:
                    waiting[actors[worker].run.remote(task)] = worker
                    break
        finally:
            for actor in actors:
                ray.kill(actor)


class _Actor:
    """A worker's process; what tasks share is fetched once."""

    def __init__(self, function: Callable[[Any, Any], Any], reference: list[Any]):
        import ray

        self._function = function
        self._shared = ray.get(reference[0])

    def run(self, task: Any) -> Any:
        return self._function(self._shared, task)
