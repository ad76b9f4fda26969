# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`patternc cocotune`: finds the best pruned network of a subspace, and compiles it.

What needs torch is imported when the command runs, so that its help does not.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patternc.command_line.checks import check_picture, check_results
from patternc.command_line.options import DATA_HELP, MODEL_HELP, add_results, add_variant
from patternc.command_line.progress_log import progress_log
from patternc.errors import CocoTuneError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from patternc.cocotune import Experiment, Objective, Subspace, Workers

_DESCRIPTION = """\
Explores the pruned networks of a subspace by CoCo-Tune: trains the tuning blocks that they share
once, assembles networks from them and fine-tunes these in the order of the objective, until one
meets it. Prints a line for each network, compiles the winner and prints its latency.

The objective is a file of two lines, or these as two words:
  min ModelSize
  constraint Accuracy > 0.95
Metrics: ModelSize, MultiplyAdds, Latency (of the compiled network) and Accuracy.
"""
_EXAMPLES = """\
examples:
  patternc cocotune --model patternc.models:SmallResNet --data digits-as-cifar --sample 16 \\
      --objective 'min ModelSize' 'constraint Accuracy > 0.8'
  patternc cocotune --prototxt net.prototxt --weights net.pth --solver solver.prototxt \\
      --subspace subspace.pkl --objective objective.txt --run-directory run --workers 4

With --run-directory a run that was interrupted goes on when the same command gets --resume.
"""
_DENSE_STEPS = 1200
_DENSE_LEARNING_RATE = 2e-3
_SAMPLERS = ("random", "sequences")


def add_command(commands: Any) -> None:
    """Adds `cocotune` to the subcommands of a parser."""
    parser = commands.add_parser(
        "cocotune",
        help="find the best pruned network of a subspace, and compile it",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    group = parser.add_argument_group("network and data")
    source = group.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--model",
        metavar="NAME",
        help=MODEL_HELP,
    )
    source.add_argument("--prototxt", type=Path, metavar="FILE", help="a network of Caffe's")
    add_variant(group)
    group.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="state dict of the trained network; without one it is trained first",
    )
    group.add_argument(
        "--data",
        nargs="+",
        metavar=("NAME", "FOLDER"),
        help=f"{DATA_HELP} (that of the solver)",
    )
    group.add_argument("--batch-size", type=int, metavar="N", help="that of the solver, or 32")

    group = parser.add_argument_group("subspace")
    group.add_argument(
        "--modules",
        nargs="+",
        metavar="NAME",
        help="submodules to prune, also as globs (those of the prototxt, or those that are found)",
    )
    which = group.add_mutually_exclusive_group(required=True)
    which.add_argument("--subspace", type=Path, metavar="FILE", help="JSON, YAML or pickled list")
    which.add_argument("--sample", type=int, metavar="N", help="draw N configurations")
    group.add_argument(
        "--sampler",
        choices=_SAMPLERS,
        default=_SAMPLERS[0],
        help="a ratio for each module, or for sequences of modules (random)",
    )
    group.add_argument(
        "--ratios",
        type=float,
        nargs="+",
        metavar="RATIO",
        help="shares that are removed, to draw from (0.3 0.5 0.7)",
    )
    group.add_argument(
        "--pruning",
        choices=("filter", "pattern"),
        default="filter",
        help="remove filters; or take patterns, and cut that share of the kernels (filter)",
    )

    group = parser.add_argument_group("objective and training")
    group.add_argument(
        "--objective",
        nargs="+",
        required=True,
        metavar=("FILE", "LINE"),
        help="a file, or its two lines",
    )
    group.add_argument(
        "--solver", type=Path, metavar="FILE", help="training settings as Caffe's solver"
    )
    group.add_argument(
        "--pretraining-config", type=Path, metavar="FILE", help="of blocks, TuningConfig as YAML"
    )
    group.add_argument(
        "--fine-tuning-config", type=Path, metavar="FILE", help="of networks, likewise"
    )
    group.add_argument(
        "--dense-steps",
        type=int,
        metavar="N",
        default=_DENSE_STEPS,
        help=f"of training the network without --weights ({_DENSE_STEPS})",
    )
    group.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is drawn (0)")
    group.add_argument(
        "--default-networks",
        action="store_true",
        help="without tuning blocks, for comparison",
    )
    group.add_argument("--all", action="store_true", help="explore all, do not stop at the first")

    group = add_results(parser, state="the state", what="winner", output="winner.patternc")
    group.add_argument("--workers", type=int, metavar="N", help="of Ray (none, but this process)")
    group.add_argument("--ray-address", metavar="ADDRESS", help="of a cluster (this machine)")
    group.add_argument("--grammar", type=Path, metavar="FILE", help="draw the grammar (PNG)")
    group.add_argument("--plot", type=Path, metavar="FILE", help="draw the exploration (PNG)")


