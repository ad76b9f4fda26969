# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What 8 bits cost in accuracy, dense and pruned, after training and with fake quantisation.

For each seed a dense network is trained, and a copy of it is pruned by ADMM in groups of 4. Both
are quantised after training, by the ranges of 256 training images; the pruned one is also trained
on with fake quantisation. Accuracies in int8 are those of the quantised programs, run by PyTorch.
Of the first seed the one trained with fake quantisation is also compiled, and has to give what
PyTorch gives, within one step of its output.

A seed sets the weights at the start and the order of batches; the split is always the same.
Ctrl-C ends the program with the table of the seeds that are complete.
"""

import argparse
import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.utils.data import DataLoader
from tqdm import tqdm

import patternc
from benchmarks.measuring.command_line import add_choices, new_json_parser, positive, run
from benchmarks.measuring.errors import WrongResultError
from benchmarks.measuring.machine import describe_machine, machine_line
from benchmarks.pruning.cases import CASES, Case
from benchmarks.pruning.outcomes import Outcomes, over_seeds, titled_table, write_json
from benchmarks.pruning.training import configs, train_dense_
from patternc.prune import fit
from patternc.train import accuracy

_CALIBRATION_IMAGES = 256
_NETWORKS = (
    "dense",
    "dense, int8 after training",
    "pruned",
    "pruned, int8 after training",
    "pruned, int8 with fake quantisation",
)


def main() -> int:
    arguments = _parse_arguments()
    torch.set_num_threads(arguments.threads)
    machine = describe_machine()
    print(
        f"{arguments.dense_epochs} epochs dense, then {arguments.epochs} pruning, then "
        f"{arguments.quantize_epochs} with fake quantisation\n{machine_line(machine)}",
        flush=True,
    )
    measured: dict[str, dict[str, Outcomes]] = {}
    for case in (CASES[name] for name in arguments.cases):
        compared: list[str] = []
        measure_seed = partial(_measure_seed, case, arguments, compared)
        outcomes = over_seeds(case, _NETWORKS, arguments.seeds, measure_seed)
        measured[case.title] = outcomes
        print(f"\n{titled_table(case.title, outcomes)}\n\n{compared[0]}", flush=True)
        if arguments.json:
            write_json(arguments, machine, measured)
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_json_parser(__doc__)
    add_choices(parser, "--cases", CASES, "networks", default="digits")
    parser.add_argument("--seeds", type=positive, default=5, help="networks of each kind (5)")
    parser.add_argument("--dense-epochs", type=positive, default=20, help="before pruning (20)")
    parser.add_argument("--epochs", type=positive, default=30, help="of pruning (30)")
    parser.add_argument(
        "--quantize-epochs", type=positive, default=8, help="with fake quantisation (8)"
    )
    parser.add_argument("--threads", type=positive, default=1, help="of torch (1)")
    return parser.parse_args()


def _measure_seed(
    case: Case,
    arguments: argparse.Namespace,
    compared: list[str],
    batches: DataLoader,
    tests: DataLoader,
    seed: int,
    bar: tqdm,
) -> dict[str, tuple[float, float]]:
    """Accuracy and rate of each network; of the first seed `compared` gets a line."""
    few = islice(batches, -(-_CALIBRATION_IMAGES // case.batch_size))
    calibration = torch.cat([images for images, _ in few])[:_CALIBRATION_IMAGES]
    bar.set_description(f"seed {seed}")
    dense = case.model(seed)
    train_dense_(dense, batches, arguments.dense_epochs)
    shares = [accuracy(dense, tests), _accuracy(_quantized(dense, calibration), tests)]
    bar.update(2)
    model = copy.deepcopy(dense)
    pruning, training = configs(arguments.epochs, seed)
    training = replace(training, quantize_epochs=arguments.quantize_epochs)
    result = fit(
        model, pruning, batches, training=training, quantize=True, device="cpu", progress=False
    )
    assert result.program is not None
    shares += [
        accuracy(model, tests),
        _accuracy(_quantized(model, calibration), tests),
        _accuracy(result.program, tests),
    ]
    bar.update(3)
    if not seed:
        compared.append(_compare_compiled(result.program, tests))
    rates = (1.0, 1.0, *[result.pruning.rate] * 3)
    return dict(zip(_NETWORKS, zip(shares, rates, strict=True), strict=True))


def _quantized(model: nn.Module, calibration: Tensor) -> ExportedProgram:
    return patternc.quantize(model, [calibration], example_args=(calibration[:1],), progress=False)


@torch.no_grad()
def _accuracy(program: ExportedProgram, tests: DataLoader) -> float:
    """Share of the images for which the largest output is that of the label, one by one."""
    module = program.module()
    right = [int(module(image).argmax()) == label for image, label in _images(tests)]
    return sum(right) / len(right)


@torch.no_grad()
def _compare_compiled(program: ExportedProgram, tests: DataLoader) -> str:
    """How many images a compiled program gives to the class that PyTorch does.

    Raises:
      WrongResultError: when an output is further than a step from PyTorch's.
    """
    module, expected = patternc.compile(program), program.module()
    # The last number that is made a byte is the output.
    *_, step = (n.args[1] for n in program.graph.nodes if ".quantize_per_tensor" in str(n.target))
    same = []
    for image, _ in _images(tests):
        found, right = torch.from_numpy(module(image.numpy()).copy()), expected(image)
        if (found - right).abs().max() > 1.01 * step:
            raise WrongResultError("the compiled program is more than a step from PyTorch's")
        same.append(found.argmax() == right.argmax())
    return f"compiled, seed 0: the class of PyTorch's run for {sum(same)} of {len(same)} images"


def _images(tests: DataLoader) -> Iterator[tuple[Tensor, int]]:
    for images, labels in tests:
        yield from zip(images.split(1), labels.tolist(), strict=True)


if __name__ == "__main__":
    run(main)
