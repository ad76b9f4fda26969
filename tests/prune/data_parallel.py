# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One process of a data-parallel pruning run; `test_data_parallel.py` starts several.

python data_parallel.py FOLDER RANK PROCESSES: each process takes its part of every batch and
writes the model that it ends with to FOLDER/rank-RANK.safetensors.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from patternc.prune import Pruner, PruningConfig

EPOCHS = 6


def main(folder: Path, rank: int, processes: int) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=processes
    )
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    config = PruningConfig(epochs=4, period=1, connectivity=2)
    pruner = Pruner.prepare(model, config, optimizer)
    parallel = nn.parallel.DistributedDataParallel(model)
    generator = torch.Generator().manual_seed(0)
    batches = [(torch.randn(8, 1, 6, 6, generator=generator), torch.arange(8) % 4)] * 3
    for _ in range(EPOCHS):
        for inputs, targets in batches:
            optimizer.zero_grad()
            mine = slice(rank, None, processes)
            loss = nn.functional.cross_entropy(parallel(inputs[mine]), targets[mine])
            loss.backward()
            pruner.step()
        pruner.end_epoch()
    save_file(model.state_dict(), folder / f"rank-{rank}.safetensors")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
