# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One network of the zoo on one target, in a process of its own that `__main__.py` starts."""

import copy
import json
import re
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

import patternc
from benchmarks.engines.engine import Engine, NotMeasuredError
from benchmarks.engines.onnx_runtime import OnnxRuntime
from benchmarks.engines.openvino import OpenVino
from benchmarks.engines.patternc import Patternc
from benchmarks.measuring.command_line import new_parser
from benchmarks.measuring.interleave import interleave
from benchmarks.models.data_scaling import scale_to_data_
from benchmarks.zoo.networks import NETWORKS
from patternc.settings import Settings
from patternc.whole_file import whole_file

_PEERS: tuple[Engine, ...] = (OnnxRuntime(), OpenVino())
_CALLS_PER_TURN = 3
# What PyTorch's own float32 is off by, may a good one be several times; and at the least a few
# roundings of an output.
_TIMES_PYTORCH = 4
_LEAST_ALLOWED = 2e-6
# If PyTorch's is off by more, a comparison says nothing.
_LARGEST_NOISE = 1e-3
# Of the values of a network's outputs, how much differs at the least between two inputs.
_LEAST_SPREAD = 0.01
# Operators of linalg that compute what pattern layers do, after the last pass.
_LEFT = re.compile(r"linalg\.(\w*conv_\w+|\w*matmul\w*|\w*matvec\w*|\w*vecmat\w*|dot)\b")


def row(name: str, target: str, *, image_size: int, rounds: int) -> dict[str, Any]:
    """Prunes, compiles, runs and compares; times if `rounds` is not 0.

    Returns:
      What is known of it, in JSON's types. `status` is one of
        right: as PyTorch computes it;
        wrong: something else;
        refused: by an error of patternc's, with its text;
        not built: PyTorch does not build or run it, or there is nothing to compare with.
    """
    network = NETWORKS[name]
    facts: dict[str, Any] = {}
    try:
        torch.manual_seed(0)
        model = network.make().eval()
        facts |= _prune_(model)
        scale_to_data_(model, network.inputs(4, image_size=image_size, seed=1))
        x, other = network.inputs(2, image_size=image_size, seed=2).split(1)
        eager, exact = _outputs(model, x), _exact_outputs(model, x)
        _require_spread(eager, _outputs(model, other))
        facts["pytorch_error"] = noise = _error(eager, exact)
        if not noise <= _LARGEST_NOISE:
            raise ValueError(f"PyTorch's own float32 is off by {noise:.1e} from its float64")
    except Exception as error:
        return facts | {"status": "not built", "message": _text(error)}
    start = time.perf_counter()
    try:
        compiled = patternc.compile(
            model,
            (x,),
            target=target,
            threads=1,
            progress=False,
            settings=Settings(keep_stages=True),
        )
        facts["compile_seconds"] = time.perf_counter() - start
        layers = compiled.report().layers
        pruned = sum(layer.rate > 1 for layer in layers)
        left = len(_LEFT.findall(compiled.mlir(compiled.stages[-1])))
        facts |= {"pruned": pruned, "dense": len(layers) - pruned, "left": left}
        results = tree_leaves(compiled(x))
    except patternc.PatterncError as error:
        return facts | {"status": "refused", "message": _text(error)}
    wrong = _differing_kinds(results, eager)
    error = None if wrong else _error(results, exact)
    facts["error"] = error
    if error is not None and not error <= _TIMES_PYTORCH * noise + _LEAST_ALLOWED:
        wrong = f"off by {error:.1e}, PyTorch's float32 by {noise:.1e}"
    if wrong:
        return facts | {"status": "wrong", "message": wrong}
    if rounds:
        facts |= _time(model, compiled, x, exact, rounds)
    return facts | {"status": "right"}


def _prune_(model: nn.Module) -> dict[str, Any]:
    """Prunes convolutions and matrices; what cannot be pruned stays dense, which is said."""
    try:
        patternc.prune_(model, linear=True, group_size=8)
    except patternc.PatterncError as error:
        return {"not_pruned": _text(error)}
    return {}


