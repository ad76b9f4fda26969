# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`patternc prune`: trains a model, prunes it, compiles it and says what became of its accuracy.

What needs torch is imported when the command runs, so that its help does not.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from patternc.command_line.checks import check_results
from patternc.command_line.options import DATA_HELP, MODEL_HELP, add_results, add_variant
from patternc.command_line.progress_log import progress_log
from patternc.errors import QuantizationError, TargetError

if TYPE_CHECKING:
    from patternc.prune import PruningConfig
    from patternc.runtime import CompiledModule
    from patternc.train import TrainingConfig

_DESCRIPTION = """\
Trains a model (or loads weights), prunes it, trains the weights that are left, and compiles it, in
8 bits if asked to. Prints what was done to each layer and the accuracy of the dense, pruned and
compiled model. It trains on a GPU if there is one.
"""
_EXAMPLES = """\
examples:
  patternc prune --model digits --data digits --quantize
  patternc prune --model resnet50 --weights resnet50.pth --data image-folder train val \\
      --epochs 24 --run-directory run --target snapdragon-855 --output resnet50.patternc
  patternc prune --model package.module:factory --data cifar10 cifar-10-batches-bin --config -

With --run-directory a run that was interrupted goes on when the same command gets --resume.
"""
_DENSE_EPOCHS = 20
_CALIBRATION_IMAGES = 256
# Options that are fields of the configs; not given, a field is that of the file or the default.
_PRUNING_FIELDS = ("connectivity", "form", "group_size", "method", "epochs", "period")
_TRAINING_FIELDS = ("dense_epochs", "retrain_epochs", "quantize_epochs", "seed")


