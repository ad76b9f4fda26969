# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pre-training of tuning blocks by workers, a task for each group."""

import logging
import time

from tqdm import tqdm

from patternc.cocotune.block_store import BlockStore, block_keys
from patternc.cocotune.experiment import TrainedGroup, Workbench, train_group
from patternc.cocotune.pretraining import Pretraining, pretrain_, take_stored_
from patternc.cocotune.workers import LocalWorker, Workers

_logger = logging.getLogger(__name__)


def pretrain_blocks(
    bench: Workbench, workers: Workers, *, store: BlockStore | None, progress: bool
) -> tuple[Pretraining, float]:
    """Trains the blocks of a workbench that are not in the store, and takes their weights.

    Args:
      bench: whose model gets the weights.
      workers: who trains.
      store: where blocks are kept as soon as they are trained.
      progress: show a progress bar, on a terminal only.

    Returns:
      What became of the blocks, and the seconds that a processor was at it.

    Raises:
      CocoTuneError, TrainingError: as `pretrain_`.
    """
    experiment, model = bench.experiment, bench.model
    if isinstance(workers, LocalWorker):
        start = time.process_time()
        result = pretrain_(
            model, experiment.batches, experiment.pretraining, store=store, progress=progress
        )
        for index, student in enumerate(model.students):
            bench.set_block(index, student.state_dict())
        return result, time.process_time() - start
    return _by_tasks(bench, workers, store, progress)


def _by_tasks(
    bench: Workbench, workers: Workers, store: BlockStore | None, progress: bool
) -> tuple[Pretraining, float]:
    experiment, model = bench.experiment, bench.model
    start, processor_seconds = time.monotonic(), 0.0
    every = range(len(model.students))
    keys = block_keys(model, every, experiment.batches, experiment.pretraining) if store else {}
    found, groups = take_stored_(model, every, keys, store)
    for index in found:
        bench.set_block(index, model.students[index].state_dict())
    queues = [iter(groups[worker :: workers.count]) for worker in range(workers.count)]
    with tqdm(total=len(groups), desc="groups", disable=None if progress else True) as bar:
        trained: TrainedGroup
        for trained in workers.run(train_group, bench, queues):
            for block, state in zip(trained.blocks, trained.states, strict=True):
                found[block.block] = block
                bench.set_block(block.block, state)
                if store:
                    store.save(keys[block.block], state)
            processor_seconds += trained.processor_seconds
            bar.update()
            if progress:
                _logger.info("tuning blocks: %d of %d trained", len(found), len(every))
    ordered = tuple(found[index] for index in every)
    return Pretraining(ordered, groups, time.monotonic() - start), processor_seconds
