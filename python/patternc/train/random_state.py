# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Where torch's random numbers are, on the CPU and on every GPU."""

import torch
from torch import Tensor


def random_state() -> dict[str, Tensor]:
    """The state of each generator, uint8, by device."""
    gpus = enumerate(torch.cuda.get_rng_state_all())
    return {"cpu": torch.get_rng_state()} | {f"cuda:{index}": state for index, state in gpus}


def set_random_state(states: dict[str, Tensor]) -> None:
    """Takes over what `random_state` returned, for the devices that are there."""
    torch.set_rng_state(states["cpu"])
    for index in range(torch.cuda.device_count()):
        if (state := states.get(f"cuda:{index}")) is not None:
            torch.cuda.set_rng_state(state, index)
