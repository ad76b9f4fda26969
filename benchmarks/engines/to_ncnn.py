# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Translates torch modules to ncnn's file formats.

The module is traced, and its batch norms are folded into the convolutions before them. Then every
operation becomes one layer of ncnn; but a ReLU or ReLU6 that alone reads a convolution or a linear
layer becomes an activation of that layer, and a result that is read several times goes through a
layer Split, which ncnn asks for.

For int8 the file has scales, by which ncnn quantises: signed, symmetric, one for each filter and
one for each input. What only convolutions read stays int8 between them, as ncnn's own tools do it.
"""

import operator
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import torch
from torch import Tensor, fx, nn
from torch.fx.experimental.optimization import fuse
from torch.fx.proxy import TraceError

_MAGIC = "7767517"
_FLOAT32 = bytes(4)  # a tag before weights
_LARGEST_INT8 = 127.0
_ADDITIONS = (operator.add, torch.add)
_RELUS = (torch.relu, nn.functional.relu, "relu")
_FLATTENINGS = (torch.flatten, "flatten")


class UntranslatableError(Exception):
    """The model has an operation without a translation."""


def to_ncnn(model: nn.Module, calibration: Iterable[Tensor] = ()) -> tuple[str, bytes]:
    """Translates a model with one input and one output.

    Args:
      model: in eval mode; convolutions, batch norms after them, ReLU, ReLU6, pools, additions,
        flattening and linear layers, wired in any way.
      calibration: inputs; if there are any, convolutions and linear layers are quantised by them.

    Returns:
      The text of a .param file, with blobs named input and output, and the .bin file to it.

    Raises:
      UntranslatableError: there is something else in the model.
    """
    try:
        traced = fuse(model)
    except (TraceError, TypeError) as error:
        raise UntranslatableError(f"the model cannot be traced ({error})") from error
    traced = cast(fx.GraphModule, traced)
    largest = _LargestValues(traced)
    for x in calibration:
        largest.run(x)
    translation = _Translation(traced, largest.values)
    layers, blobs = translation.layers, translation.blobs
    param = "\n".join([_MAGIC, f"{len(layers)} {blobs}", *layers, ""])
    return param, bytes(translation.weights)


class _LargestValues(fx.Interpreter):
    """Runs a model, and keeps the largest absolute value of each result over all runs."""

    def __init__(self, traced: fx.GraphModule):
        super().__init__(traced)
        self.values: dict[fx.Node, float] = {}

    @torch.no_grad()
    def run_node(self, n: fx.Node) -> Tensor:
        result = super().run_node(n)
        self.values[n] = max(self.values.get(n, 0.0), float(result.abs().max()))
        return result


class _Translation:
    """Layers, number of blobs and weights of a traced model.

    Args:
      traced: the model.
      largest: absolute values of its nodes, where it is to be quantised.
    """

    def __init__(self, traced: fx.GraphModule, largest: Mapping[fx.Node, float]):
        self._largest = largest
        self.layers: list[str] = []
        self.blobs = 0
        self.weights = bytearray()
        self._modules = dict(traced.named_modules())
        self._reads = Counter(source for node in traced.graph.nodes for source in _sources(node))
        self._blobs_of: dict[fx.Node, Iterator[str]] = {}  # one for each time that it is read
        for node in traced.graph.nodes:
            if node not in self._blobs_of:  # else it is the activation of an earlier layer
                self._translate(node)

    def _translate(self, node: fx.Node) -> None:
        operation = self._operation(node)
        if set(node.all_input_nodes) != set(_sources(node)):
            raise UntranslatableError(
                f"no translation to ncnn for {operation} with these arguments"
            )
        if isinstance(operation, nn.Conv2d | nn.Linear):
            is_convolution = isinstance(operation, nn.Conv2d)
            kind = _convolution(operation) if is_convolution else _linear(operation)
            activation, result = self._activation(node)
            weights = (
                [operation.weight] if operation.bias is None else [operation.weight, operation.bias]
            )
            if self._largest:
                term, scales = self._scales(node, result)
                activation += f" 8={term}"
                weights += scales
            self._add(kind + activation, node, result)
            self.weights += _FLOAT32 + b"".join(map(_bytes, weights))
        elif node.op == "placeholder":
            if self.layers:
                raise UntranslatableError("the model has several inputs")
            self._add("Input", node, node, blob="input")
        elif node.op == "output":
            self._add("Noop", node, node, blob="output")
        elif operation in _ADDITIONS and len(_sources(node)) == 2 and not node.kwargs:
            self._add("BinaryOp 0=0", node, node)
        elif isinstance(operation, nn.ReLU) or operation in _RELUS:
            self._add("ReLU", node, node)
        elif isinstance(operation, nn.ReLU6):
            self._add("Clip 0=0 1=6", node, node)
        elif isinstance(operation, nn.MaxPool2d | nn.AvgPool2d | nn.AdaptiveAvgPool2d):
            self._add(_pool(operation), node, node)
        elif _flattens_all(node, operation):
            self._add("Flatten", node, node)
        elif isinstance(operation, nn.Dropout | nn.Identity):
            self._add("Noop", node, node)
        else:
            raise UntranslatableError(f"no translation to ncnn for {operation}")

    def _operation(self, node: fx.Node) -> object:
        """The module, function or name of a method that a node calls."""
        return self._modules[str(node.target)] if node.op == "call_module" else node.target

    def _activation(self, node: fx.Node) -> tuple[str, fx.Node]:
        """Parameters of the activation that a layer takes over, and the node it then computes."""
        if self._reads[node] == 1:
            (reader,) = node.users
            operation = self._operation(reader)
            if isinstance(operation, nn.ReLU) or operation in _RELUS:
                return " 9=1", reader
            if isinstance(operation, nn.ReLU6):
                return " 9=3 -23310=2,0,6", reader  # clip, to an array of two bounds
        return "", node

    def _scales(self, node: fx.Node, result: fx.Node) -> tuple[int, list[Tensor]]:
        """The scales of a layer that is quantised, and ncnn's number for which there are."""
        layer = cast(nn.Conv2d | nn.Linear, self._operation(node))
        is_convolution = isinstance(layer, nn.Conv2d)
        blobs = _sources(node)
        if is_convolution and all(
            isinstance(self._operation(reader), nn.Conv2d) for reader in result.users
        ):
            blobs.append(result)  # which then is int8
        term = 1 if is_convolution and layer.groups > 1 else 2
        filters = _LARGEST_INT8 / layer.weight.abs().flatten(1).amax(dim=1)
        scales = [torch.tensor(_LARGEST_INT8 / self._largest[blob]) for blob in blobs]
        return term + 100 * (len(blobs) - 1), [filters, *scales]

    def _add(self, kind: str, node: fx.Node, result: fx.Node, *, blob: str = "") -> None:
        """Adds a layer.

        Args:
          kind: its type and parameters.
          node: whose arguments it reads.
          result: what it computes, `node` or an activation after it.
          blob: name of what it computes, where that is prescribed.
        """
        blob = blob or result.name
        sources = [next(self._blobs_of[source]) for source in _sources(node)]
        self._line(kind, sources, [blob])
        reads = self._reads[result]
        blobs = [blob] if reads < 2 else [f"{blob}.{number}" for number in range(reads)]
        if reads > 1:
            self._line("Split", [blob], blobs)
        self._blobs_of[result] = iter(blobs)

    def _line(self, kind: str, bottoms: list[str], tops: list[str]) -> None:
        name, *parameters = kind.split()
        label = f"{name.lower()}{len(self.layers)}"
        counts = [str(len(bottoms)), str(len(tops))]
        self.layers.append(" ".join([name, label, *counts, *bottoms, *tops, *parameters]))
        self.blobs += len(tops)


