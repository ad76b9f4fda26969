# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Pruning in two processes: each sees half of every batch, and both end as one that sees all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.torch

PROGRAM = Path(__file__).with_name("data_parallel.py")


def run(folder: Path, processes: int) -> list[dict[str, torch.Tensor]]:
    from safetensors.torch import load_file

    folder.mkdir()
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo"}
    workers = [
        subprocess.Popen(
            [sys.executable, PROGRAM, folder, str(rank), str(processes)], env=environment
        )
        for rank in range(processes)
    ]
    assert [worker.wait(timeout=300) for worker in workers] == [0] * processes
    return [load_file(folder / f"rank-{rank}.safetensors") for rank in range(processes)]


@pytest.mark.slow
def test_two_processes_end_as_one_does(tmp_path):
    (alone,) = run(tmp_path / "one", 1)
    first, second = run(tmp_path / "two", 2)
    assert torch.equal(alone["2.weight"] != 0, alone["2.weight_mask"])
    for name, tensor in alone.items():
        assert torch.equal(first[name], second[name])
        torch.testing.assert_close(first[name], tensor)
