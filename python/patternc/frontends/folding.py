# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Folds what an exported program computes from constants into its weights.

The compiler's own passes do so for the operations that linalg is made of. Here PyTorch does it, for
all of its operators, before torch-mlir refuses one of them. Works on the decomposed graph, where
every convolution is `aten.convolution`: a module and an exported program, in whatever dialect it
was exported, go the same way. Folded tensors are new ones; the model's are never written.
"""

from typing import Any

import torch
from torch.export import ExportedProgram
from torch.fx import Node
from torch.fx.node import map_arg
from torch.utils._pytree import tree_leaves

from patternc.errors import ModelError
from patternc.frontends.exporting import is_finite, layer_path

_CONVOLUTION = torch.ops.aten.convolution.default
# Ways to look at a tensor, which cost nothing or which passes want to see.
_LAYOUT = {
    torch.ops.aten.alias.default,
    torch.ops.aten.clone.default,
    torch.ops.aten.expand.default,
    torch.ops.aten.permute.default,
    torch.ops.aten.select.int,
    torch.ops.aten.slice.Tensor,
    torch.ops.aten.squeeze.dims,
    torch.ops.aten.unsqueeze.default,
    torch.ops.aten.view.default,
}
# Tensors that need no memory until they are read.
_CREATION = {
    torch.ops.aten.arange.start_step,
    torch.ops.aten.empty.memory_format,
    torch.ops.aten.full.default,
    torch.ops.aten.full_like.default,
    torch.ops.aten.scalar_tensor.default,
}
# Elements of what is computed from nothing stored, 1 MiB of float32, as IREE folds it too.
_SMALL = 1 << 18


def fold_constants_(program: ExportedProgram) -> dict[torch.Tensor, str]:
    """Folds what is computed from constants in a decomposed program, in place.

    A weight that is computed from constants (a parametrisation, a pruning mask) becomes a plain
    one, as does anything else (positions, masks) unless it is large.

    Returns:
      The constants of the program by identity, each with its name. A folded weight has the name
      of the parameter that it stands for.

    Raises:
      ModelError: when a folded weight is not finite.
    """
    constants = _Constants(program)
    with torch.no_grad():
        for node in list(program.graph.nodes):
            if node.target is _CONVOLUTION:
                _fold_computed_weights_(node, constants)
        for node in _computed_constants(program.graph, constants):
            _replace_by_constant_(node, constants)
    for node in list(program.graph.nodes):
        if node.target is torch.ops.aten._assert_tensor_metadata.default:
            program.graph.erase_node(node)  # holds, of static tensors, and keeps others alive
    # What was folded is no longer there to take the names of what it was folded into.
    program.graph.eliminate_dead_code()
    program.graph.lint()
    return constants.names


class _Constants:
    """The nodes of a program whose value is known, and the names of the tensors behind them."""

    def __init__(self, program: ExportedProgram):
        self.program = program
        signature = program.graph_signature
        targets = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }
        stored = {**program.constants, **program.state_dict}
        self.names = {stored[target]: target for target in targets.values()}
        self._attributes: dict[torch.Tensor, str] = {}  # of new constants, by identity
        self._values: dict[Node, Any] = {}
        self._known: set[Node] = set()
        for node in program.graph.nodes:
            if node.op == "placeholder" and node.name in targets:
                self._values[node] = stored[targets[node.name]]
                self._known.add(node)
            elif node.op == "call_function" and self._known.issuperset(node.all_input_nodes):
                self._known.add(node)

    def known(self, *arguments: Any) -> bool:
        return all(argument is None or argument in self._known for argument in arguments)

    def is_computed(self, argument: Any) -> bool:
        return argument in self._known and argument.op == "call_function"

    def is_small(self, node: Node) -> bool:
        """Whether nothing that a known node needs is larger than what the program stores for it."""
        sources = self._sources(node)
        stored = sum(self._values[source].numel() for source in sources if self.is_stored(source))
        return isinstance(node.meta["val"], torch.Tensor) and all(
            value.numel() <= max(_SMALL, stored)
            for source in sources
            if not self.is_stored(source)
            for value in tree_leaves(source.meta["val"])
            if isinstance(value, torch.Tensor)
        )

    def is_stored(self, node: Node) -> bool:
        return node.op != "call_function"

    def name(self, node: Node) -> str:
        """What to call a computed value: after the one tensor that it is computed from, if so."""
        stored = [source for source in self._sources(node) if self.is_stored(source)]
        if len(stored) == 1:
            return self.names[self._values[stored[0]]]
        return f"{layer_path(node)}.constant".lstrip(".")

    def _sources(self, node: Node) -> dict[Node, None]:
        """A node and all that it is computed from."""
        found, todo = {node: None}, [node]
        while todo:
            for source in todo.pop().all_input_nodes:
                if source not in found:
                    found[source] = None
                    todo.append(source)
        return found

    def value(self, argument: Any) -> Any:
        """What a known node computes, worked out the first time it is asked for."""
        if argument not in self._values:
            args: Any = map_arg(argument.args, self.value)
            kwargs: Any = map_arg(argument.kwargs, self.value)
            self._values[argument] = argument.target(*args, **kwargs)
        return self._values[argument]

    def add_weight(self, value: torch.Tensor, name: str, *, before: Node) -> Node:
        """Makes a new weight of the program.

        Args:
          value: float32 or float64; stored in float32.
          name: for messages and for the blob; need not be unique.
          before: the node that is going to read it.
        """
        value = value.float().contiguous()
        if not is_finite(value):
            raise ModelError(
                f"'{name}' holds NaN or infinite values once the parametrisation that scales it "
                f"is folded in"
            )
        return self.add(value, name, before=before)

    def add(self, value: torch.Tensor, name: str, *, before: Node) -> Node:
        """Makes a new constant of the program, of any values."""
        module = self.program.graph_module
        attribute = self._attributes.setdefault(value, f"folded_{len(self._attributes)}")
        module.register_buffer(attribute, value)
        with module.graph.inserting_before(before):
            node = module.graph.get_attr(attribute)
        self.names[value] = name
        self._values[node] = value
        self._known.add(node)
        return node


def _fold_computed_weights_(convolution: Node, constants: _Constants) -> None:
    for position, kind in ((1, "weight"), (2, "bias")):
        argument = convolution.args[position]
        if constants.is_computed(argument):
            name = f"{layer_path(convolution)}.{kind}".lstrip(".")
            weight = constants.add_weight(constants.value(argument), name, before=convolution)
            convolution.update_arg(position, weight)


def _computed_constants(graph: torch.fx.Graph, constants: _Constants) -> list[Node]:
    """Known nodes that compute something, are small, and are read by what is not known."""
    found: dict[Node, None] = {}

    def visit(node: Node) -> None:
        if not constants.is_computed(node) or node in found:
            return
        if node.target in _LAYOUT:
            for source in node.all_input_nodes:
                visit(source)
        elif node.target not in _CREATION and constants.is_small(node):
            found[node] = None

    for node in graph.nodes:
        if node.op == "call_function" and not constants.known(node):
            for source in node.all_input_nodes:
                visit(source)
    return list(found)


def _replace_by_constant_(node: Node, constants: _Constants) -> None:
    value = constants.value(node).contiguous()
    name = constants.name(node)

    def constant(argument: Node) -> Node:
        """A node of its own for each reader: torch-mlir cannot import one in two lists."""
        if argument is not node:
            return argument
        new = constants.add(value, name, before=user)
        new.meta["val"] = node.meta["val"]
        return new

    for user in list(node.users):
        if user.op != "output":  # which stays what the signature of the program says it is
            user.args = map_arg(user.args, constant)
            user.kwargs = map_arg(user.kwargs, constant)
