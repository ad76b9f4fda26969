# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Mutated files of every other kind that patternc reads: they are read, or refused."""

import contextlib
import io
import json
import pickle
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from fuzz.runner import Case, Finding
from fuzz.text_mutation import mutated

Files = dict[str, bytes]

_CORPUS = Path(__file__).parent / "corpus"
_ARTEFACT = """
func.func @main(%x: tensor<1x2x6x6xf32>, %r: tensor<1x4x6x6xf32>) -> (tensor<1x4x6x6xf32>, tensor<2xi64>) {
  %w = arith.constant dense_resource<conv.weight> : tensor<4x2x3x3xf32>
  %b = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %i = arith.constant dense<[7, 8]> : tensor<2xi64>
  %z = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%0: index, %1: index, %2: index, %3: index):
    tensor.yield %z : f32
  } : tensor<1x2x6x6xf32> to tensor<1x2x8x8xf32>
  %e = tensor.empty() : tensor<1x4x6x6xf32>
  %c = linalg.broadcast ins(%b : tensor<4xf32>) outs(%e : tensor<1x4x6x6xf32>) dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%p, %w : tensor<1x2x8x8xf32>, tensor<4x2x3x3xf32>) outs(%c : tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  %s = arith.addf %y, %r : tensor<1x4x6x6xf32>
  return %s, %i : tensor<1x4x6x6xf32>, tensor<2xi64>
}
"""  # noqa: E501


@dataclass(frozen=True)
class _Kind:
    """One kind of file, or of files in a folder.

    Attributes:
      name: for the report.
      samples: valid ones, to begin with.
      read: reads those in a folder.
      text: whether they are text.
    """

    name: str
    samples: list[Files]
    read: Callable[[Path], object]
    text: bool = False


class MutatedFiles:
    """One mutated file or folder a case: only `PatterncError` may come of it."""

    name = "mutated-files"
    time_limit = 30.0

    def prepare(self) -> None:
        from patternc.errors import PatterncError

        self._error = PatterncError
        self._kinds = [
            *_artefacts(),
            *_texts(),
            *_tensors(),
            *_pickles(),
            *_images(),
            *_runs(),
            *_programs(),
        ]
        # One artefact is as much work as many texts.
        slow = ("artefact", "exported program")
        self._weights = [1 if kind.name in slow else 3 for kind in self._kinds]

    def make(self, seed: int) -> Case:
        rng = random.Random(seed)
        kind = rng.choices(self._kinds, self._weights)[0]
        files = dict(rng.choice(kind.samples))
        for _ in range(rng.choices((0, 1, 2, 3), (1, 40, 10, 10))[0]):
            name = rng.choice(sorted(files))
            files[name] = _mutate(name, files[name], rng, kind)
        if len(files) > 1 and rng.random() < 0.05:
            del files[rng.choice(sorted(files))]
        return Case(files, label=kind.name, data=kind)

    def check(self, case: Case) -> Mapping[str, int]:
        kind: _Kind = case.data  # type: ignore[assignment]
        folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        try:
            for name, content in case.files.items():
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_bytes(content)
            try:
                kind.read(folder)
            except self._error as error:
                if case.files in kind.samples:
                    raise Finding(f"a valid {kind.name} is refused: {error}") from error
                return Counter({kind.name: 1, f"{kind.name}, refused": 1})
            return Counter({kind.name: 1})
        finally:
            shutil.rmtree(folder, ignore_errors=True)


# Mutation.


def _mutate(name: str, content: bytes, rng: random.Random, kind: _Kind) -> bytes:
    if name.endswith(".json") and rng.random() < 0.6:
        with contextlib.suppress(ValueError):
            return json.dumps(_json_edited(json.loads(content), rng)).encode()
    if kind.text and rng.random() < 0.85:
        corpus = [next(iter(sample.values())).decode() for sample in kind.samples]
        with contextlib.suppress(UnicodeDecodeError):
            return mutated(content.decode(), rng, corpus).encode(errors="replace")
    return _bytes_mutated(content, rng)


