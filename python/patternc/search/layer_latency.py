# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The time that compiled layers and models take."""

import copy
import math
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from patternc.search.layer_calls import LayerCall

if TYPE_CHECKING:
    from patternc.compiler import Precision, Target

_ROUNDS = 15
# A turn of short calls lasts long enough for the clock.
_TURN_SECONDS = 2e-3

# What decides how long a layer takes: all its attributes, its input, and the weights that are left.
_Key = tuple[str, tuple[int, ...], int]


@dataclass
class LatencyMeter:
    """Compiles and times, each distinct layer once.

    Attributes:
      target, threads, precision: as of `patternc.compile`.
      progress: show progress bars, on a terminal only.
    """

    target: "str | Target"
    threads: int | None
    precision: "Precision"
    progress: bool
    _seconds: dict[_Key, float] = field(default_factory=dict)

    def layers(self, jobs: Sequence[tuple[LayerCall, Tensor]]) -> list[float]:
        """Median seconds of each layer, compiled alone, with its mask, bool.

        Layers that are alike but for their rates are timed in turns, so that they share the moods
        of the machine.
        """
        keys = [(repr(call.module), call.input, int(mask.count_nonzero())) for call, mask in jobs]
        new = {key: job for key, job in zip(keys, jobs, strict=True) if key not in self._seconds}
        alike: dict[tuple[str, tuple[int, ...]], list[_Key]] = defaultdict(list)
        for key in new:
            alike[key[:2]].append(key)
        with tqdm(total=len(new), desc="layers", disable=self._hidden) as bar:
            for group in alike.values():
                calls = []
                for key in group:
                    call, mask = new[key]
                    example = torch.randn(call.input)
                    calls.append(self._prepared(_masked(call.module, mask), (example,)))
                    bar.update()
                self._seconds |= zip(group, medians(calls), strict=True)
        return [self._seconds[key] for key in keys]

    def model(self, model: nn.Module, example_args: tuple[Any, ...]) -> float:
        """Median seconds of a call of a whole model."""
        (seconds,) = medians([self._prepared(model, example_args)])
        return seconds

    @property
    def _hidden(self) -> bool | None:
        return None if self.progress else True

    def _prepared(self, model: nn.Module, example_args: tuple[Any, ...]) -> Callable[[], None]:
        from patternc.compiler import compile  # only latency needs it

        example_args = tuple(a.cpu() if isinstance(a, Tensor) else a for a in example_args)
        module = compile(
            copy.deepcopy(model).cpu(),
            example_args,
            target=self.target,
            threads=self.threads,
            precision=self.precision,
            progress=False,
        )
        return module.prepare(*example_args)


def medians(calls: Sequence[Callable[[], object]]) -> list[float]:
    """Median seconds of each call, timed in turns."""
    seconds: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()  # the first one loads the module
    repeats = [max(1, math.ceil(_TURN_SECONDS / _duration(call))) for call in calls]
    for _ in range(_ROUNDS):
        for call, own, times in zip(calls, seconds, repeats, strict=True):
            call()  # brings back into the caches what the others displaced
            own.extend(_duration(call) for _ in range(times))
    return [statistics.median(own) for own in seconds]


def _duration(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@torch.no_grad()
def _masked(module: nn.Module, mask: Tensor) -> nn.Module:
    layer = copy.deepcopy(module)
    weight = layer.weight
    assert isinstance(weight, Tensor)
    weight.masked_fill_(~mask, 0)
    return nn.Sequential(layer)