@torch.no_grad()
def _outputs(model: nn.Module, x: Tensor) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(model(x)) if isinstance(leaf, Tensor)]


def _exact_outputs(model: nn.Module, x: Tensor) -> list[Tensor]:
    double = copy.deepcopy(model).double()
    return _outputs(double, x.double() if x.is_floating_point() else x)


def _require_spread(outputs: Sequence[Tensor], others: Sequence[Tensor]) -> None:
    for i, (output, other) in enumerate(zip(outputs, others, strict=True)):
        if output.is_floating_point():
            spread = (output - other).norm() / output.norm()
            if not spread > _LEAST_SPREAD:
                raise ValueError(f"output {i} does not depend on the input: it varies by {spread}")


def _differing_kinds(results: Sequence[Tensor], expected: Sequence[Tensor]) -> str:
    kinds = [[(tuple(t.shape), t.dtype) for t in tensors] for tensors in (results, expected)]
    return "" if kinds[0] == kinds[1] else f"outputs are {kinds[0]}, PyTorch's are {kinds[1]}"


def _error(results: Sequence[Tensor], exact: Sequence[Tensor]) -> float:
    """The largest difference, relative to the largest value of its output."""
    errors = []
    for result, expected in zip(results, exact, strict=True):
        largest = expected.double().abs().max()
        errors.append((result.double() - expected.double()).abs().max() / (largest + 1e-30))
    return float(torch.stack(errors).max())  # a NaN wins


class _FirstOutput(nn.Module):
    """A network as the engines take it: one tensor in, one tensor out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return next(leaf for leaf in tree_leaves(self.model(x)) if isinstance(leaf, Tensor))


def _time(
    model: nn.Module,
    compiled: patternc.CompiledModule,
    x: Tensor,
    exact: Sequence[Tensor],
    rounds: int,
) -> dict[str, Any]:
    """Median milliseconds of each engine on one thread, in turns; peers that are wrong are not."""
    alone = _FirstOutput(model).eval()
    calls, missing = {Patternc.name: compiled.prepare(x)}, {}
    for engine in _PEERS:
        try:
            prepared = engine.load(engine.compile(alone, x), x, threads=1)
            error = _error([torch.as_tensor(prepared.output())], exact[:1])
            if not error <= 1e-2:
                raise NotMeasuredError(f"it is off by {error:.1e}")
            calls[engine.name] = prepared.run
        except Exception as error:  # whatever an engine or its exporter raises
            missing[engine.name] = _text(error)
    timings = interleave(calls, rounds=rounds, calls_per_turn=_CALLS_PER_TURN)
    medians = {name: 1e3 * timing.median for name, timing in timings.items()}
    peers = [medians[engine.name] for engine in _PEERS if engine.name in medians]
    ratio = min(peers) / medians[Patternc.name] if peers else None
    return {"milliseconds": medians, "ratio": ratio, "not_measured": missing}


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _limit_memory(gigabytes: float) -> None:
    """Of this process's own data, without what it maps from files."""
    limit = int(gigabytes * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def write(file: Path, content: Mapping[str, Any]) -> None:
    """Writes JSON, whole or not at all."""
    with whole_file(file) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1) + "\n")


def main() -> int:
    parser = new_parser(__doc__)
    parser.add_argument("network", choices=NETWORKS, metavar="NETWORK")
    parser.add_argument("target")
    parser.add_argument("file", type=Path, help="receives the row, as JSON")
    parser.add_argument("--image-size", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True, help="of timing; 0 for none")
    parser.add_argument("--memory", type=float, required=True, help="limit in GB")
    arguments = parser.parse_args()
    _limit_memory(arguments.memory)
    torch.set_num_threads(1)
    found = row(
        arguments.network,
        arguments.target,
        image_size=arguments.image_size,
        rounds=arguments.rounds,
    )
    write(arguments.file, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