def _bytes_mutated(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        if not data:
            return rng.randbytes(rng.randrange(16))
        way, at = rng.random(), rng.randrange(len(data))
        # Headers are where the sizes are.
        at = at if rng.random() < 0.6 else at % 256 % len(data)
        if way < 0.4:
            data[at] ^= 1 << rng.randrange(8)
        elif way < 0.55:
            data[at] = rng.choice((0, 1, 127, 128, 255))
        elif way < 0.65:
            value = rng.choice((0, 1, -1, 1 << 31, 1 << 62, len(data)))
            data[at : at + 8] = (value & (1 << 64) - 1).to_bytes(8, "little")
        elif way < 0.75:
            del data[at:]
        elif way < 0.85:
            del data[at : at + rng.choice((1, 4, 64))]
        elif way < 0.95:
            other = rng.randrange(len(data))
            data[at:at] = data[other : other + rng.choice((1, 8, 64))]
        else:
            data += rng.randbytes(rng.choice((1, 8, 4096)))
    return bytes(data)


def _json_edited(value: Any, rng: random.Random) -> Any:
    """The value with one place changed."""
    places: list[tuple[Any, Any]] = []

    def collect(parent: Any) -> None:
        keys = parent if isinstance(parent, dict) else range(len(parent))
        for key in keys:
            places.append((parent, key))
            if isinstance(parent[key], dict | list):
                collect(parent[key])

    if not isinstance(value, dict | list) or rng.random() < 0.03:
        return _json_value(value, rng)
    collect(value)
    if not places:
        return _json_value(value, rng)
    parent, key = rng.choice(places)
    way = rng.random()
    if way < 0.15:
        del parent[key]
    elif way < 0.25:
        other_parent, other = rng.choice(places)
        with contextlib.suppress(LookupError):
            parent[key] = json.loads(json.dumps(other_parent[other]))
    elif way < 0.3 and isinstance(parent, dict):
        parent[f"{key}{rng.choice(('', 's', 'x'))}"] = parent.pop(key)
    else:
        parent[key] = _json_value(parent[key], rng)
    return value


def _json_value(old: Any, rng: random.Random) -> Any:
    if isinstance(old, int) and not isinstance(old, bool) and rng.random() < 0.5:
        return rng.choice((old + 1, old - 1, -old, old * 2, old * 1000, float(old)))
    if isinstance(old, list) and rng.random() < 0.5:
        return rng.choice((old + old, old[1:], [*old, 1], [], old[::-1]))
    return rng.choice(
        (
            *(None, True, False, 0, 1, -1, 3, 1 << 31, 1 << 63, 1 << 70, -(1 << 63), 0.5),
            *(1e308, float("nan"), float("inf"), "", "x", "float32", "int64", "float16", "main"),
            *("llvm-cpu", "../..", "a\x00b", "\u00e9", [], {}, [[]], [0], [-1], [1, 2, 3, 4]),
            *({"a": 1}, "x" * 1000, [[[[[[1]]]]]]),
        )
    )


# The kinds.


def _artefacts() -> list[_Kind]:
    # IREE starts threads, which the workers would lack: not in this process.
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as executor:
        files, expected = executor.submit(_compile).result()

    def read(folder: Path) -> object:
        import patternc

        module = patternc.load(folder)
        results = module(*_inputs())
        found = [np.asarray(result) for result in results]
        for a, b in zip(found, expected, strict=True):
            if a.dtype != b.dtype or not np.array_equal(a, b):
                raise Finding("a damaged artefact computes something else")
        return str(module.report)

    return [_Kind("artefact", [files], read)]


def _inputs() -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.random(shape, np.float32) for shape in ((1, 2, 6, 6), (1, 4, 6, 6))]


def _compile() -> tuple[Files, list[np.ndarray]]:
    import patternc

    weights = np.random.default_rng(1).random((4, 2, 3, 3), np.float32)
    weights[:, :, 1] = 0
    blob = f'conv.weight: "0x04000000{weights.tobytes().hex()}"'
    text = f"{_ARTEFACT}\n{{-#\n  dialect_resources: {{\n    builtin: {{ {blob} }}\n  }}\n#-}}\n"
    module = patternc.compile(text)
    with tempfile.TemporaryDirectory() as folder:
        module.save(Path(folder) / "saved")
        files = {file.name: file.read_bytes() for file in (Path(folder) / "saved").iterdir()}
    return files, [np.array(result) for result in module(*_inputs())]


def _texts() -> list[_Kind]:
    from patternc.cocotune.caffe.network import read_network
    from patternc.cocotune.caffe.solver import read_solver
    from patternc.cocotune.objective import Objective
    from patternc.cocotune.subspace_files import read_subspace
    from patternc.cocotune.tuning_config import FineTuningConfig, PretrainingConfig
    from patternc.prune.config import PruningConfig
    from patternc.train.training_config import TrainingConfig

    network = (_CORPUS / "network.prototxt").read_bytes()
    solver = (_CORPUS / "solver.prototxt").read_bytes()
    pruning = [
        PruningConfig(),
        PruningConfig(structure="filter", rate={"*": 2.0, "re:conv.*": 1.5}, linear=True),
        PruningConfig(method="one-shot", targets=("conv1", "re:layer1"), ignore=("fc",)),
    ]
    objectives = [
        b"min ModelSize\nconstraint Accuracy >= 90%\n",
        b"max Accuracy # of all\nconstraint Latency <= 3 ms\n",
    ]
    subspace = {"modules": ["a.b", "c"], "configurations": [[0.3, 0.5], [0, 0.7], [0.5, 0.5]]}
    yaml = b"modules: [a, b]\nconfigurations:\n- [0.3, 0.5]\n- [0, 0.7]\n"
    return [
        _Kind("network", [{"a.prototxt": network}], _reads(read_network), text=True),
        _Kind("solver", [{"a.prototxt": solver}], _reads(read_solver), text=True),
        *(
            _Kind(
                type(configs[0]).__name__,
                [{"a.yaml": config.to_yaml().encode()} for config in configs],
                _reads(type(configs[0]).from_yaml),
                text=True,
            )
            for configs in (
                pruning,
                [TrainingConfig()],
                [PretrainingConfig()],
                [FineTuningConfig()],
            )
        ),
        _Kind(
            "objective", [{"a.txt": o} for o in objectives], _reads(Objective.from_file), text=True
        ),
        _Kind(
            "subspace",
            [{"a.json": json.dumps(subspace).encode()}],
            _reads(read_subspace),
            text=True,
        ),
        _Kind("subspace as YAML", [{"a.yaml": yaml}], _reads(read_subspace), text=True),
    ]