def _sources(node: fx.Node) -> list[fx.Node]:
    """The nodes whose results a node reads, in order, each as often as it is read."""
    arguments = node.args[:2] if node.target in _ADDITIONS else node.args[:1]
    return [argument for argument in arguments if isinstance(argument, fx.Node)]


def _convolution(layer: nn.Conv2d) -> str:
    if isinstance(layer.padding, str) or layer.padding_mode != "zeros":
        raise UntranslatableError(f"no translation to ncnn for the padding of {layer}")
    kind = "Convolution" if layer.groups == 1 else f"ConvolutionDepthWise 7={layer.groups}"
    return (
        f"{kind} 0={layer.out_channels} 1={layer.kernel_size[1]} 11={layer.kernel_size[0]} "
        f"2={layer.dilation[1]} 12={layer.dilation[0]} 3={layer.stride[1]} 13={layer.stride[0]} "
        f"4={layer.padding[1]} 14={layer.padding[0]} "
        f"5={int(layer.bias is not None)} 6={layer.weight.numel()}"
    )


def _linear(layer: nn.Linear) -> str:
    bias = int(layer.bias is not None)
    return f"InnerProduct 0={layer.out_features} 1={bias} 2={layer.weight.numel()}"


def _pool(layer: nn.MaxPool2d | nn.AvgPool2d | nn.AdaptiveAvgPool2d) -> str:
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        if _pair(layer.output_size) != (1, 1):
            raise UntranslatableError(f"no translation to ncnn for {layer}")
        return "Pooling 0=1 4=1"
    average = isinstance(layer, nn.AvgPool2d)
    if layer.ceil_mode or (layer.divisor_override if average else layer.dilation != 1):
        raise UntranslatableError(f"no translation to ncnn for {layer}")
    (height, width), (down, right) = _pair(layer.kernel_size), _pair(layer.stride)
    top, left = _pair(layer.padding)
    return (
        f"Pooling 0={int(average)} 1={width} 11={height} 2={right} 12={down} 3={left} 13={top} "
        f"14={left} 15={top} 5=1 6={int(average and layer.count_include_pad)}"
    )


def _flattens_all(node: fx.Node, operation: object) -> bool:
    """Whether it makes a vector of every image."""
    if isinstance(operation, nn.Flatten):
        return (operation.start_dim, operation.end_dim) == (1, -1)
    return operation in _FLATTENINGS and node.args[1:] == (1,) and not node.kwargs


def _pair(value: object) -> tuple:
    return tuple(value) if isinstance(value, tuple | list) else (value, value)


def _bytes(tensor: Tensor) -> bytes:
    return tensor.detach().contiguous().numpy().tobytes()
