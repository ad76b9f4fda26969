# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Quantised programs in terms of float32 tensors that hold the integers.

PyTorch quantises and dequantises around operators on floats; only what lies between is in 8 bits.
torch-mlir has no such operators, and gets 8-bit arithmetic wrong. So

    quantise     clamp(round(x * (1 / scale)) + zero_point, quant_min, quant_max)
    dequantise   (q - zero_point) * scale

are written as float32 arithmetic, by the operators and in the order in which PyTorch computes them:
the result is the same to the bit, and the compiler finds the form again to make integer kernels of
it. The zero point is there even if it is 0, which turns the -0 that a small negative number is
rounded to into the 0 that an integer is. Weights, whose integers are constant, become plain
float32 weights.
"""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, InputSpec, TensorArgument
from torch.fx import Node
from torch.fx.node import map_arg

from patternc.errors import ModelError
from patternc.frontends.bytes import MOVES
from patternc.frontends.exporting import layer_of, layer_path

_aten = torch.ops.aten
# By name: they are known to PyTorch only once something has imported them.
_QUANTIZE = {
    f"quantized_decomposed.quantize_per_{name}"
    for name in ("tensor.default", "tensor.tensor", "tensor.tensor2", "channel.default")
}
_DEQUANTIZE = {name.replace(".quantize", ".dequantize") for name in _QUANTIZE}
_FAKE_QUANTIZE = {
    "aten.fake_quantize_per_tensor_affine_cachemask.default",
    "aten._fake_quantize_per_tensor_affine_cachemask_tensor_qparams.default",
    "aten.fake_quantize_per_channel_affine_cachemask.default",
}
# Their integers are exact in float32.
_EXACT = (torch.int8, torch.uint8, torch.int16)


def write_in_floats_(program: ExportedProgram) -> None:
    """Rewrites what a decomposed program quantises and dequantises, in place.

    An integer tensor that something else than a dequantisation reads, such as a result of the
    program, is converted to its dtype there.

    Raises:
      ModelError: for scales that depend on the input (dynamic quantisation) or that are no
        positive finite numbers, and for integers that float32 does not hold; names the layer.
    """
    nodes = list(program.graph.nodes)
    if not any(_is_quantization(node) for node in nodes):
        return
    rewriter = _Rewriter(program)
    for node in nodes:
        with program.graph.inserting_before(node):
            rewriter.rewrite(node)
    rewriter.finish()


def _is_quantization(node: Node) -> bool:
    name = str(node.target)
    return name.startswith("quantized_decomposed.") or name in _FAKE_QUANTIZE


@dataclass(frozen=True)
class _Parameters:
    """Numbers for all of a tensor, or tensors that broadcast along its channels."""

    scale: Any
    inverse: Any
    zero_point: Any  # None: there is none
    limits: tuple[float, float]


class _Rewriter:
    def __init__(self, program: ExportedProgram):
        self._program = program
        signature = program.graph_signature
        stored = {**program.constants, **program.state_dict}
        self._values: dict[Node, Any] = {}
        self._known: set[Any] = set()
        targets = {spec.arg.name: spec.target for spec in signature.input_specs if spec.target}
        for node in program.graph.nodes:
            if node.op == "placeholder" and node.name in targets:
                self._values[node] = stored[targets[node.name]]
                self._known.add(node)
            elif node.op == "call_function" and self._known.issuperset(node.all_input_nodes):
                self._known.add(node)
        self._integers: dict[Node, Node] = {}  # to the float32 tensors that hold them
        self._metadata: dict[str, Any] = {}  # of the node that is being rewritten

    def rewrite(self, node: Node) -> None:
        name = str(node.target)
        self._metadata = node.meta
        if name in _DEQUANTIZE or name in _FAKE_QUANTIZE:
            if node in self._known:
                new = self._weight(node)
            elif name in _DEQUANTIZE:
                new = self._dequantize(node)
            else:
                new = self._fake_quantize(node)
            self._replace(node, new)
        elif name in _QUANTIZE:
            if node not in self._known:
                self._integers[node] = self._quantize(node)
        elif node.target in MOVES and self._integers.keys() >= {*node.all_input_nodes}:
            target: Any = node.target
            args: Any = map_arg(node.args, self._integers.__getitem__)
            self._integers[node] = self._call(target, *args, **node.kwargs)
        elif name.startswith("quantized_decomposed.choose_qparams"):
            raise ModelError(
                f"operator {name}{layer_of(node)} computes scales from the input (dynamic "
                "quantisation); expected constant ones, as patternc.quantize and convert_pt2e "
                "with static quantizers make them"
            )

    def finish(self) -> None:
        """Converts the integers that are still read, and removes what is not."""
        graph = self._program.graph
        for node, held in reversed(self._integers.items()):
            if node.target in MOVES or not node.users:
                continue  # bytes may be moved
            self._metadata = node.meta
            with graph.inserting_before(node):
                # torch-mlir takes what it converts straight to uint8 for signed.
                wide = self._call(_aten._to_copy.default, held, dtype=torch.int32)
                dtype = node.meta["val"].dtype
                self._replace(node, self._call(_aten._to_copy.default, wide, dtype=dtype))
        graph.eliminate_dead_code()
        graph.lint()

    def _quantize(self, node: Node) -> Node:
        x: Any = node.args[0]
        dtype: Any = node.args[-1]
        if dtype not in _EXACT:
            raise ModelError(
                f"operator {node.target}{layer_of(node)} quantises to "
                f"{str(dtype).removeprefix('torch.')}; expected int8, uint8 or int16"
            )
        if x.meta["val"].dtype != torch.float32:
            x = self._call(_aten._to_copy.default, x, dtype=torch.float32)
        return self._to_integers(x, self._parameters(node))

    def _dequantize(self, node: Node) -> Node:
        dtype = node.meta["val"].dtype
        integers: Any = node.args[0]
        q = self._integers.get(integers)
        if q is None or dtype != torch.float32:
            q = self._call(_aten._to_copy.default, q or integers, dtype=dtype)
        return self._cast(self._from_integers(q, self._parameters(node)), dtype)

    def _fake_quantize(self, node: Node) -> Node:
        parameters = self._parameters(node)
        x: Any = node.args[0]
        if x.meta["val"].dtype != torch.float32:
            raise ModelError(
                f"operator {node.target}{layer_of(node)} quantises a tensor that is not float32"
            )
        return self._from_integers(self._to_integers(x, parameters), parameters)

    def _to_integers(self, x: Node, parameters: _Parameters) -> Node:
        scaled = self._with(_aten.mul, x, parameters.inverse)
        rounded = self._call(_aten.round.default, scaled)
        moved = self._with(_aten.add, rounded, parameters.zero_point)
        clamped = self._call(_aten.clamp.default, moved, *parameters.limits)
        return self._cast(clamped, torch.float32)

    def _from_integers(self, q: Node, parameters: _Parameters) -> Node:
        if parameters.zero_point is not None:
            q = self._with(_aten.sub, q, parameters.zero_point)
        return self._with(_aten.mul, q, parameters.scale)

    def _parameters(self, node: Node) -> _Parameters:
        """The parameters of a node that computes with integers."""
        is_fake = str(node.target) in _FAKE_QUANTIZE
        per_channel = "per_channel" in str(node.target)
        rest: list[Any] = list(node.args[1:])
        scale, zero_point = (self._number(number, node) for number in rest[:2])
        axis = rest.pop(2) if per_channel else None
        if "tensor_qparams" in str(node.target):
            rest.pop(2)  # whether to quantise at all
        low, high = (self._number(number, node) for number in rest[2:4])
        limits = (float(low), float(high))
        if not torch.is_tensor(scale):
            if is_fake:  # computes with a scale of float32, and divides in float32
                scale = torch.tensor(scale, dtype=torch.float32).item()
            _check_scale(scale, node)
            return _Parameters(scale, 1.0 / scale, float(zero_point), limits)
        for number in scale.tolist():
            _check_scale(number, node)
        return self._channel_parameters(node, scale, zero_point, axis, limits)

    def _channel_parameters(
        self, node: Node, scale: Any, zero_point: Any, axis: Any, limits: tuple[float, float]
    ) -> _Parameters:
        x: Any = node.args[0]
        shape = [1] * x.meta["val"].dim()
        shape[axis] = len(scale)
        name = f"{layer_path(node)}.".lstrip(".")
        scale = scale.detach().view(shape)
        if zero_point is not None:
            zeros = zero_point.detach().float()
            zero_point = zeros[0].item()
            if (zeros != zero_point).any():
                zero_point = self._stored(zeros.view(shape), f"{name}zero_point")
        return _Parameters(
            self._stored(scale, f"{name}scale"),
            self._stored(1.0 / scale, f"{name}inverse_scale"),
            zero_point,
            limits,
        )

    def _number(self, argument: Any, node: Node) -> Any:
        """The value of an argument: a number if it is one for all of the tensor."""
        if not isinstance(argument, Node):
            return argument
        if argument not in self._known:
            raise ModelError(
                f"operator {node.target}{layer_of(node)} has a scale, zero point or range that "
                "depends on the input; expected constants"
            )
        value = self._value(argument)
        return value if "per_channel" in str(node.target) else value.item()

    def _value(self, node: Node) -> Any:
        if node not in self._values:
            args: Any = map_arg(node.args, self._value)
            kwargs: Any = map_arg(node.kwargs, self._value)
            with torch.no_grad():
                target: Any = node.target
                self._values[node] = target(*args, **kwargs)
        return self._values[node]

    def _weight(self, node: Node) -> Node:
        """A dequantised constant, named after the parameter that it was once."""
        value = self._value(node)
        value = value[0] if isinstance(value, tuple) else value
        kind = "weight" if value.dim() > 1 else "bias"
        return self._stored(value, f"{layer_path(_reader(node))}.{kind}".lstrip("."))

    def _stored(self, value: torch.Tensor, name: str) -> Node:
        """A new parameter of the program."""
        signature = self._program.graph_signature
        graph = self._program.graph
        placeholders = {node.name: node for node in graph.nodes if node.op == "placeholder"}
        for spec in list(signature.input_specs):
            # What was quantised may still be there, though nothing reads it.
            if spec.target == name and not placeholders[spec.arg.name].users:
                signature.input_specs.remove(spec)
                graph.erase_node(placeholders.pop(spec.arg.name))
        target, count = name, 0
        while target in {spec.target for spec in signature.input_specs}:
            count += 1
            target = f"{name}_{count}"
        first = next(iter(graph.nodes))
        with graph.inserting_before(first):
            node = graph.placeholder(f"quantized_{target.replace('.', '_')}")
        fake = _fake_mode(self._program).from_tensor(value.detach(), static_shapes=True)
        node.meta["val"] = fake
        spec = InputSpec(InputKind.PARAMETER, TensorArgument(node.name), target)
        signature.input_specs.insert(0, spec)
        self._program.state_dict[target] = value.detach().contiguous()
        self._values[node] = self._program.state_dict[target]
        self._known.add(node)
        return node

    def _with(self, packet: Any, x: Node, number: Any) -> Node:
        overload = packet.Tensor if isinstance(number, Node) else packet.Scalar
        return self._call(overload, x, number)

    def _cast(self, x: Node, dtype: torch.dtype) -> Node:
        if x.meta["val"].dtype == dtype:
            return x
        return self._call(_aten._to_copy.default, x, dtype=dtype)

    def _call(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Node:
        new = self._program.graph.call_function(target, args, kwargs)
        new.meta.update(self._metadata)
        new.meta.pop("tensor_meta", None)  # has the dtype of the integers
        values: Any = map_arg((args, kwargs), lambda node: node.meta["val"])
        new.meta["val"] = target(*values[0], **values[1])
        return new

    def _replace(self, node: Node, new: Node) -> None:
        # A fake quantisation also says where it clamped, for gradients.
        fake = str(node.target) in _FAKE_QUANTIZE
        for old in list(node.users) if fake else [node]:
            if fake and old.args[1] != 0:
                continue
            old.replace_all_uses_with(new)
            self._program.graph_signature.replace_all_uses(old.name, new.name)
            self._program.graph.erase_node(old)


def _reader(node: Node) -> Node:
    """The first operator that computes with a constant, and does not only look at it."""
    while node.users:
        node = next(iter(node.users))
        if node.target is not operator.getitem and node.target not in MOVES:
            break
    return node


def _check_scale(scale: float, node: Node) -> None:
    if not (math.isfinite(scale) and scale > 0):
        raise ModelError(
            f"operator {node.target}{layer_of(node)} has the scale {scale}; expected a positive "
            "finite number"
        )


def _fake_mode(program: ExportedProgram) -> Any:
    return next(
        value.fake_mode
        for node in program.graph.nodes
        if hasattr(value := node.meta.get("val"), "fake_mode")
    )
