# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Compiles layers and networks into a folder that measures them on any machine with a GPU.

The folder holds what patternc makes of the pruned models and IREE alone of the dense ones, the
dense models for ncnn, inputs, what PyTorch computes of them, and a script, measure.py, which needs
NumPy and IREE's runtime only. ncnn, and PyTorch with CUDA, take part where they are.

Each module is compiled a second time so that a call runs every kernel several times: what such a
call takes longer is the time of the kernels, without what surrounds them.
"""

import argparse
import dataclasses
import importlib
import importlib.metadata
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

import patternc
from benchmarks.engines.engine import NotMeasuredError, Precision, name_with
from benchmarks.engines.ncnn_net import write_net
from benchmarks.engines.patternc import IreeAlone, Patternc
from benchmarks.engines.to_ncnn import UntranslatableError, to_ncnn
from benchmarks.measuring.command_line import add_choices, new_parser, positive, run
from benchmarks.models.pruned_convolution import make_pruned
from benchmarks.models.pruned_networks import NETWORKS
from benchmarks.vulkan.case import CASES, Case, Module, expected_file, image_file
from benchmarks.vulkan.dense_model import LAYER, MODELS, make_dense
from patternc.compiler.targets import get_target
from patternc.errors import CompilerError, PatterncError

_DENSE, _PRUNED = "dense", "pruned"
_VARIANT = "groups of 8"
_PRECISIONS: tuple[Precision, ...] = ("float32", "float16")
_DEFAULT_TARGET = "vulkan"
_REPEAT = "--iree-hal-benchmark-dispatch-repeat-count={}"
_CARRIED = Path(__file__).with_name("carried")
_PACKAGES = ("patternc", "tabulate", "tqdm")  # what it requires besides NumPy


def main() -> int:
    arguments = _parse_arguments()
    folder: Path = arguments.folder
    if folder.exists() and any(folder.iterdir()) and not (folder / CASES).is_dir():
        raise PatterncError(f"{folder} exists, and this program did not make it")
    shutil.rmtree(folder, ignore_errors=True)
    for name in arguments.models:
        case = _pack(name, folder / CASES / name, arguments.targets, arguments.repeats)
        print(f"{case.title}: {', '.join(module.name for module in case.modules)}", flush=True)
        for contender, why in case.missing.items():
            print(f"  without {contender}: {why}", flush=True)
    _copy_python(folder / "python")
    shutil.copytree(_CARRIED, folder, dirs_exist_ok=True)
    readme = folder / "README.md"
    version = importlib.metadata.version("iree-base-runtime")
    readme.write_text(readme.read_text().replace("IREE_VERSION", version))
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{size / 1e6:.0f} MB in {folder}; to measure: python {folder / 'measure.py'}")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_parser(__doc__)
    parser.add_argument("folder", type=Path, help="what to make; an older one is replaced")
    add_choices(parser, "--models", MODELS, "what to compile")
    targets = [name for name in patternc.target_names() if get_target(name).device == "gpu"]
    add_choices(parser, "--targets", targets, "what to compile for", default=_DEFAULT_TARGET)
    parser.add_argument(
        "--repeats",
        type=positive,
        default=51,
        help="how often each kernel runs in the calls that tell its time (51)",
    )
    arguments = parser.parse_args()
    if arguments.repeats == 1:
        parser.error("--repeats is 2 or more")
    return arguments


def _pack(name: str, folder: Path, targets: Sequence[str], repeats: int) -> Case:
    folder.mkdir(parents=True)
    title, dense, image = make_dense(name)
    pruned = make_pruned(dense, 8) if name == LAYER else NETWORKS[name].pruned(dense, _VARIANT)
    models = {_DENSE: dense, _PRUNED: pruned}
    np.save(image_file(folder), image.numpy())
    for key, model in models.items():
        with torch.inference_mode():
            np.save(expected_file(folder, key), model(image).numpy())
    modules, missing = [], {}
    contenders = list(_contenders(targets, repeats))
    for contender, key, engine, repeating in tqdm(contenders, title, disable=None, leave=False):
        stem = contender.replace(", ", "-").replace(" ", "_")
        try:
            compiled = engine.compile(models[key], image)
            repeated = repeating.compile(models[key], image)
        except (CompilerError, NotMeasuredError) as error:
            missing[contender] = str(error).splitlines()[0]
            continue
        files = f"{stem}.patternc", f"{stem}.repeated.vmfb"
        compiled.save(folder / files[0])
        (folder / files[1]).write_bytes(repeated.vmfb)
        modules.append(Module(contender, *files, key, engine.precision))
    try:
        write_net(folder / "ncnn", *to_ncnn(dense))
        net = "ncnn"
    except UntranslatableError as error:
        net, missing["ncnn"] = None, str(error)
    case = Case(name, title, repeats, tuple(modules), net, missing)
    case.write(folder)
    return case


def _contenders(
    targets: Sequence[str], repeats: int
) -> Iterator[tuple[str, str, Patternc, Patternc]]:
    """Name, model, engine, and one whose modules repeat their kernels."""
    for name in targets:
        suffix = "" if name == _DEFAULT_TARGET else f", {name}"
        once = get_target(name)
        often = dataclasses.replace(once, flags=(*once.flags, _REPEAT.format(repeats)))
        for precision in _PRECISIONS:
            contender = name_with(f"{Patternc.name}, {_VARIANT}{suffix}", precision)
            engines = (Patternc(precision=precision, target=target) for target in (once, often))
            yield contender, _PRUNED, *engines
        yield f"{IreeAlone.name}{suffix}", _DENSE, IreeAlone(target=once), IreeAlone(target=often)


def _copy_python(folder: Path) -> None:
    """Copies what measures, as sources, with what says their versions."""
    _copy_sources(Path(__file__).parents[1], folder)
    for name in _PACKAGES:
        _copy_sources(Path(str(importlib.import_module(name).__file__)).parent, folder)
        distribution = importlib.metadata.distribution(name)
        information = folder / f"{name}-{distribution.version}.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(distribution.read_text("METADATA") or "")


def _copy_sources(package: Path, folder: Path) -> None:
    for file in package.rglob("*.py"):
        copy = folder / file.relative_to(package.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


if __name__ == "__main__":
    run(main)
