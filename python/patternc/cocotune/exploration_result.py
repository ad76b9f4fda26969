# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What an exploration has found."""

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from tabulate import tabulate
from torch import Tensor, nn

from patternc.cocotune.objective import Objective, show
from patternc.cocotune.pretraining import Pretraining
from patternc.cocotune.subspace import Configuration
from patternc.errors import CocoTuneError, TargetError
from patternc.search.layer_latency import medians

if TYPE_CHECKING:
    from patternc.runtime import CompiledModule


@dataclass(frozen=True)
class ExploredNetwork:
    """A network of the subspace that was trained.

    Attributes:
      index: of its configuration.
      configuration: its pruning ratios.
      cost: by the objective's metric that is not accuracy.
      model_size: weights that are left.
      initial_accuracy: before fine-tuning, 0 to 1.
      accuracy: after it.
      seconds: of fine-tuning and evaluation.
      processor_seconds: that a process had a processor for it.
    """

    index: int
    configuration: Configuration
    cost: float
    model_size: int
    initial_accuracy: float
    accuracy: float
    seconds: float
    processor_seconds: float


@dataclass
class ExplorationResult:
    """What an exploration has found.

    Attributes:
      objective: what was looked for.
      networks: those explored, in the order of the objective; up to the winner, unless the
        exploration was told to go on.
      winner: the first of them that meets the constraint, None if none does.
      network: the winner itself, in eval mode.
      example_input: a batch of the data.
      full_accuracy, full_size: of the network that is not pruned.
      considered: configurations of the subspace that could meet the objective.
      pretraining: what became of the tuning blocks; None for default networks.
      pretraining_seconds, pretraining_processor_seconds: that it took in all runs so far.
      latency: seconds of one call of the compiled winner, once it was compiled and could be run.
    """

    objective: Objective
    networks: tuple[ExploredNetwork, ...]
    winner: ExploredNetwork | None
    network: nn.Module | None
    example_input: Tensor
    full_accuracy: float
    full_size: int
    considered: int
    pretraining: Pretraining | None
    pretraining_seconds: float
    pretraining_processor_seconds: float
    latency: float | None = None

    @property
    def needed(self) -> tuple[ExploredNetwork, ...]:
        """The networks up to the winner, which had to be explored."""
        if self.winner is None:
            return self.networks
        return self.networks[: self.networks.index(self.winner) + 1]

    @property
    def seconds(self) -> float:
        """Of the networks that had to be explored, one after the other, and of pre-training."""
        return self.pretraining_seconds + sum(network.seconds for network in self.needed)

    @property
    def processor_seconds(self) -> float:
        """As `seconds`, of a processor."""
        needed = sum(network.processor_seconds for network in self.needed)
        return self.pretraining_processor_seconds + needed

    def compile(self, target: str = "llvm-cpu", *, threads: int | None = None) -> "CompiledModule":
        """Compiles the winner for one input; measures its latency where the target can be run.

        Raises:
          CocoTuneError: when there is no winner.
          TargetError, CompilerError: as `patternc.compile`.
        """
        from patternc.compiler import compile  # exploring needs it only for latencies

        if self.network is None:
            raise CocoTuneError("there is no winner to compile")
        example = self.example_input[:1].cpu()
        module = compile(self.network.cpu(), (example,), target=target, threads=threads)
        try:
            (self.latency,) = medians([module.prepare(example)])
        except TargetError:
            self.latency = None
        return module

    def report(self) -> str:
        """A table of the networks, and the summary."""
        rows = [network_row(network, self.objective) for network in self.networks]
        table = tabulate(
            rows, network_headers(self.objective), disable_numparse=True, stralign="right"
        )
        return f"{table}\n\n{self.summary()}"

    def summary(self) -> str:
        """What was looked for and found, a line each."""
        accuracies = [network.accuracy for network in self.networks]
        initial = [network.initial_accuracy for network in self.networks]
        summary = [
            ("objective", str(self.objective).replace("\n", ", ")),
            ("full network", self._full_network()),
            ("networks explored", f"{len(self.networks)} of {self.considered}"),
            (
                "median accuracy",
                f"{median(initial):.4f} before fine-tuning, {median(accuracies):.4f} after",
            ),
            ("time", self._times()),
        ]
        if self.winner is None:
            summary.append(("winner", "none"))
        else:
            share = self.winner.model_size / self.full_size
            summary += [
                ("winner", f"configuration {self.winner.index}: {ratios(self.winner)}"),
                ("its size", f"{self.winner.model_size} weights, {share:.1%} of the full network"),
                ("its accuracy", f"{self.winner.accuracy:.4f}"),
            ]
            if self.latency is not None:
                summary.append(("its latency, compiled", show("Latency", self.latency)))
        return tabulate(summary, tablefmt="plain")

    def _full_network(self) -> str:
        text = f"{self.full_size} weights, accuracy {self.full_accuracy:.4f}"
        missed = self.objective.constrained == "Accuracy" and not self.objective.is_met(
            {"Accuracy": self.full_accuracy}
        )
        return f"{text}, which misses the constraint" if missed else text

    def _times(self) -> str:
        explored = sum(network.seconds for network in self.networks)
        if self.pretraining is None:
            return f"{explored:.1f} s"
        return (
            f"{self.pretraining_seconds:.1f} s for {len(self.pretraining.blocks)} tuning blocks, "
            f"{explored:.1f} s for networks"
        )


def network_headers(objective: Objective) -> list[str]:
    """Headers of a table of networks."""
    cost = [] if objective.cost == "ModelSize" else [objective.cost]
    return ["configuration", "ratios", "weights", *cost, "initial accuracy", "accuracy", "s", ""]


def network_row(network: ExploredNetwork, objective: Objective) -> list[str]:
    """A row of that table."""
    met = objective.is_met({"Accuracy": network.accuracy, objective.cost: network.cost})
    return [
        str(network.index),
        ratios(network),
        str(network.model_size),
        *([] if objective.cost == "ModelSize" else [show(objective.cost, network.cost)]),
        f"{network.initial_accuracy:.4f}",
        f"{network.accuracy:.4f}",
        f"{network.seconds:.1f}",
        "met" if met else "",
    ]


def ratios(network: ExploredNetwork) -> str:
    """The ratios of a network in a few characters."""
    return " ".join(f"{ratio:.2g}".removeprefix("0") or "0" for ratio in network.configuration)