def add_command(commands: Any) -> None:
    """Adds `prune` to the subcommands of a parser."""
    parser = commands.add_parser(
        "prune",
        help="train, prune, evaluate and compile a model",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    group = parser.add_argument_group("model and data")
    group.add_argument(
        "--model",
        required=True,
        metavar="NAME",
        help=MODEL_HELP,
    )
    add_variant(group)
    group.add_argument("--weights", type=Path, metavar="FILE", help="state dict to start from")
    group.add_argument(
        "--data",
        required=True,
        nargs="+",
        metavar=("NAME", "FOLDER"),
        help=DATA_HELP,
    )
    group.add_argument("--batch-size", type=int, default=64, help="of training (64)")
    group.add_argument("--workers", type=int, default=0, help="processes that load images (0)")

    group = parser.add_argument_group("pruning and training")
    group.add_argument(
        "--config",
        metavar="FILE",
        help="PruningConfig as YAML, - for standard input; the options below come before it",
    )
    group.add_argument(
        "--training-config", type=Path, metavar="FILE", help="TrainingConfig as YAML, likewise"
    )
    group.add_argument(
        "--connectivity", type=float, metavar="RATE", help="kernels before over kernels after (3.6)"
    )
    group.add_argument(
        "--form", help="layer, filter or group: which filters keep the same kernels (group)"
    )
    group.add_argument("--group-size", type=int, metavar="N", help="filters of a group (4)")
    group.add_argument("--method", help="admm, one-shot or gradual (admm)")
    group.add_argument("--epochs", type=int, metavar="N", help="of admm or gradual pruning (24)")
    group.add_argument(
        "--period", type=int, metavar="N", help="epochs between updates (3, at most --epochs)"
    )
    group.add_argument(
        "--dense-epochs",
        type=int,
        metavar="N",
        help=f"before pruning ({_DENSE_EPOCHS}, with --weights 0)",
    )
    group.add_argument("--retrain-epochs", type=int, metavar="N", help="after pruning (16)")
    group.add_argument("--seed", type=int, metavar="N", help="of weights, order, augmentation (0)")

    group = parser.add_argument_group("quantisation")
    group.add_argument(
        "--quantize",
        action="store_true",
        help="to 8 bits after training, and save the program as .pt2 beside the output",
    )
    group.add_argument(
        "--quantize-epochs",
        type=int,
        metavar="N",
        help="before, train with fake quantisation, which also finds the ranges (not done)",
    )
    group.add_argument(
        "--calibration-images",
        type=int,
        default=_CALIBRATION_IMAGES,
        metavar="N",
        help=f"of the training data, to find ranges of activations ({_CALIBRATION_IMAGES})",
    )

    add_results(
        parser, state="configs, log and checkpoints", what="model", output="pruned.patternc"
    )


def run(arguments: argparse.Namespace) -> None:
    """Runs the command.

    Raises:
      PatterncError: for whatever in the arguments is wrong.
    """
    import torch

    from patternc.command_line.data_names import open_data
    from patternc.command_line.model_names import check_fit, make_model
    from patternc.compiler import compile, get_target
    from patternc.data import loaders
    from patternc.dependencies import require
    from patternc.models import load_weights_
    from patternc.prune import fit
    from patternc.train import accuracy

    # What would fail after hours of training fails now.
    target = get_target(arguments.target)
    require("iree.compiler", needed_for="compiling the pruned model")
    retrained = arguments.quantize_epochs is not None
    if retrained and not arguments.quantize:
        raise QuantizationError("--quantize-epochs needs --quantize")
    if arguments.quantize:
        require("torchao.quantization.pt2e", needed_for="quantising the pruned model")
    if arguments.calibration_images < 1:
        raise QuantizationError(
            f"--calibration-images is {arguments.calibration_images}, expected at least 1"
        )
    check_results(arguments)
    pruning, training = _pruning_config(arguments), _training_config(arguments)
    train, evaluation = open_data(arguments.data)
    image, _ = evaluation[0]
    model = make_model(
        arguments.model,
        variant=arguments.variant,
        channels=len(image),
        classes=len(train.classes),
        seed=training.seed,
    )
    check_fit(model, image, len(train.classes), arguments.model)
    if arguments.weights:
        load_weights_(model, arguments.weights)
    batches, evaluation_batches = loaders(
        train,
        evaluation,
        batch_size=arguments.batch_size,
        seed=training.seed,
        workers=arguments.workers,
    )
    with progress_log(arguments.run_directory):
        result = fit(
            model,
            pruning,
            batches,
            training=training,
            quantize=retrained,
            evaluate=lambda model: accuracy(model, evaluation_batches),
            run_directory=arguments.run_directory,
            resume=arguments.resume,
        )
        print(result.pruning.report(), flush=True)
        network: Any = model.cpu()
        if arguments.quantize:
            network = result.program or _quantized(network, batches, image[None], arguments)
            torch.export.save(network, _program_file(arguments.output))
        module = compile(network, (image[None],), target=target)
    module.save(arguments.output)
    print(f"\n{module.report()}\n")
    rows = [("dense", f"{result.dense_metric:.2%}"), ("pruned", f"{result.metric:.2%}")]
    compiled = "compiled, 8 bits" if arguments.quantize else "compiled"
    try:
        rows.append((compiled, f"{_compiled_accuracy(module, evaluation):.2%}"))
        note = ""
    except TargetError as error:
        rows.append((compiled, "-"))
        note = f"\nthe compiled model was not run: {error}\n"
    print(tabulate(rows, ("model", "accuracy"), colalign=("left", "right")))
    saved = f"{note}\ncompiled for {target.name}, saved in {arguments.output}"
    if arguments.quantize:
        saved += f", the quantised program in {_program_file(arguments.output)}"
    print(saved)


def _quantized(model: Any, batches: Any, example: Any, arguments: argparse.Namespace) -> Any:
    """The program of a model in 8 bits, by the ranges of some training images."""
    from patternc.quantization import quantize

    images: list[Any] = []
    for inputs, _ in batches:
        images += inputs.split(1)[: arguments.calibration_images - len(images)]
        if len(images) == arguments.calibration_images:
            break
    return quantize(model, images, example_args=(example,))


def _program_file(output: Path) -> Path:
    return output.with_name(f"{output.stem}.pt2")


def _pruning_config(arguments: argparse.Namespace) -> "PruningConfig":
    from patternc.prune import PruningConfig

    source = arguments.config
    if source is None:
        config = PruningConfig()
    else:
        config = PruningConfig.from_yaml(sys.stdin.read() if source == "-" else Path(source))
    fields = _given(arguments, _PRUNING_FIELDS)
    if "epochs" in fields and "period" not in fields:
        fields["period"] = max(1, min(config.period, fields["epochs"]))
    return replace(config, **fields)


def _training_config(arguments: argparse.Namespace) -> "TrainingConfig":
    from patternc.train import TrainingConfig

    if arguments.training_config is None:
        config = TrainingConfig(dense_epochs=0 if arguments.weights else _DENSE_EPOCHS)
    else:
        config = TrainingConfig.from_yaml(arguments.training_config)
    return replace(config, **_given(arguments, _TRAINING_FIELDS))


def _given(arguments: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    values = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _compiled_accuracy(module: "CompiledModule", evaluation: Any) -> float:
    """Share of the images, 0 to 1, for which the largest output is the one of the label."""
    from tqdm import tqdm

    images = tqdm(range(len(evaluation)), "compiled", unit="image", disable=None, leave=False)
    right = 0
    for index in images:
        image, label = evaluation[index]
        right += int(module(image[None]).argmax()) == label
    return right / len(evaluation)
