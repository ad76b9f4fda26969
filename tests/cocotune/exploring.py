# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A program that explores a subspace, and is killed on the way if asked to."""

import argparse
import os
import signal

import torch

from patternc.cocotune import (
    Experiment,
    ExploredNetwork,
    FineTuningConfig,
    Objective,
    PretrainingConfig,
    explore,
    sample,
)
from patternc.models import SmallResNet


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--kill-after", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    images = torch.randn(2, 8, 1, 8, 8)
    batches = [(batch, (batch.mean(dim=(1, 2, 3)) > 0).long()) for batch in images]
    experiment = Experiment(
        SmallResNet(channels=1, width=4, classes=2).eval(),
        sample(("3", "4"), 4),
        batches,
        lambda network: float(network(images[0]).softmax(dim=1)[0, 0]),
        pretraining=PretrainingConfig(steps=2),
        fine_tuning=FineTuningConfig(steps=2),
    )
    count = 0

    def kill(_: ExploredNetwork) -> None:
        nonlocal count
        count += 1
        if count == arguments.kill_after:
            os.kill(os.getpid(), signal.SIGKILL)

    result = explore(
        experiment,
        Objective("min", "ModelSize", "Accuracy", ">=", 0.0),
        run_directory=arguments.folder,
        resume=True,
        stop_early=False,
        on_network=kill,
        progress=False,
    )
    for network in result.networks:
        print(network.index, network.initial_accuracy, network.accuracy)


if __name__ == "__main__":
    main()
