# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One network of the zoo on one target, in a process of its own that `__main__.py` starts."""

import copy
import json
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.utils._pytree import tree_leaves

import patternc
from benchmarks.engines.engine import Engine, NotMeasuredError, Precision
from benchmarks.engines.onnx_runtime import OnnxRuntime
from benchmarks.engines.openvino import OpenVino
from benchmarks.engines.patternc import Patternc
from benchmarks.measuring.command_line import new_parser
from benchmarks.measuring.interleave import interleave
from benchmarks.models.data_scaling import scale_to_data_
from benchmarks.zoo import checks
from benchmarks.zoo.networks import NETWORKS
from patternc.settings import Settings
from patternc.whole_file import whole_file

_PEERS: tuple[Engine, ...] = (OnnxRuntime(), OpenVino())
_CALLS_PER_TURN = 3
PRECISIONS: tuple[Precision, ...] = ("float32", "int8")
# Inputs that are compared: of int8, enough that their mean says how large its noise is.
_COMPARED = {"float32": 2, "int8": 8}
# Inputs to calibrate with; of four, what others reach beyond them doubles the error.
_CALIBRATION = 16
# Operators of linalg that compute what pattern layers do, after the last pass.
_LEFT = re.compile(r"linalg\.(\w*conv_\w+|\w*matmul\w*|\w*matvec\w*|\w*vecmat\w*|dot)\b")


def row(
    name: str, target: str, precision: Precision, *, image_size: int, rounds: int
) -> dict[str, Any]:
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
        inputs = network.inputs(_COMPARED[precision], image_size=image_size, seed=2).split(1)
        eager, exact = _outputs(model, inputs), _exact_outputs(model, inputs)
        checks.require_meaning(eager, exact)
    except Exception as error:
        return facts | {"status": "not built", "message": _text(error)}
    program: nn.Module | ExportedProgram = model
    disturbed: list[Tensor] = []
    start = time.perf_counter()
    try:
        if precision == "int8":
            calibration = network.inputs(_CALIBRATION, image_size=image_size, seed=3).split(1)
            program = patternc.quantize(model, calibration, progress=False)
            quantized = program.module()
            eager = _outputs(quantized, inputs)
            disturbed = _outputs(_disturbed(quantized), inputs)
            facts["quantize_seconds"] = time.perf_counter() - start
            start = time.perf_counter()
        compiled = patternc.compile(
            program,
            (inputs[0],),
            target=target,
            threads=1,
            progress=False,
            settings=Settings(keep_stages=True),
        )
        facts["compile_seconds"] = time.perf_counter() - start
        facts |= _layers(compiled)
        results = _outputs(compiled, inputs)
    except patternc.PatterncError as error:
        return facts | {"status": "refused", "message": _text(error)}
    if precision == "int8":
        facts |= checks.compare_bytes(results, eager, disturbed, exact)
    else:
        facts |= checks.compare_floats(results, eager, exact)
    if rounds and facts["status"] == "right":
        facts |= _time(model, compiled, inputs[0], exact[0][0], rounds)
    return facts


def _prune_(model: nn.Module) -> dict[str, Any]:
    """Prunes convolutions and matrices; what cannot be pruned stays dense, which is said."""
    try:
        patternc.prune_(model, linear=True, group_size=8)
    except patternc.PatterncError as error:
        return {"not_pruned": _text(error)}
    return {}


@torch.no_grad()
def _outputs(model: Callable[[Tensor], Any], inputs: Iterable[Tensor]) -> list[Tensor]:
    """Each output for all inputs."""
    of_each = [[leaf for leaf in tree_leaves(model(x)) if isinstance(leaf, Tensor)] for x in inputs]
    return [torch.stack(of_all) for of_all in zip(*of_each, strict=True)]


def _exact_outputs(model: nn.Module, inputs: Iterable[Tensor]) -> list[Tensor]:
    double = copy.deepcopy(model).double()
    return _outputs(double, (x.double() if x.is_floating_point() else x for x in inputs))


@torch.no_grad()
def _disturbed(model: nn.Module) -> nn.Module:
    """A copy in which the last bits of scales, biases and all else in floats are others."""
    model = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(0)
    for tensor in [*model.parameters(), *model.buffers()]:
        if tensor.is_floating_point():
            tensor.mul_(1 + 2**-22 * torch.randn(tensor.shape, generator=generator))
    return model


def _layers(compiled: patternc.CompiledModule) -> dict[str, int]:
    layers = compiled.report().layers
    pruned = sum(layer.rate > 1 for layer in layers)
    return {
        "pruned": pruned,
        "dense": len(layers) - pruned,
        "int8": sum(layer.dtype == "int8" for layer in layers),
        "left": len(_LEFT.findall(compiled.mlir(compiled.stages[-1]))),
    }


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
    exact: Tensor,
    rounds: int,
) -> dict[str, Any]:
    """Median milliseconds of each engine on one thread, in turns; peers that are wrong are not."""
    alone = _FirstOutput(model).eval()
    calls, missing = {Patternc.name: compiled.prepare(x)}, {}
    for engine in _PEERS:
        try:
            prepared = engine.load(engine.compile(alone, x), x, threads=1)
            error = checks.largest_error([torch.as_tensor(prepared.output())], [exact])
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
    parser.add_argument("precision", choices=PRECISIONS)
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
        arguments.precision,
        image_size=arguments.image_size,
        rounds=arguments.rounds,
    )
    write(arguments.file, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
