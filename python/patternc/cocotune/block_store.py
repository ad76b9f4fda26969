# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Trained blocks on disk, found again by what they were trained from."""

import json
from collections.abc import Iterable
from pathlib import Path

from torch import Tensor

from patternc.cocotune.digests import network_digest
from patternc.cocotune.multiplexing import MultiplexingModel
from patternc.cocotune.tuning_config import TuningConfig
from patternc.errors import TrainingError
from patternc.train.checkpoint import load_tree, save_tree, tensor_bytes
from patternc.train.config_yaml import to_plain
from patternc.train.epoch_batches import Batches, batches_of_epoch

_VERSION = 1  # of what blocks are made by; another one finds none of the blocks of this


class BlockStore:
    """A folder with a file for each trained block.

    The name of a file is a digest of all that the weights of the block depend on: the full network
    (its code, its weights), the modules, ratios and pruning of the block, the training config, and
    the first batch of the data, which stands for all of it. So a block is found in any later run
    that would train it to the same, also of another subspace, and never in one that would not.

    Args:
      path: the folder, made when there is none.

    Raises:
      TrainingError: when it cannot be made.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TrainingError(f"{self.path} cannot be made: {error}") from error

    def load(self, key: str) -> dict[str, Tensor] | None:
        """The state dict of a block, None when it is not there.

        Raises:
          TrainingError: when its file is damaged.
        """
        file = self._file(key)
        if not file.exists():
            return None
        try:
            return load_tree(file)
        except TrainingError as error:
            raise TrainingError(f"{error}; delete it to train the block again") from error

    def save(self, key: str, state: dict[str, Tensor]) -> None:
        """Keeps the state dict of a block.

        Raises:
          TrainingError: when it cannot be written, for example to a full disk; what was there
            stays.
        """
        save_tree(self._file(key), state)

    def _file(self, key: str) -> Path:
        return self.path / f"{key}.safetensors"


def block_keys(
    model: MultiplexingModel, indices: Iterable[int], batches: Batches, config: TuningConfig
) -> dict[int, str]:
    """The keys by which a store finds blocks: hexadecimal digests of what they are trained from."""
    digest = network_digest(model.full)
    code = model.generated().code
    pruning = type(model.pruning).__name__, to_plain(model.pruning)
    digest.update(_json(_VERSION, code, pruning, to_plain(config)))
    images, _ = next(batches_of_epoch(batches, seed=config.seed, epoch=0))
    digest.update(tensor_bytes(images))
    keys = {}
    for index in indices:
        block = model.tuning_blocks.blocks[index]
        of_block = digest.copy()
        of_block.update(_json(model.module_names[block.first : block.end], block.ratios))
        keys[index] = of_block.hexdigest()
    return keys


def _json(*values: object) -> bytes:
    return json.dumps(values).encode()
