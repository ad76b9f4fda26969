# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Networks of Caffe's prototxt as torch modules.

Layers that name the same `module`, the published extension, become one submodule, and so a unit of
pruning.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from patternc.cocotune.caffe.layers import make_layer
from patternc.cocotune.caffe.prototxt import parse_prototxt
from patternc.errors import CocoTuneError

_INPUTS = ("Input", "Data", "ImageData", "DummyData", "MemoryData", "HDF5Data", "WindowData")
# What grades a network has no place in one that makes logits.
_LEFT_OUT = (
    *("Accuracy", "SoftmaxWithLoss", "Silence", "SigmoidCrossEntropyLoss", "EuclideanLoss"),
    *("HingeLoss", "MultinomialLogisticLoss", "InfogainLoss", "ContrastiveLoss"),
)


@dataclass(frozen=True)
class _Step:
    """A module that is called on some blobs and gives others: one, or a tuple of several."""

    name: str
    module: nn.Module
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]


class CaffeGraph(nn.Module):
    """Modules called in order, from one named blob to another."""

    def __init__(self, steps: Sequence[_Step], bottom: str, top: str):
        super().__init__()
        self._steps = [(step.name, step.bottoms, step.tops) for step in steps]
        self._bottom, self._top = bottom, top
        for step in steps:
            self.add_module(step.name, step.module)

    def forward(self, x: Tensor) -> Tensor:
        blobs = {self._bottom: x}
        for name, bottoms, tops in self._steps:
            given = getattr(self, name)(*(blobs[bottom] for bottom in bottoms))
            blobs.update(zip(tops, given if len(tops) > 1 else [given], strict=True))
        return blobs[self._top]


class CaffeNetwork(CaffeGraph):
    """A network from images to logits.

    Attributes:
      image: shape of an input without the batch, [channels, height, width].
      marked: names of the submodules that are a `module` of the prototxt, in order of execution.
      how_to_mark: what to do where there are none.
    """

    how_to_mark = (
        "no layer of the prototxt names a module, which is what is pruned at a ratio of its own; "
        "give the same one to the layers of each block, from one blob to another, as in: "
        'layer { name: "res2a_branch2a" module: "res2a" type: "Convolution" ... }'
    )

    def __init__(
        self,
        steps: Sequence[_Step],
        bottom: str,
        *,
        image: tuple[int, ...],
        marked: tuple[str, ...],
    ):
        super().__init__(steps, bottom, steps[-1].tops[-1])
        self.image = image
        self.marked = marked


def read_network(source: str | Path, *, image: tuple[int, ...] | None = None) -> CaffeNetwork:
    """Makes the network of a prototxt, with weights by its fillers or as torch draws them.

    Layers: Input and the data layers; Convolution, Deconvolution, InnerProduct, BatchNorm (which
    takes in the Scale behind it), Scale and Bias, Pooling, LRN; ReLU, PReLU, ELU, Sigmoid, TanH,
    ReLU6, Swish, Clip, AbsVal, BNLL, Exp, Log, Power, Softmax; Eltwise, Concat, Slice, Split, Crop,
    Flatten, Reshape, Dropout. A Softmax at the end is left out, as are losses and accuracies: the
    network makes logits, of two dimensions also where a pooling ends it.

    Args:
      source: the text, or the path of a file as a Path.
      image: shape of an input, [channels, height, width]; None for what the prototxt says.

    Raises:
      CocoTuneError: for text that is no network, a layer that is not known or whose settings are
        not, shapes that do not fit, and a `module` with more than one input or output.
      MissingDependencyError: without protobuf.
    """
    parsed = parse_prototxt(source, "NetParameter")
    try:
        return _make_network(parsed, image)
    except CocoTuneError as error:
        where = f"{source}: " if isinstance(source, Path) else ""
        raise CocoTuneError(f"{where}{error}") from error


