# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Which channels inside a module are one and the same, and which of them can be removed.

The module is traced by torch.fx, and every channel of every value in it gets a number. A
convolution makes new channels; batch norm, activations, pooling and depthwise convolutions hand on
those that they read; a concatenation lists them; a sum or product makes the channels of its
operands one. What an operation does that is not known here is not guessed: the channels that it
reads and gives stay. So do those of the module's input and output.
"""

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp
from torch.nn import functional
from torch.nn.modules.batchnorm import _NormBase  # batch and instance norms, nowhere public

from patternc.errors import CocoTuneError

Convolution = nn.Conv1d | nn.Conv2d

# What keeps the channels apart and in their order, whatever it does with each.
_CHANNELWISE_LAYERS = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish),
    *(nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Identity),
    *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Upsample, nn.ZeroPad2d),
    *(nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d),
)
_CHANNELWISE_FUNCTIONS = (
    *(torch.relu, torch.relu_, torch.sigmoid, torch.tanh, torch.clamp, torch.clone, torch.neg),
    *(functional.relu, functional.relu6, functional.leaky_relu, functional.elu, functional.gelu),
    *(functional.silu, functional.mish, functional.hardtanh, functional.hardswish),
    *(functional.hardsigmoid, functional.sigmoid, functional.tanh, functional.softplus),
    *(functional.dropout, functional.dropout2d, functional.interpolate),
    *(functional.max_pool1d, functional.max_pool2d, functional.avg_pool1d, functional.avg_pool2d),
    *(functional.adaptive_avg_pool1d, functional.adaptive_avg_pool2d),
    *(functional.adaptive_max_pool1d, functional.adaptive_max_pool2d),
)
_CHANNELWISE_METHODS = (
    *("relu", "relu_", "sigmoid", "sigmoid_", "tanh", "tanh_", "clamp", "clamp_"),
    *("clone", "contiguous", "neg"),
)
_ELEMENTWISE_FUNCTIONS = (
    *(operator.add, operator.iadd, operator.sub, operator.isub),
    *(operator.mul, operator.imul, operator.truediv, operator.itruediv),
    *(torch.add, torch.sub, torch.mul, torch.div),
)
_ELEMENTWISE_METHODS = ("add", "add_", "sub", "sub_", "mul", "mul_", "div", "div_")
_CONCATENATIONS = (torch.cat, torch.concat, torch.concatenate)


@dataclass(frozen=True)
class LayerChannels:
    """The channels that a layer reads and gives, by their numbers; for a norm they are the same."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class FilterGroup:
    """Channels that can be removed, each with the same filters of the same convolutions.

    Attributes:
      producers: names of the convolutions and linear layers that make them, in order of execution.
        Several where their outputs are added or multiplied.
      channels: the numbers.
    """

    producers: tuple[str, ...]
    channels: tuple[int, ...]


@dataclass(frozen=True)
class ModuleChannels:
    """The channels of a module.

    Attributes:
      layers: those that have weights for each channel, by name in the module.
      groups: the filters that can be removed.
    """

    layers: dict[str, LayerChannels]
    groups: tuple[FilterGroup, ...]


def find_channels(module: nn.Module, example_input: Tensor) -> ModuleChannels:
    """Finds the channels of a module that takes one tensor and gives one.

    Args:
      module: the module, in eval mode.
      example_input: of the shape that it reads, [n, channels, ...].

    Raises:
      CocoTuneError: when torch.fx cannot trace it.
    """
    return _Channels(module, example_input).found()