def run(arguments: argparse.Namespace) -> None:
    """Runs the command.

    Raises:
      PatterncError: for whatever in the arguments is wrong.
    """
    from patternc.cocotune import (
        LiveTable,
        UnreachableObjectiveError,
        draw_explorations,
        draw_grammar,
        explore,
    )
    from patternc.compiler import get_target
    from patternc.dependencies import require
    from patternc.search import LatencyMeter

    # What would fail after hours of training fails now.
    target = get_target(arguments.target)
    require("iree.compiler", needed_for="compiling the winner")
    if arguments.plot or arguments.grammar:
        require("matplotlib", needed_for="a picture")
    check_results(arguments)
    check_picture(arguments.plot, "--plot")
    check_picture(arguments.grammar, "--grammar")
    objective = _objective(arguments.objective)
    workers = _workers(arguments)
    experiment = _experiment(arguments)
    blocks = experiment.tuning_blocks
    print(
        f"{len(experiment.subspace.configurations)} configurations of "
        f"{len(experiment.subspace.modules)} modules, {len(blocks.blocks)} tuning blocks\n",
        flush=True,
    )
    if arguments.grammar:
        draw_grammar(blocks, arguments.grammar)
    with progress_log(arguments.run_directory):
        _train(arguments, experiment)
        try:
            result = explore(
                experiment,
                objective,
                workers=workers,
                run_directory=arguments.run_directory,
                resume=arguments.resume,
                stop_early=not arguments.all,
                latency=LatencyMeter(target, None, "float32", True),
                on_network=LiveTable(objective, len(experiment.subspace.modules)),
            )
        except UnreachableObjectiveError as error:
            if arguments.plot:
                draw_explorations({"networks": error.result}, arguments.plot)
            print(f"\n{error.result.summary()}\n", flush=True)
            raise
        module = result.compile(arguments.target)
    module.save(arguments.output)
    if arguments.plot:
        draw_explorations({"networks": result}, arguments.plot)
    print(f"\n{result.summary()}\n\ncompiled for {target.name}, saved in {arguments.output}")


def _objective(words: Sequence[str]) -> "Objective":
    from patternc.cocotune import Objective

    return Objective.from_file(words[0]) if len(words) == 1 else Objective.parse("\n".join(words))


def _workers(arguments: argparse.Namespace) -> "Workers | None":
    from patternc.cocotune import RayWorkers

    if arguments.workers is None:
        if arguments.ray_address is not None:
            raise CocoTuneError("--ray-address needs --workers, how many of them")
        return None
    return RayWorkers(arguments.workers, address=arguments.ray_address)