def _make_network(parsed: Any, image: tuple[int, ...] | None) -> CaffeNetwork:
    layers = [layer for layer in parsed.layer if _is_trained(layer)]
    bottom, image = _input(parsed, layers, image)
    layers = [layer for layer in layers if layer.type not in (*_INPUTS, *_LEFT_OUT)]
    if layers and layers[-1].type == "Softmax":
        layers.pop()
    if not layers:
        raise CocoTuneError("the network has no layers, which are written 'layer { ... }'")
    _check_not_shared(layers)
    # Names have to differ within a module, and outside of modules.
    names: dict[str, set[str]] = defaultdict(set)
    layers = _with_scales(layers)
    try:
        blobs = {bottom: torch.zeros(1, *image)}
    except (RuntimeError, TypeError, MemoryError) as error:
        raise CocoTuneError(f"no image has the shape {list(image)}: {error}") from error
    steps = _steps(layers, blobs, names)
    shapes, last = {name: tuple(blob.shape) for name, blob in blobs.items()}, steps[-1].tops[-1]
    grouped: list[_Step] = []
    marked: dict[str, str] = {}
    start = 0
    for module, found in itertools.groupby(layer.module for layer, _ in layers):
        end = start + len(list(found))
        members, later, start = steps[start:end], steps[end:], end
        if not module:
            grouped += members
            continue
        if module in marked:
            raise CocoTuneError(f"module '{module}' is in two places; put its layers together")
        marked[module] = _attribute(module, names[""])
        source, top = _ends(module, members, later, last)
        grouped.append(_Step(marked[module], CaffeGraph(members, source, top), (source,), (top,)))
    if len(shapes[last]) == 4 and shapes[last][2:] == (1, 1):
        name = _attribute("flatten", names[""])
        grouped.append(_Step(name, nn.Flatten(), (last,), (f"{last}/{name}",)))
    return CaffeNetwork(grouped, bottom, image=image, marked=tuple(marked.values()))


def _check_not_shared(layers: Iterable[Any]) -> None:
    owners: dict[str, str] = {}
    for layer in layers:
        for name in (param.name for param in layer.param if param.name):
            owner = owners.setdefault(name, layer.name)
            if owner != layer.name:
                raise CocoTuneError(
                    f"layers '{owner}' and '{layer.name}' share the parameter '{name}', which is "
                    "not known; give them parameters of their own"
                )


def _is_trained(layer: Any) -> bool:
    """Whether a layer is there in training; its rules by level and stage do not count."""
    train, test = 0, 1
    if any(rule.HasField("phase") and rule.phase == train for rule in layer.exclude):
        return False
    phases = {rule.phase for rule in layer.include if rule.HasField("phase")}
    return phases != {test}


def _input(
    parsed: Any, layers: Iterable[Any], image: tuple[int, ...] | None
) -> tuple[str, tuple[int, ...]]:
    """Name and shape of the input; a data layer's second top is its labels."""
    feeding = [layer for layer in layers if layer.type in _INPUTS and layer.top]
    found = [*parsed.input, *(layer.top[0] for layer in feeding)]
    if len(found) != 1:
        raise CocoTuneError(
            f"the network has {len(found)} inputs, expected one, 'input' or a layer of type Input"
        )
    if image is not None:
        return found[0], image
    shapes = [list(given.dim) for given in parsed.input_shape]
    for layer in feeding:
        shapes += [list(given.dim) for given in layer.input_param.shape]
        shapes += [list(given.dim) for given in layer.dummy_data_param.shape]
        memory = layer.memory_data_param
        if memory.HasField("channels"):
            shapes.append([memory.batch_size, memory.channels, memory.height, memory.width])
    shape = shapes[0] if shapes else list(parsed.input_dim)
    if len(shape) != 4 or any(size < 1 for size in shape):
        raise CocoTuneError(
            f"input '{found[0]}' has the shape {shape or '(none)'}, expected number of images, "
            "channels, height and width; or give the shape of an image"
        )
    return found[0], tuple(shape[1:])