def _reads(read: Callable[[Path], object]) -> Callable[[Path], object]:
    """Reads the only file of a folder."""

    def read_only(folder: Path) -> object:
        (file,) = folder.iterdir()
        return read(file)

    return read_only


def _tensors() -> list[_Kind]:
    import torch
    from safetensors.torch import save
    from torch import nn

    from patternc.models.weights import load_weights_
    from patternc.train.checkpoint import load_tree, save_tree

    torch.set_num_threads(1)
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Linear(4, 2))
    state = model.state_dict()
    plain = {name: tensor.clone() for name, tensor in state.items()}
    stream, old = io.BytesIO(), io.BytesIO()
    torch.save(plain, stream)
    torch.save(plain, old, _use_new_zipfile_serialization=False)
    tree = {"step": 3, "random": [plain["0.weight"], {"a": None}], "records": 0, "model": plain}
    with tempfile.TemporaryDirectory() as folder:
        save_tree(Path(folder) / "tree.safetensors", tree)
        checkpoint = (Path(folder) / "tree.safetensors").read_bytes()

    def read_weights(folder: Path) -> None:
        with torch.no_grad():
            for name, tensor in model.state_dict().items():
                tensor.copy_(plain[name])
        (file,) = folder.iterdir()
        try:
            load_weights_(model, file)
        except Exception:
            for name, tensor in model.state_dict().items():
                if not torch.equal(tensor, plain[name]):
                    raise Finding("weights that were refused have changed the model") from None
            raise

    return [
        _Kind("weights as safetensors", [{"a.safetensors": save(plain)}], read_weights),
        _Kind(
            "weights as a pickle",
            [{"a.pth": stream.getvalue()}, {"a.pt": old.getvalue()}],
            read_weights,
        ),
        _Kind("checkpoint", [{"a.safetensors": checkpoint}], _reads(load_tree)),
    ]


def _pickles() -> list[_Kind]:
    from patternc.cocotune.subspace_files import read_subspace
    from patternc.data.array_pickle import read_batch

    batch = {"data": np.arange(48, dtype=np.uint8).reshape(2, 24), "labels": [1, 2], "name": b"x"}
    ratios = [[0.3, 0.5], [0.0, 0.7]]

    def read_ratios(folder: Path) -> object:
        (file,) = folder.iterdir()
        return read_subspace(file, modules=["a", "b"])

    return [
        _Kind(
            "CIFAR batch",
            [{"a": pickle.dumps(batch, protocol)} for protocol in (3, 4)],
            _reads(read_batch),
        ),
        _Kind(
            "subspace as a pickle",
            [{"a.pkl": pickle.dumps(ratios, protocol)} for protocol in (0, 2, 4)],
            read_ratios,
        ),
    ]


def _images() -> list[_Kind]:
    from PIL import Image

    from patternc.data.image_folder import ImageFolder

    picture = Image.fromarray(np.arange(12 * 9 * 3, dtype=np.uint8).reshape(12, 9, 3))
    samples = []
    for suffix in ("png", "jpg", "bmp", "webp"):
        stream = io.BytesIO()
        picture.save(stream, {"jpg": "jpeg"}.get(suffix, suffix))
        samples.append({f"a/a.{suffix}": stream.getvalue(), f"b/b.{suffix}": stream.getvalue()})

    def read(folder: Path) -> object:
        images = ImageFolder(folder, size=8, resize=8)
        return [images[i] for i in range(len(images))]

    return [_Kind("image folder", samples, read)]


def _runs() -> list[_Kind]:
    import torch

    from patternc.train.run_directory import RunDirectory

    configs = {"pruning": {"rate": 2.0}, "training": {"epochs": 3, "seed": None}}
    with tempfile.TemporaryDirectory() as folder:
        run = RunDirectory(Path(folder) / "run", configs, resume=False)
        for step in (1, 2):
            run.add({"step": step, "loss": 0.5})
            run.save_checkpoint(step, {"model": {"w": torch.ones(3)}, "step": step})
        files = {file.name: file.read_bytes() for file in run.path.iterdir()}

    def read(folder: Path) -> object:
        return RunDirectory(folder, configs, resume=True).load_checkpoint()

    return [_Kind("run", [files], read)]


def _programs() -> list[_Kind]:
    import torch
    from torch import nn

    from patternc.frontends import import_model

    stream = io.BytesIO()
    program = torch.export.export(nn.Sequential(nn.Linear(4, 2), nn.ReLU()), (torch.ones(1, 4),))
    torch.export.save(program, stream)
    return [_Kind("exported program", [{"a.pt2": stream.getvalue()}], _reads(import_model))]
