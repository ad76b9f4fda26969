# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pre-training of tuning blocks: each learns what its counterpart in the full network gives."""

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tabulate import tabulate
from torch import Tensor
from tqdm import tqdm

from patternc.cocotune.block_store import BlockStore, block_keys
from patternc.cocotune.groups import non_overlapping_groups
from patternc.cocotune.multiplexing import MultiplexingModel
from patternc.cocotune.pattern_pruning import masks_kept
from patternc.cocotune.training_steps import training_steps
from patternc.cocotune.tuning_config import PretrainingConfig, TuningConfig
from patternc.train.batch_norm import batch_norms
from patternc.train.epoch_batches import Batches

_logger = logging.getLogger(__name__)

# Share of the steps, the last ones, over which batch norms average what they are to know in eval
# mode. On half a cosine the learning rate is below 1/40 then: weights hardly move any more.
_AVERAGED = 0.1


@dataclass(frozen=True)
class BlockTraining:
    """What became of a block.

    Attributes:
      block: its index.
      modules: the names of its modules.
      ratios: theirs.
      first_loss: of the first step; None for a block that was trained before.
      last_loss: mean of the last tenth of the steps; None likewise.
      reused: whether it was found in the store.
    """

    block: int
    modules: tuple[str, ...]
    ratios: tuple[float, ...]
    first_loss: float | None = None
    last_loss: float | None = None
    reused: bool = False


@dataclass(frozen=True)
class Pretraining:
    """What became of the blocks, in the order of their indices.

    Attributes:
      blocks: each of them.
      groups: the blocks that were trained together, by their indices.
      seconds: that it took.
    """

    blocks: tuple[BlockTraining, ...]
    groups: tuple[tuple[int, ...], ...]
    seconds: float

    def report(self) -> str:
        """A table of the blocks, and what was trained."""
        rows = [
            (
                block.block,
                " ".join(
                    f"{name}({ratio:g})"
                    for name, ratio in zip(block.modules, block.ratios, strict=True)
                ),
                block.first_loss,
                block.last_loss,
                "from the store" if block.reused else "trained",
            )
            for block in self.blocks
        ]
        table = tabulate(rows, ("block", "modules (ratios)", "first loss", "last loss", ""))
        trained = sum(map(len, self.groups))
        return (
            f"{table}\n{trained} of {len(self.blocks)} blocks trained in {len(self.groups)} "
            f"groups, {self.seconds:.1f} s"
        )


def pretrain_(
    model: MultiplexingModel,
    batches: Batches,
    config: TuningConfig | None = None,
    *,
    blocks: Sequence[int] | None = None,
    store: BlockStore | None = None,
    progress: bool = True,
) -> Pretraining:
    """Trains the blocks of a multiplexing model, in place, and leaves it in eval mode.

    Blocks that share no module are trained together, on one pass of the full network for each
    batch. What comes out for a block does not depend on the others, nor on the order.

    Only what batch norms do differs from eval mode: they normalise by the batch. Over the last
    tenth of the steps they average its statistics, for a network that is assembled and evaluated
    without any further training.

    Args:
      model: on any device.
      batches: pairs of inputs and targets that can be iterated again for each epoch; targets are
        not used.
      config: steps and optimizer; None for the defaults of `PretrainingConfig`.
      blocks: indices of those to train; None for all.
      store: where trained blocks are kept, and taken from if they are there already.
      progress: show a progress bar with the time left, on a terminal only.

    Raises:
      CocoTuneError: when a loss is not finite.
      TrainingError: when an epoch has no batch, a file of the store is damaged or one cannot be
        written; blocks of the groups before are in the store.
    """
    began = time.monotonic()
    config = config or PretrainingConfig()
    chosen = sorted(range(len(model.students)) if blocks is None else set(blocks))
    keys = block_keys(model, chosen, batches, config) if store else {}
    trained, groups = take_stored_(model, chosen, keys, store)
    with tqdm(
        total=len(groups) * config.steps,
        desc="blocks",
        unit="step",
        disable=None if progress else True,
    ) as bar:
        for group in groups:
            losses = []
            for values in _train_group(model, group, batches, config):
                losses.append(values)
                bar.update()
            averaged = losses[-_averaged_steps(config) :]
            for place, index in enumerate(group):
                last = sum(values[place] for values in averaged) / len(averaged)
                trained[index] = BlockTraining(
                    index, *_named(model, index), first_loss=losses[0][place], last_loss=last
                )
                if store:
                    store.save(keys[index], model.students[index].state_dict())
            if progress:
                _logger.info("tuning blocks: %d of %d trained", len(trained), len(chosen))
    ordered = tuple(trained[index] for index in chosen)
    return Pretraining(ordered, groups, time.monotonic() - began)


def take_stored_(
    model: MultiplexingModel,
    chosen: Sequence[int],
    keys: Mapping[int, str],
    store: BlockStore | None,
) -> tuple[dict[int, BlockTraining], tuple[tuple[int, ...], ...]]:
    """Lets a model take the blocks that are in a store.

    Args:
      model: whose blocks they are.
      chosen: indices of blocks.
      keys: theirs in the store.
      store: None for an empty one.

    Returns:
      What became of the blocks that were there, by index; and the others in groups to train.
    """
    found: dict[int, BlockTraining] = {}
    for index in chosen:
        state = store.load(keys[index]) if store else None
        if state is not None:
            model.students[index].load_state_dict(state)
            found[index] = BlockTraining(index, *_named(model, index), reused=True)
    missing = [index for index in chosen if index not in found]
    groups = non_overlapping_groups([model.tuning_blocks.blocks[index] for index in missing])
    return found, tuple(tuple(missing[place] for place in group) for group in groups)


def _train_group(
    model: MultiplexingModel, group: Sequence[int], batches: Batches, config: TuningConfig
) -> Iterator[list[float]]:
    """Trains the blocks of a group; the losses of each step, in the order of the group."""
    device = next(model.parameters()).device
    students = [model.students[index] for index in group]

    def losses_of(inputs: Tensor, _: Tensor) -> Tensor:
        return model(inputs.to(device), blocks=group)

    steps = training_steps(
        (parameter for student in students for parameter in student.parameters()),
        batches,
        config,
        losses_of,
    )
    before = config.steps - _averaged_steps(config)
    norms = [norm for student in students for norm in batch_norms(student)]
    momenta = [norm.momentum for norm in norms]
    model.train()
    try:
        with contextlib.ExitStack() as masks:
            for student in students:
                masks.enter_context(masks_kept(student))
            for step in range(config.steps):
                if step == before:
                    for norm in norms:
                        norm.reset_running_stats()
                        norm.momentum = None  # the average of all batches
                yield next(steps)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        model.eval()


def _averaged_steps(config: TuningConfig) -> int:
    return max(1, round(_AVERAGED * config.steps))


def _named(model: MultiplexingModel, index: int) -> tuple[tuple[str, ...], tuple[float, ...]]:
    block = model.tuning_blocks.blocks[index]
    return model.module_names[block.first : block.end], block.ratios
