# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Exploration of a subspace: networks in the order of the objective, until one meets it.

Source: H. Guan, X. Shen and S.-H. Lim, "Wootz: A Compiler-Based Framework for Fast CNN Pruning via
Composability", PLDI 2019.
"""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from torch import Tensor, nn
from tqdm import tqdm

from patternc.cocotune.block_store import BlockStore
from patternc.cocotune.block_tasks import pretrain_blocks
from patternc.cocotune.experiment import Experiment, TrainedNetwork, Workbench, train_network
from patternc.cocotune.exploration_result import ExplorationResult, ExploredNetwork
from patternc.cocotune.network_costs import additive_costs, model_size, multiply_adds
from patternc.cocotune.objective import Objective, show
from patternc.cocotune.pretraining import Pretraining
from patternc.cocotune.workers import LocalWorker, Workers
from patternc.errors import CocoTuneError, limited_nesting
from patternc.search.layer_latency import LatencyMeter
from patternc.train.run_directory import Record, RunDirectory

_logger = logging.getLogger(__name__)

_RECORDED = ("index", "initial_accuracy", "accuracy", "seconds", "processor_seconds")


class UnreachableObjectiveError(CocoTuneError):
    """No network of the subspace meets the objective.

    Attributes:
      result: what was explored, without a winner.
    """

    def __init__(self, message: str, result: ExplorationResult):
        super().__init__(message)
        self.result = result


@limited_nesting(CocoTuneError, "the network")
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
      run_directory: folder where each network is recorded, see `patternc.train.run_directory`; the
        tuning blocks are in `blocks`, and the winner in `winner.safetensors`.
      resume: go on with the run of that folder, if there is one. Also another objective can go on
        with the networks that are explored already.
      stop_early: stop at the first network that meets the constraint; else all are explored.
      latency: measures the Latency of an objective; None for this machine.
      on_network: called with each network when it has been explored; those that are in the run
        directory already come first.
      progress: show progress bars, on a terminal only.

    Raises:
      CocoTuneError: when the subspace does not fit the network.
      UnreachableObjectiveError: when no network meets the objective.
      TrainingError: for a run directory that cannot be used or written, and as `pretrain_` and
        `fine_tune_`.
    """
    exploration = _Exploration(
        experiment, objective, workers or LocalWorker(), run_directory, resume, progress
    )
    return exploration.run(
        stop_early,
        latency or LatencyMeter("llvm-cpu", None, "float32", False),
        on_network or (lambda _: None),
    )