class _Channels:
    def __init__(self, module: nn.Module, example_input: Tensor):
        try:
            self._traced = fx.symbolic_trace(module)
        except Exception as error:  # whatever the module's own code does with a proxy
            raise CocoTuneError(
                f"torch.fx cannot trace {type(module).__name__}, so that its filters cannot be "
                f"removed: {error}; prune patterns, or write its forward without data-dependent "
                "control flow"
            ) from error
        with torch.no_grad():
            ShapeProp(self._traced).propagate(example_input)
        self._parents = [0]  # channel 0 stands for all that stay
        self._channels: dict[fx.Node, list[int]] = {}
        self._layers: dict[str, LayerChannels] = {}
        self._makers: list[str] = []

    def found(self) -> ModuleChannels:
        for node in self._traced.graph.nodes:
            shape = _shape(node)
            if shape is None:
                self._keep(node)
            elif node.op == "placeholder":
                self._channels[node] = [0] * shape[1]
            else:
                self._channels[node] = self._of(node) or self._keep(node)
        layers = {
            name: LayerChannels(self._roots(layer.inputs), self._roots(layer.outputs))
            for name, layer in self._layers.items()
        }
        producers: dict[int, list[str]] = {}
        for name in self._makers:
            for channel in dict.fromkeys(layers[name].outputs):
                producers.setdefault(channel, []).append(name)
        groups: dict[tuple[str, ...], list[int]] = {}
        for channel, names in producers.items():
            if channel != self._root(0):
                groups.setdefault(tuple(names), []).append(channel)
        return ModuleChannels(
            layers,
            tuple(
                FilterGroup(names, tuple(channels))
                for names, channels in groups.items()
                if len(channels) > 1  # one filter is always left
            ),
        )

    def _of(self, node: fx.Node) -> list[int] | None:
        """Channels of what a node gives, None when nothing is known about them."""
        if node.op == "call_module":
            return self._of_layer(node, self._traced.get_submodule(str(node.target)))
        if node.op not in ("call_function", "call_method"):
            return None
        called, is_method = node.target, node.op == "call_method"
        if called in (_CHANNELWISE_METHODS if is_method else _CHANNELWISE_FUNCTIONS):
            return self._read(node)
        if called in (_ELEMENTWISE_METHODS if is_method else _ELEMENTWISE_FUNCTIONS):
            return self._elementwise(node)
        if not is_method and called in _CONCATENATIONS:
            return self._concatenated(node)
        if called == ("flatten" if is_method else torch.flatten):
            start = _argument(node, 1, "start_dim", 0)
            return self._flattened(node, start, _argument(node, 2, "end_dim", -1))
        if called == ("mean" if is_method else torch.mean):
            return self._mean(node)
        return None

    def _of_layer(self, node: fx.Node, layer: nn.Module) -> list[int] | None:
        read = self._read(node)
        if read is None:
            return None
        if isinstance(layer, _CHANNELWISE_LAYERS):
            return read
        if isinstance(layer, nn.Flatten):
            return self._flattened(node, layer.start_dim, layer.end_dim)
        name = str(node.target)
        if isinstance(layer, _NormBase):
            return self._note(name, read, read)
        if isinstance(layer, Convolution | nn.Linear) and "weight" in layer._parameters:
            filters = layer.weight.shape[0]
            if getattr(layer, "groups", 1) == 1:
                matrix = isinstance(layer, nn.Linear)
                if matrix and len(_shape(node) or ()) != 2:
                    return None
                self._makers += [] if name in self._makers else [name]
                return self._note(name, read, self._new(filters))
            if layer.groups == len(read):
                copies = filters // len(read)
                return self._note(name, read, [c for c in read for _ in range(copies)])
        return None

    def _elementwise(self, node: fx.Node) -> list[int] | None:
        nodes = [argument for argument in node.args if isinstance(argument, fx.Node)]
        operands = [self._channels.get(operand) for operand in nodes]
        rank = len(_shape(node) or ())
        if node.kwargs or any(len(_shape(operand) or ()) != rank for operand in nodes):
            return None
        widest = max((operand for operand in operands if operand), key=len)
        for operand in operands:
            assert operand is not None
            if len(operand) == len(widest):
                self._tie(operand, widest)
            else:  # one channel that all others are combined with
                self._tie(operand, [0])
        return widest

    def _concatenated(self, node: fx.Node) -> list[int] | None:
        values, rank = node.args[0], len(_shape(node) or ())
        dimension = _argument(node, 1, "dim", 0)
        if not isinstance(values, list | tuple) or not isinstance(dimension, int):
            return None
        if dimension % rank != 1:
            return None
        parts = [self._channels[value] for value in values if isinstance(value, fx.Node)]
        return [channel for part in parts for channel in part]

    def _flattened(self, node: fx.Node, start: Any, end: Any) -> list[int] | None:
        read, shape = self._read(node), _shape(node.all_input_nodes[0])
        if read is None or shape is None or start != 1 or end % len(shape) != len(shape) - 1:
            return None
        return [channel for channel in read for _ in range(math.prod(shape[2:]))]

    def _mean(self, node: fx.Node) -> list[int] | None:
        shape = _shape(node.all_input_nodes[0])
        dimensions = _argument(node, 1, "dim", None)
        if shape is None or not isinstance(dimensions, list | tuple | int):
            return None
        dimensions = [dimensions] if isinstance(dimensions, int) else dimensions
        if any(dimension % len(shape) < 2 for dimension in dimensions):
            return None
        return self._read(node)

    def _read(self, node: fx.Node) -> list[int] | None:
        """Channels of what the node reads, if it is one value."""
        inputs = node.all_input_nodes
        return self._channels.get(inputs[0]) if len(inputs) == 1 else None

    def _new(self, count: int) -> list[int]:
        first = len(self._parents)
        self._parents += range(first, first + count)
        return list(range(first, first + count))

    def _note(self, name: str, inputs: list[int], outputs: list[int]) -> list[int]:
        """Notes what a layer does; one that is called twice does the same to both."""
        noted = self._layers.setdefault(name, LayerChannels(tuple(inputs), tuple(outputs)))
        self._tie(noted.inputs, inputs)
        self._tie(noted.outputs, outputs)
        return list(noted.outputs)

    def _keep(self, node: fx.Node) -> list[int]:
        """Lets all channels that a node reads stay, and those that it gives."""
        for read in node.all_input_nodes:
            self._tie(self._channels.get(read, []), [0])
        return [0] * ((_shape(node) or (0, 0))[1])

    def _tie(self, first: Sequence[int], second: Sequence[int]) -> None:
        """Makes channels one, in pairs; a single one in `second` is one with all."""
        if len(second) == 1:
            second = [*second] * len(first)
        for a, b in zip(first, second, strict=True):
            self._parents[self._root(a)] = self._root(b)

    def _root(self, channel: int) -> int:
        while self._parents[channel] != channel:
            self._parents[channel] = self._parents[self._parents[channel]]
            channel = self._parents[channel]
        return channel

    def _roots(self, channels: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(map(self._root, channels))


def _shape(node: fx.Node) -> tuple[int, ...] | None:
    """Shape of a value that has channels, which are its second dimension."""
    found = node.meta.get("tensor_meta")
    shape = getattr(found, "shape", None)
    return tuple(shape) if shape is not None and len(shape) >= 2 else None


def _argument(node: fx.Node, place: int, name: str, default: Any) -> Any:
    return node.args[place] if len(node.args) > place else node.kwargs.get(name, default)