def _experiment(arguments: argparse.Namespace) -> "Experiment":
    from patternc.cocotune import (
        Experiment,
        FilterPruning,
        FineTuningConfig,
        PatternPruning,
        PretrainingConfig,
        read_solver,
    )
    from patternc.command_line.data_names import open_data
    from patternc.data import loaders
    from patternc.train import accuracy

    solver = read_solver(arguments.solver) if arguments.solver else None
    data = arguments.data or (solver.dataset if solver else ())
    if not data:
        raise CocoTuneError("no data to train with; give --data, or a solver with a dataset")
    train, evaluation = open_data(data)
    batches, evaluation_batches = loaders(
        train,
        evaluation,
        batch_size=arguments.batch_size or (solver and solver.batch_size) or 32,
        seed=arguments.seed,
    )
    image, _ = evaluation[0]
    network, marked = _network(arguments, image, len(train.classes))
    subspace = _subspace(arguments, network, image[None], marked)
    pruning = FilterPruning() if arguments.pruning == "filter" else PatternPruning()
    settings = {
        "pretraining": solver.pretraining if solver else PretrainingConfig(seed=arguments.seed),
        "fine_tuning": solver.fine_tuning if solver else FineTuningConfig(seed=arguments.seed),
    }
    for name, file, kind in (
        ("pretraining", arguments.pretraining_config, PretrainingConfig),
        ("fine_tuning", arguments.fine_tuning_config, FineTuningConfig),
    ):
        if file is not None:
            settings[name] = kind.from_yaml(file)
    return Experiment(
        network,
        subspace,
        batches,
        lambda network: accuracy(network, evaluation_batches),
        pruning=pruning,
        use_blocks=not arguments.default_networks,
        **settings,
    )


def _network(
    arguments: argparse.Namespace, image: "Tensor", classes: int
) -> tuple["nn.Module", Sequence[str] | None]:
    """The network, and the modules that its prototxt marks."""
    import torch

    from patternc.cocotune import read_network
    from patternc.command_line.model_names import check_fit, make_model
    from patternc.models import load_weights_

    marked = None
    if arguments.prototxt:
        torch.manual_seed(arguments.seed)
        network = read_network(arguments.prototxt, image=tuple(image.shape))
        marked = network.marked or None
        name = str(arguments.prototxt)
    else:
        name = arguments.model
        network = make_model(
            name,
            variant=arguments.variant,
            channels=len(image),
            classes=classes,
            seed=arguments.seed,
        )
    check_fit(network, image, classes, name)
    if arguments.weights:
        load_weights_(network, arguments.weights)
    return network.eval(), marked


def _train(arguments: argparse.Namespace, experiment: "Experiment") -> None:
    """Trains a network that has no weights yet, once for a run directory."""
    from patternc.cocotune import FineTuningConfig, fine_tune_
    from patternc.train.checkpoint import load_tree, save_tree

    if arguments.weights:
        return
    network = experiment.network
    folder = arguments.run_directory
    file = folder / "network.safetensors" if folder else None
    if file and file.exists():
        if not arguments.resume:
            raise CocoTuneError(f"{folder} holds a run already; resume it, or give another folder")
        network.load_state_dict(load_tree(file))
        return
    config = FineTuningConfig(
        steps=arguments.dense_steps, learning_rate=_DENSE_LEARNING_RATE, seed=arguments.seed
    )
    fine_tune_(network, experiment.batches, config, progress=True)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        save_tree(file, network.state_dict())


def _subspace(
    arguments: argparse.Namespace,
    network: "nn.Module",
    example_input: "Tensor",
    marked: Sequence[str] | None,
) -> "Subspace":
    from patternc.cocotune import find_modules, read_subspace, sample, sample_sequences
    from patternc.cocotune.sampling import PUBLISHED_RATIOS

    modules = find_modules(network, example_input, marked=arguments.modules or marked)
    if arguments.subspace:
        return read_subspace(arguments.subspace, modules=modules)
    draw = sample if arguments.sampler == "random" else sample_sequences
    ratios = arguments.ratios or PUBLISHED_RATIOS
    return draw(modules, arguments.sample, ratios=ratios, seed=arguments.seed)