class _Found:
    """The networks that are explored.

    Attributes:
      order: configurations, in the order of the objective.
      networks: by configuration.
      first_met: place in the order of the first that meets the constraint, or behind all.
      state: state dict of that one, if it was trained in this run.
    """

    def __init__(self, order: list[int], objective: Objective):
        self.order = order
        self.networks: dict[int, ExploredNetwork] = {}
        self.first_met = len(order)
        self.state: dict[str, Tensor] | None = None
        self._objective = objective
        self._places = {index: place for place, index in enumerate(order)}

    @property
    def winner(self) -> ExploredNetwork | None:
        """The first network that meets the constraint."""
        if self.first_met == len(self.order):
            return None
        return self.networks[self.order[self.first_met]]

    def add(self, network: ExploredNetwork, state: dict[str, Tensor] | None) -> None:
        """Takes a network, with its state dict if it was trained in this run."""
        self.networks[network.index] = network
        metrics = {"Accuracy": network.accuracy, self._objective.cost: network.cost}
        # A run with another objective may have explored what this one cannot take.
        place = self._places.get(network.index, len(self.order))
        if place < self.first_met and self._objective.is_met(metrics):
            self.first_met, self.state = place, state


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
        self._directory = self._store = None
        if run_directory is not None:
            path = Path(run_directory)
            self._directory = RunDirectory(path, experiment.description(), resume=resume)
            self._store = BlockStore(path / "blocks")
        self._records: list[Record] = self._directory.records if self._directory else []

    def run(
        self,
        stop_early: bool,
        latency: LatencyMeter,
        on_network: Callable[[ExploredNetwork], None],
    ) -> ExplorationResult:
        sizes = additive_costs(self._bench.model, self._configurations, model_size)
        costs = self._costs(sizes, latency)
        order = self._order(costs)
        self._full_accuracy = self._experiment.evaluate(self._bench.model.full)
        self._warn_of_full_network()
        pretraining = self._pretrain() if self._experiment.use_blocks else None
        found = _Found(order, self._objective)

        def take(record: Record, state: dict[str, Tensor] | None) -> None:
            index = record["index"]
            network = ExploredNetwork(
                configuration=self._configurations[index],
                cost=costs[index],
                model_size=int(sizes[index]),
                **record,
            )
            found.add(network, state)
            _logger.info(
                "network %d of %d: configuration %d, %d weights, accuracy %.4f",
                len(found.networks),
                len(order),
                index,
                network.model_size,
                network.accuracy,
            )
            on_network(network)

        def queue(worker: int) -> Iterator[int]:
            for place in range(worker, len(order), self._workers.count):
                if stop_early and place > found.first_met:
                    return
                if order[place] not in found.networks:
                    yield order[place]

        for record in self._recorded("accuracy"):
            take(record, None)
        queues = [queue(worker) for worker in range(self._workers.count)]
        with tqdm(total=len(order), desc="networks", disable=self._hidden) as bar:
            bar.update(len(found.networks))
            trained: TrainedNetwork
            for trained in self._workers.run(train_network, self._bench, queues):
                record = {name: getattr(trained, name) for name in _RECORDED}
                self._add(record)
                take(record, trained.state)
                bar.update()
        result = self._result(found, stop_early, pretraining)
        if result.winner is None:
            raise UnreachableObjectiveError(self._why_unreachable(result), result)
        return result

    def _result(
        self, found: _Found, stop_early: bool, pretraining: Pretraining | None
    ) -> ExplorationResult:
        winner = found.winner
        count = found.first_met + 1 if stop_early else len(found.order)
        times = [record["pretraining"] for record in self._recorded("pretraining")]
        full = self._bench.model.full
        return ExplorationResult(
            self._objective,
            tuple(found.networks[index] for index in found.order[:count]),
            winner,
            None if winner is None else self._winner(winner.index, found.state),
            self._experiment.example_input,
            self._full_accuracy,
            model_size(full),
            len(found.order),
            pretraining,
            sum(time["seconds"] for time in times),
            sum(time["processor_seconds"] for time in times),
        )

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

    def _warn_of_full_network(self) -> None:
        """Says it where not even the network that nothing is removed from is accurate enough."""
        objective, accuracy = self._objective, self._full_accuracy
        if objective.constrained == "Accuracy" and not objective.is_met({"Accuracy": accuracy}):
            _logger.warning(
                "the full network has an accuracy of %.4f and misses '%s' itself; relax the "
                "constraint, or train the network for longer, unless fine-tuning is to make it up",
                accuracy,
                objective.constraint,
            )

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

    def _winner(self, index: int, state: dict[str, Tensor] | None) -> nn.Module:
        """The network that won, as it was after fine-tuning."""
        network, directory = self._bench.network(index), self._directory
        if state is None and directory and directory.has("winner"):
            saved = directory.load("winner")
            state = saved["state"] if saved["index"] == index else None
        if state is None:  # it was explored in a run that ended before it was saved
            state = train_network(self._bench, index).state
        if directory:
            directory.save("winner", {"index": index, "state": state})
        network.load_state_dict(state)
        return network.eval()

    def _why_unreachable(self, result: ExplorationResult) -> str:
        best = max(result.networks, key=lambda network: network.accuracy)
        kept = f"; what was explored is in {self._directory.path}" if self._directory else ""
        return (
            f"none of {len(result.networks)} networks meets '{self._objective.constraint}': the "
            f"most accurate is configuration {best.index} with {best.accuracy:.4f}, the full "
            f"network has {result.full_accuracy:.4f}; relax the constraint, train for longer, or "
            f"explore a larger subspace{kept}"
        )

    def _recorded(self, key: str) -> list[Record]:
        return [record for record in self._records if key in record]

    def _add(self, record: Record) -> None:
        if self._directory:
            self._directory.add(record)
        else:
            self._records.append(record)