def _with_scales(layers: list[Any]) -> list[tuple[Any, Any]]:
    """Layers, each BatchNorm with the Scale of its channels behind it, the others with None."""
    pairs: list[tuple[Any, Any]] = []
    for layer in layers:
        before = pairs[-1][0] if pairs else None
        if (
            before is not None
            and before.type == "BatchNorm"
            and _is_scale_of(layer, before, layers)
        ):
            pairs[-1] = before, layer
        else:
            pairs.append((layer, None))
    return pairs


def _is_scale_of(layer: Any, norm: Any, layers: Iterable[Any]) -> bool:
    """Whether a layer scales the channels of a BatchNorm, and nobody wants them without."""
    given = layer.scale_param
    of_channels = all(
        not given.HasField(name) or getattr(given, name) == 1 for name in ("axis", "num_axes")
    )
    in_place = layer.top == norm.top
    return (
        layer.type == "Scale"
        and layer.bottom == norm.top
        and of_channels
        and (in_place or all(other is layer or norm.top[0] not in other.bottom for other in layers))
    )


@torch.no_grad()
def _steps(
    layers: list[tuple[Any, Any]], blobs: dict[str, Tensor], names: dict[str, set[str]]
) -> list[_Step]:
    """A step for each layer with its Scale; shapes are found by running them."""
    steps = []
    for layer, scale in layers:
        tops = (layer if scale is None else scale).top
        what = f"layer '{layer.name}' ({layer.type})"
        for name in layer.bottom:
            if name not in blobs:
                raise CocoTuneError(f"{what} reads '{name}', which no layer before it makes")
        if not layer.bottom or not tops:
            raise CocoTuneError(
                f"{what} has {len(layer.bottom)} bottoms and {len(tops)} tops, expected at least "
                "one of each"
            )
        inputs = [blobs[name] for name in layer.bottom]
        try:
            module = make_layer(layer, scale, inputs).eval()
            given = module(*inputs)
            blobs.update(zip(tops, given if len(tops) > 1 else [given], strict=True))
        except Exception as error:  # whatever torch makes of settings that do not fit
            shapes = " and ".join(str(list(value.shape[1:])) for value in inputs)
            raise CocoTuneError(f"{what}, on {shapes}: {error}") from error
        name = _attribute(layer.name, names[layer.module])
        steps.append(_Step(name, module.train(), tuple(layer.bottom), tuple(tops)))
    return steps


# Attributes that a network has already, which its layers cannot be.
_TAKEN = frozenset(
    dir(CaffeNetwork([_Step("step", nn.Identity(), ("x",), ("y",))], "x", image=(), marked=()))
) - {"step"}


def _attribute(name: str, names: set[str]) -> str:
    """A name that an attribute of a module can have, different from those there are."""
    plain = re.sub(r"\W", "_", name)
    if not plain.isidentifier() or plain in _TAKEN:
        plain = f"layer_{plain}"
    numbered = (f"{plain}_{number}" for number in itertools.count(2))
    unique = next(free for free in itertools.chain([plain], numbered) if free not in names)
    names.add(unique)
    return unique


def _ends(
    module: str, members: Sequence[_Step], later: Sequence[_Step], last: str
) -> tuple[str, str]:
    """The blobs that a module reads and gives."""
    needed = {last}
    for step in reversed(later):
        needed = (needed - set(step.tops)) | set(step.bottoms)
    made: set[str] = set()
    read: dict[str, None] = {}
    for step in members:
        read |= dict.fromkeys(name for name in step.bottoms if name not in made)
        made.update(step.tops)
    given = sorted(made & needed)
    if len(read) != 1 or len(given) != 1:
        raise CocoTuneError(
            f"module '{module}' reads {', '.join(read) or 'nothing'} and gives "
            f"{', '.join(given) or 'nothing'}, expected one blob each"
        )
    return next(iter(read)), given[0]
