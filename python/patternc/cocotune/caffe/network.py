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

_INPUTS = ("Input", "Data", "ImageData", "DummyData", "MemoryData")
# What grades a network has no place in one that makes logits.
_LEFT_OUT = ("Accuracy", "SoftmaxWithLoss", "Silence")


@dataclass(frozen=True)
class _Step:
    """A module that is called on some blobs and gives another."""

    name: str
    module: nn.Module
    bottoms: tuple[str, ...]
    top: str


class CaffeGraph(nn.Module):
    """Modules called in order, from one named blob to another."""

    def __init__(self, steps: Sequence[_Step], bottom: str, top: str):
        super().__init__()
        self._steps = [(step.name, step.bottoms, step.top) for step in steps]
        self._bottom, self._top = bottom, top
        for step in steps:
            self.add_module(step.name, step.module)

    def forward(self, x: Tensor) -> Tensor:
        blobs = {self._bottom: x}
        for name, bottoms, top in self._steps:
            blobs[top] = getattr(self, name)(*(blobs[bottom] for bottom in bottoms))
        return blobs[self._top]


class CaffeNetwork(CaffeGraph):
    """A network from images to logits.

    Attributes:
      image: shape of an input without the batch, [channels, height, width].
      marked: names of the submodules that are a `module` of the prototxt, in order of execution.
    """

    def __init__(
        self,
        steps: Sequence[_Step],
        bottom: str,
        *,
        image: tuple[int, ...],
        marked: tuple[str, ...],
    ):
        super().__init__(steps, bottom, steps[-1].top)
        self.image = image
        self.marked = marked


def read_network(source: str | Path, *, image: tuple[int, ...] | None = None) -> CaffeNetwork:
    """Makes the network of a prototxt, with weights by its fillers or as torch draws them.

    Layers: Input and the data layers, Convolution, BatchNorm (with the Scale behind it), ReLU,
    Pooling, InnerProduct, Eltwise, Concat, Dropout, LRN, Flatten, and Reshape where it flattens. A
    Softmax at the end is left out, as are losses and accuracies: the network makes logits.

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
    # Names have to differ within a module, and outside of modules.
    names: dict[str, set[str]] = defaultdict(set)
    layers = _with_scales(layers)
    steps = _steps(layers, {bottom: torch.zeros(1, *image)}, names)
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
        source, top = _ends(module, members, later, steps[-1].top)
        grouped.append(_Step(marked[module], CaffeGraph(members, source, top), (source,), top))
    return CaffeNetwork(grouped, bottom, image=image, marked=tuple(marked.values()))


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
    shapes = [*parsed.input_shape, *(s for layer in feeding for s in layer.input_param.shape)]
    shape = list(shapes[0].dim) if shapes else list(parsed.input_dim)
    if len(shape) != 4 or any(size < 1 for size in shape):
        raise CocoTuneError(
            f"input '{found[0]}' has the shape {shape or '(none)'}, expected number of images, "
            "channels, height and width; or give the shape of an image"
        )
    return found[0], tuple(shape[1:])


def _with_scales(layers: list[Any]) -> list[tuple[Any, Any]]:
    """Layers, each BatchNorm with the Scale behind it, the others with None."""
    pairs: list[tuple[Any, Any]] = []
    for layer in layers:
        before = pairs[-1][0] if pairs else None
        if layer.type == "Scale":
            if before is None or before.type != "BatchNorm" or layer.bottom != before.top:
                raise CocoTuneError(
                    f"layer '{layer.name}' (Scale) does not follow the BatchNorm that it belongs to"
                )
            pairs[-1] = before, layer
        else:
            pairs.append((layer, None))
    return pairs


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
        if not layer.bottom or len(tops) != 1:
            raise CocoTuneError(
                f"{what} has {len(layer.bottom)} bottoms and {len(tops)} tops, expected at least "
                "one bottom, and one top"
            )
        inputs = [blobs[name] for name in layer.bottom]
        try:
            module = make_layer(layer, scale, inputs).eval()
            blobs[tops[0]] = module(*inputs)
        except (CocoTuneError, RuntimeError, TypeError, ValueError) as error:
            shapes = " and ".join(str(list(value.shape[1:])) for value in inputs)
            raise CocoTuneError(f"{what}, on {shapes}: {error}") from error
        name = _attribute(layer.name, names[layer.module])
        steps.append(_Step(name, module.train(), tuple(layer.bottom), tops[0]))
    return steps


def _attribute(name: str, names: set[str]) -> str:
    """A name that an attribute of a module can have, different from those there are."""
    plain = re.sub(r"\W", "_", name)
    if not plain.isidentifier() or hasattr(nn.Module, plain):
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
        needed = (needed - {step.top}) | set(step.bottoms)
    made: set[str] = set()
    read: dict[str, None] = {}
    for step in members:
        read |= dict.fromkeys(name for name in step.bottoms if name not in made)
        made.add(step.top)
    given = sorted(made & needed)
    if len(read) != 1 or len(given) != 1:
        raise CocoTuneError(
            f"module '{module}' reads {', '.join(read) or 'nothing'} and gives "
            f"{', '.join(given) or 'nothing'}, expected one blob each"
        )
    return next(iter(read)), given[0]
