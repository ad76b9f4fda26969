# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Layers of a captured graph with weights of their own, which are what is quantised.

Weights that are computed from constants, by a parametrisation or a standardisation, are folded.
Products with a constant matrix become linear layers.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node
from torch.fx.node import map_arg

from patternc.frontends import exporting
from patternc.quantization import operators

_aten = torch.ops.aten


def make_weights_plain_(graph: GraphModule) -> None:
    """Gives all layers of constant weights plain ones, in place."""
    for node in list(graph.graph.nodes):
        _become_linear_(graph, node)
    constants = _constants(graph)
    folded: dict[Node, Node] = {}  # from what was computed
    values: dict[Node, Any] = {}
    for layer in list(graph.graph.nodes):
        if operators.operator_name(layer) not in operators.LAYERS:
            continue
        weight: Any = layer.args[1]
        if weight not in constants or weight.op == "get_attr":
            continue
        if weight not in folded:
            with graph.graph.inserting_before(layer):
                folded[weight] = node = graph.graph.create_node("get_attr", _name(layer))
            node.meta["val"] = weight.meta["val"]
            values[node] = _value(graph, weight)
        layer.update_arg(1, folded[weight])
    for node in reversed(graph.graph.nodes):
        if node in constants and not node.users:
            graph.graph.erase_node(node)
    read = {str(n.target) for n in graph.graph.nodes if n.op == "get_attr" and n not in values}
    for node, value in values.items():
        _store(graph, node, value, read)
    graph.recompile()


def _become_linear_(graph: GraphModule, node: Node) -> None:
    """Writes a product of rows with a matrix, and perhaps a bias, as PyTorch's layer does."""
    name = operators.operator_name(node)
    arguments: Any = node.args
    if name == "addmm" and not node.kwargs:  # neither of the sum's factors
        bias, x, matrix = arguments
    elif name in ("matmul", "mm"):
        (x, matrix), bias = arguments, None
    else:
        return
    operands: list[Any] = [matrix] if bias is None else [matrix, bias]
    if not all(isinstance(operand, Node) and operand.op == "get_attr" for operand in operands):
        return
    ranks = [operand.meta["val"].dim() for operand in operands]
    if not operators.is_activation(x) or ranks != [2, 1][: len(ranks)]:
        return
    with graph.graph.inserting_before(node):
        turned = graph.graph.call_function(_aten.t.default, (matrix,))
        linear = graph.graph.call_function(_aten.linear.default, (x, turned, *operands[1:]))
    turned.meta["val"] = matrix.meta["val"].t()
    linear.meta.update(node.meta)
    node.replace_all_uses_with(linear)
    graph.graph.erase_node(node)


def _constants(graph: GraphModule) -> set[Node]:
    """The nodes whose values depend on no input."""
    constants: set[Node] = set()
    for node in graph.graph.nodes:
        inputs = node.all_input_nodes
        is_computed = node.op == "call_function" and inputs and constants.issuperset(inputs)
        if node.op == "get_attr" or is_computed:
            constants.add(node)
    return constants


@torch.no_grad()
def _value(graph: GraphModule, node: Node) -> Any:
    if node.op == "get_attr":
        owner, _, attribute = str(node.target).rpartition(".")
        return getattr(graph.get_submodule(owner), attribute)
    target: Any = node.target
    args: Any = map_arg(node.args, lambda argument: _value(graph, argument))
    kwargs: Any = map_arg(node.kwargs, lambda argument: _value(graph, argument))
    return target(*args, **kwargs)


def _name(layer: Node) -> str:
    """The name of the weight of a layer; that of a second call has a number behind it."""
    path = exporting.layer_path(layer).partition("@")[0]
    return f"{path}.weight".lstrip(".")


def _store(graph: GraphModule, node: Node, value: Tensor, read: set[str]) -> None:
    """Makes `value` the parameter that a node reads, of another name if that is read besides."""
    name, count = str(node.target), 0
    while name in read:
        count += 1
        name = f"{node.target}_{count}"
    read.add(name)
    node.target = name
    path, _, attribute = name.rpartition(".")
    owner = graph
    for part in filter(None, path.split(".")):
        if part not in owner._modules:
            owner.add_module(part, nn.Module())
        owner = owner.get_submodule(part)
    if hasattr(owner, attribute):
        delattr(owner, attribute)
    owner.register_parameter(attribute, nn.Parameter(value.contiguous()))
