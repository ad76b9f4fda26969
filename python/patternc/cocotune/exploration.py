"""Exploration of a subspace: networks in the order of the objective, until one meets it.

Source: H. Guan, X. Shen and S.-H. Lim, "Wootz: A Compiler-Based Framework for Fast CNN Pruning via
Composability", PLDI 2019.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from tqdm import tqdm

from patternc.cocotune.block_store import BlockStore
from patternc.cocotune.block_tasks import pretrain_blocks
from patternc.cocotune.experiment import Experiment, TrainedNetwork, Workbench, train_network
from patternc.cocotune.exploration_result import ExplorationResult, ExploredNetwork
from patternc.cocotune.network_costs import additive_costs, model_size, multiply_adds
from patternc.cocotune.objective import Objective, show
from patternc.cocotune.pretraining import Pretraining
from patternc.cocotune.run_state import Record, RunState
from patternc.cocotune.workers import LocalWorker, Workers
from patternc.errors import CocoTuneError
from patternc.prune.checkpoint import load_tree, save_tree
from patternc.prune.layer_latency import LatencyMeter


class UnreachableObjectiveError(CocoTuneError):
    """No network of the subspace meets the objective.

    Attributes:
      result: what was explored, without a winner.
    """

    def __init__(self, message: str, result: ExplorationResult):
        super().__init__(message)
        self.result = result


def explore(
    experiment: Experiment,
    objective: Objective,
    *,
    workers: Workers | None = None,
    run_directory: str | Path | None = None,
    resume: bool = False,
    stop_early: bool = True,
    latency: LatencyMeter | None = None,
    on_network: Callable[[ExploredNetwork], None] | None = None,
    progress: bool = True,
) -> ExplorationResult:
    """Finds the first network of a subspace, in the order of an objective, that meets it.

    Tuning blocks are trained first. Then networks are assembled from them and fine-tuned: the least
    first to minimise, the largest first for the largest accuracy. Of p workers, worker i takes the
    networks i, i + p, i + 2p, ...; when one meets the constraint, only those before it go on. So
    the result is the same with any workers.

    Args:
      experiment: what is trained, and how.
      objective: what is looked for.
      workers: None for this process.
      run_directory: where state is kept after each network; `RunState` names its files.
      resume: go on with the run of that folder, if there is one. Also another objective can go on
        with the networks that are explored already.
      stop_early: stop at the first network that meets the constraint; else all are explored.
      latency: measures the Latency of an objective; None for this machine.
      on_network: called with each network when it has been explored; those that are in the run
        directory already come first.
      progress: show progress bars, on a terminal only.

    Raises:
      CocoTuneError: when the subspace does not fit the network, and for a run directory that cannot
        be used or written.
      UnreachableObjectiveError: when no network meets the objective.
      PruningError: as `pretrain_` and `fine_tune_`.
    """
    exploration = _Exploration(
        experiment, objective, workers or LocalWorker(), run_directory, resume, progress
    )
    return exploration.run(
        stop_early,
        latency or LatencyMeter("llvm-cpu", None, "float32", False),
        on_network or (lambda _: None),
    )


class _Exploration:
    def __init__(
        self,
        experiment: Experiment,
        objective: Objective,
        workers: Workers,
        run_directory: str | Path | None,
        resume: bool,
        progress: bool,
    ):
        self._experiment = experiment
        self._configurations = experiment.subspace.configurations
        self._objective = objective
        self._workers = workers
        self._progress = progress
        self._hidden = None if progress else True
        self._bench = Workbench(experiment)
        self._state = self._store = None
        if run_directory is not None:
            path = Path(run_directory)
            self._state = RunState(path, experiment.description(), resume=resume)
            self._store = BlockStore(path / "blocks")
        self._records: list[Record] = [] if self._state is None else list(self._state.records)

    def run(
        self,
        stop_early: bool,
        latency: LatencyMeter,
        on_network: Callable[[ExploredNetwork], None],
    ) -> ExplorationResult:
        sizes = additive_costs(self._bench.model, self._configurations, model_size)
        costs = self._costs(sizes, latency)
        order = self._order(costs)
        pretraining = self._pretrain() if self._experiment.use_blocks else None
        explored: dict[int, ExploredNetwork] = {}
        states: dict[int, dict[str, Tensor]] = {}

        def is_met(index: int) -> bool:
            metrics = {"Accuracy": explored[index].accuracy, self._objective.cost: costs[index]}
            return self._objective.is_met(metrics)

        def first_met() -> int:
            """Place in the order of the first network that is known to meet the constraint."""
            met = (
                place for place, index in enumerate(order) if index in explored and is_met(index)
            )
            return next(met, len(order))

        def take(trained: Record) -> None:
            index = trained["index"]
            configuration, size = self._configurations[index], int(sizes[index])
            explored[index] = ExploredNetwork(
                configuration=configuration, cost=costs[index], model_size=size, **trained
            )
            on_network(explored[index])

        def queue(worker: int) -> Iterator[int]:
            for place in range(worker, len(order), self._workers.count):
                if stop_early and place > first_met():
                    return
                if order[place] not in explored:
                    yield order[place]

        for record in self._recorded("accuracy"):
            take(record)
        queues = [queue(worker) for worker in range(self._workers.count)]
        with tqdm(total=len(order), desc="networks", disable=self._hidden) as bar:
            bar.update(len(explored))
            trained: TrainedNetwork
            for trained in self._workers.run(train_network, self._bench, queues):
                record = {k: v for k, v in asdict(trained).items() if k != "state"}
                self._add(record)
                take(record)
                if is_met(trained.index):
                    states[trained.index] = trained.state
                bar.update()
        place = first_met()
        winner = order[place] if place < len(order) else None
        count = place + 1 if stop_early else len(order)
        times = [record["pretraining"] for record in self._recorded("pretraining")]
        result = ExplorationResult(
            self._objective,
            tuple(explored[index] for index in order[:count]),
            None if winner is None else explored[winner],
            None if winner is None else self._winner(winner, states),
            self._experiment.example_input,
            self._experiment.evaluate(self._bench.model.full),
            model_size(self._bench.model.full),
            len(order),
            pretraining,
            sum(time["seconds"] for time in times),
            sum(time["processor_seconds"] for time in times),
        )
        if winner is None:
            raise UnreachableObjectiveError(self._why_unreachable(result), result)
        return result

    def _costs(self, sizes: list[float], latency: LatencyMeter) -> list[float]:
        """What each configuration costs by the objective's metric."""
        example = self._experiment.example_input
        if self._objective.cost == "ModelSize":
            return sizes
        if self._objective.cost == "MultiplyAdds":
            return additive_costs(
                self._bench.model,
                self._configurations,
                lambda network: multiply_adds(network, example),
            )
        known = {record["of"]: record["latency"] for record in self._recorded("latency")}
        for index in tqdm(range(len(self._configurations)), "latencies", disable=self._hidden):
            if index not in known:
                known[index] = latency.model(self._bench.network(index), (example[:1],))
                self._add({"of": index, "latency": known[index]})
        return [known[index] for index in range(len(self._configurations))]

    def _order(self, costs: list[float]) -> list[int]:
        """The configurations that may meet the objective, in its order."""
        objective = self._objective
        possible = [
            index
            for index, cost in enumerate(costs)
            if objective.metric != "Accuracy" or objective.is_met({objective.constrained: cost})
        ]
        if not possible:
            least, most = (show(objective.cost, cost) for cost in (min(costs), max(costs)))
            raise CocoTuneError(
                f"no configuration meets '{objective.constraint}': {objective.cost} is {least} "
                f"to {most}; relax the constraint, or explore another subspace"
            )
        return sorted(possible, key=lambda index: (objective.order_key(costs[index]), index))

    def _pretrain(self) -> Pretraining:
        start = time.perf_counter()
        result, processor_seconds = pretrain_blocks(
            self._bench, self._workers, store=self._store, progress=self._progress
        )
        if result.groups:
            seconds = time.perf_counter() - start
            times = {"seconds": seconds, "processor_seconds": processor_seconds}
            self._add({"pretraining": times})
        return result

    def _winner(self, index: int, states: dict[int, dict[str, Tensor]]) -> nn.Module:
        """The network that won, as it was after fine-tuning."""
        network = self._bench.network(index)
        file = None if self._state is None else self._state.path / "winner.safetensors"
        state: Any = states.get(index)
        if state is None and file is not None and file.exists():
            saved = load_tree(file)
            state = saved["state"] if saved["index"] == index else None
        if state is None:  # it was explored in a run that ended before it was saved
            state = train_network(self._bench, index).state
        if file is not None:
            save_tree(file, {"index": index, "state": state})
        network.load_state_dict(state)
        return network.eval()

    def _why_unreachable(self, result: ExplorationResult) -> str:
        best = max(result.networks, key=lambda network: network.accuracy)
        kept = "" if self._state is None else f"; what was explored is in {self._state.path}"
        return (
            f"none of {len(result.networks)} networks meets '{self._objective.constraint}': the "
            f"most accurate is configuration {best.index} with {best.accuracy:.4f}, the full "
            f"network has {result.full_accuracy:.4f}; relax the constraint, train for longer, or "
            f"explore a larger subspace{kept}"
        )

    def _recorded(self, key: str) -> list[Record]:
        return [record for record in self._records if key in record]

    def _add(self, record: Record) -> None:
        if self._state is not None:
            self._state.add(record)
        self._records.append(record)
