# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What is trained and how: all that decides what becomes of a network."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from patternc.cocotune.digests import network_digest
from patternc.cocotune.filter_pruning import FilterPruning
from patternc.cocotune.fine_tuning import FineTuning, fine_tune_
from patternc.cocotune.modules import ModulePruning
from patternc.cocotune.multiplexing import MultiplexingModel
from patternc.cocotune.pattern_pruning import masks_kept
from patternc.cocotune.pretraining import BlockTraining, pretrain_
from patternc.cocotune.subspace import Subspace
from patternc.cocotune.tuning_blocks import TuningBlocks, find_tuning_blocks
from patternc.cocotune.tuning_config import FineTuningConfig, PretrainingConfig, TuningConfig
from patternc.train.checkpoint import tensor_bytes
from patternc.train.config_yaml import to_plain
from patternc.train.epoch_batches import Batches, batches_of_epoch

Evaluation = Callable[[nn.Module], float]


@dataclass(frozen=True)
class Experiment:
    """A trained network, the subspace of its pruned ones, and how these are trained.

    Attributes:
      network: trained, from one tensor to logits; it is never changed.
      subspace: its pruned networks.
      batches: pairs of inputs and labels to train with, that can be iterated again for each epoch.
      evaluate: the accuracy of a network in eval mode, 0 to 1; must not depend on anything else.
      pruning: how a module is pruned at a ratio.
      pretraining: of tuning blocks.
      fine_tuning: of pruned networks; or a training loop, which changes the network that it gets.
      use_blocks: assemble networks from pre-trained blocks. Without, they are default networks, of
        the weights that pruning leaves, as a baseline.
    """

    network: nn.Module
    subspace: Subspace
    batches: Batches
    evaluate: Evaluation
    pruning: ModulePruning = field(default_factory=FilterPruning)
    pretraining: TuningConfig = field(default_factory=PretrainingConfig)
    fine_tuning: TuningConfig | FineTuning = field(default_factory=FineTuningConfig)
    use_blocks: bool = True

    @cached_property
    def tuning_blocks(self) -> TuningBlocks:
        """The tuning blocks of the subspace."""
        return find_tuning_blocks(self.subspace)

    @cached_property
    def example_input(self) -> Tensor:
        """The first batch of inputs, where the network is."""
        seed = self.pretraining.seed
        inputs, _ = next(batches_of_epoch(self.batches, seed=seed, epoch=0))
        first = next(self.network.parameters(), inputs)
        return inputs.to(first.device)

    def description(self) -> dict[str, Any]:
        """What decides the results, as plain values; data stand for themselves by a first batch."""
        loop = self.fine_tuning
        return {
            "network": network_digest(self.network).hexdigest(),
            "data": hashlib.sha256(tensor_bytes(self.example_input)).hexdigest(),
            "subspace": hashlib.sha256(json.dumps(to_plain(self.subspace)).encode()).hexdigest(),
            "pruning": [type(self.pruning).__name__, to_plain(self.pruning)],
            "pretraining": to_plain(self.pretraining) if self.use_blocks else None,
            "fine_tuning": to_plain(loop) if isinstance(loop, TuningConfig) else _name(loop),
            "use_blocks": self.use_blocks,
        }


@dataclass(frozen=True)
class TrainedNetwork:
    """What became of a network of the subspace.

    Attributes:
      index: of its configuration.
      initial_accuracy: before fine-tuning, 0 to 1.
      accuracy: after it.
      seconds: of fine-tuning and both evaluations.
      processor_seconds: that this process had a processor for it.
      state: state dict on the CPU.
    """

    index: int
    initial_accuracy: float
    accuracy: float
    seconds: float
    processor_seconds: float
    state: dict[str, Tensor]


@dataclass(frozen=True)
class TrainedGroup:
    """What became of the blocks of a group.

    Attributes:
      blocks: each of them.
      states: their state dicts on the CPU.
      processor_seconds: that this process had a processor for it.
    """

    blocks: tuple[BlockTraining, ...]
    states: tuple[dict[str, Tensor], ...]
    processor_seconds: float


class Workbench:
    """An experiment with its multiplexing model; what tasks share, and can be sent to workers.

    Args:
      experiment: to work on.
      trained: the state dicts of the tuning blocks that are trained.

    Raises:
      CocoTuneError: when the subspace does not fit the network.
    """

    def __init__(self, experiment: Experiment, trained: dict[int, dict[str, Tensor]] | None = None):
        self.experiment = experiment
        self.trained = trained or {}
        self._threads = torch.get_num_threads()
        self.model = self._make_model()

    def __getstate__(self) -> tuple[Any, ...]:
        # The model is made again of what it was made of, which is less.
        return self.experiment, self.trained, self._threads

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.experiment, self.trained, self._threads = state
        # Sums in another order, by other threads, would give other networks.
        torch.set_num_threads(self._threads)
        self.model = self._make_model()

    def set_block(self, index: int, state: dict[str, Tensor]) -> None:
        """Takes the weights of a trained block."""
        self.trained[index] = state
        self.model.students[index].load_state_dict(state)

    def network(self, index: int) -> nn.Module:
        """The network of a configuration before fine-tuning."""
        experiment = self.experiment
        composite = experiment.tuning_blocks.composites[index] if experiment.use_blocks else None
        return self.model.network_of(experiment.subspace.configurations[index], composite=composite)

    def _make_model(self) -> MultiplexingModel:
        experiment = self.experiment
        experiment.subspace.check_modules([name for name, _ in experiment.network.named_modules()])
        model = MultiplexingModel(
            experiment.network,
            experiment.subspace.modules,
            experiment.tuning_blocks,
            experiment.pruning,
            experiment.example_input,
        )
        for index, state in self.trained.items():
            model.students[index].load_state_dict(state)
        return model


def train_network(workbench: Workbench, index: int) -> TrainedNetwork:
    """Fine-tunes the network of a configuration; a task for workers."""
    experiment = workbench.experiment
    start, processor_start = time.perf_counter(), time.process_time()
    network = workbench.network(index)
    initial = experiment.evaluate(network)
    loop = experiment.fine_tuning
    if isinstance(loop, TuningConfig):
        fine_tune_(network, experiment.batches, loop)
    else:
        with masks_kept(network):
            loop(network)
        network.eval()
    accuracy = experiment.evaluate(network)
    return TrainedNetwork(
        index,
        initial,
        accuracy,
        time.perf_counter() - start,
        time.process_time() - processor_start,
        _on_cpu(network),
    )


def train_group(workbench: Workbench, group: tuple[int, ...]) -> TrainedGroup:
    """Trains blocks that share no module; a task for workers."""
    experiment, model = workbench.experiment, workbench.model
    start = time.process_time()
    result = pretrain_(
        model, experiment.batches, experiment.pretraining, blocks=group, progress=False
    )
    states = tuple(_on_cpu(model.students[block.block]) for block in result.blocks)
    return TrainedGroup(result.blocks, states, time.process_time() - start)


def _on_cpu(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.cpu() for name, tensor in module.state_dict().items()}


def _name(function: Any) -> str:
    kind = function if hasattr(function, "__qualname__") else type(function)
    return f"{kind.__module__}.{kind.__qualname__}"
