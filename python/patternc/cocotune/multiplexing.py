# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One module that is the full network, the teacher of tuning blocks, or any pruned network.

The network is traced by torch.fx with each of its modules as one call. From that graph others are
generated: with some of the modules exchanged for pruned ones, or with the calls of a block repeated
beside those of the full network, on what the full network computes, and the distance between the
two. `generated(...).code` shows them as Python.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.functional import mse_loss

from patternc.cocotune.modules import (
    ModulePruning,
    module_inputs,
    prune_module,
    trace_around,
)
from patternc.cocotune.tuning_blocks import TuningBlock, TuningBlocks
from patternc.errors import CocoTuneError
from patternc.train.batch_norm import batch_norms


class MultiplexingModel(nn.Module):
    """A network, its tuning blocks, and every network that is assembled from them.

    It holds copies: the network that it is given is never changed. The full network is always in
    eval mode, and its weights are fixed. Blocks begin with the weights that the pruning keeps of
    it. `train()` puts nothing but their batch norms into training mode: they are to learn what the
    full network gives in eval mode, without dropout.

    Args:
      network: trained, from one tensor to logits.
      modules: names of the modules that are pruned, in the order of execution (`find_modules`).
      blocks: the tuning blocks.
      pruning: how a module is pruned at a ratio.
      example_input: a batch that the network takes, on its device.

    Attributes:
      full: the full network.
      students: for each block the pruned modules, in the order of execution.
      module_names: the modules.
      tuning_blocks: the blocks.
      pruning: the pruning.

    Raises:
      CocoTuneError: for modules that the network does not have, that overlap or are not called
        once with one tensor; when torch.fx cannot trace the network; for a block that does not fit
        the modules, or has a ratio at a module in which nothing can be pruned.
    """

    def __init__(
        self,
        network: nn.Module,
        modules: Sequence[str],
        blocks: TuningBlocks,
        pruning: ModulePruning,
        example_input: Tensor,
    ):
        super().__init__()
        self.full = copy.deepcopy(network).eval().requires_grad_(False)
        self.module_names = tuple(modules)
        self.tuning_blocks = blocks
        self.pruning = pruning
        self._inputs = module_inputs(self.full, self.module_names, example_input)
        self._graph = trace_around(self.full, self.module_names)
        calls = {n.target: n for n in self._graph.nodes if n.op == "call_module"}
        self._calls = [calls[name] for name in self.module_names]
        self._check_order()
        self._templates: dict[tuple[int, float], nn.Module] = {}
        self._last: tuple[Any, fx.GraphModule] | None = None
        self.students = nn.ModuleList()
        for index, block in enumerate(blocks.blocks):
            if not block.ratios or block.first < 0 or block.end > len(self.module_names):
                raise CocoTuneError(
                    f"block {index} is of modules {block.first} to {block.end - 1}, but there are "
                    f"{len(self.module_names)}, counted from 0"
                )
            students = nn.ModuleList(
                self._pruned(block.first + place, ratio) for place, ratio in enumerate(block.ratios)
            )
            self.students.append(students.requires_grad_())
        self.train(False)

    def train(self, mode: bool = True) -> "MultiplexingModel":
        super().train(False)
        self.training = mode
        for norm in batch_norms(self.students):
            norm.train(mode)
        return self

    def forward(
        self,
        x: Tensor,
        *,
        blocks: Sequence[int] | None = None,
        configuration: Sequence[float] | None = None,
        composite: Sequence[int] | None = None,
    ) -> Tensor:
        """Computes as `generated` says.

        Args:
          x: a batch, [n, ...].
          blocks, configuration, composite: as there.

        Returns:
          Logits [n, classes]; with blocks the loss of each, [blocks].
        """
        key = tuple(
            None if part is None else tuple(part) for part in (blocks, configuration, composite)
        )
        if self._last is None or self._last[0] != key:
            self._last = (
                key,
                self.generated(blocks=blocks, configuration=configuration, composite=composite),
            )
        return self._last[1](x)

    def generated(
        self,
        *,
        blocks: Sequence[int] | None = None,
        configuration: Sequence[float] | None = None,
        composite: Sequence[int] | None = None,
    ) -> fx.GraphModule:
        """The network that `forward` runs, with these modules and not with copies of them.

        Args:
          blocks: indices of blocks. Each gets what its modules read in the full network, and its
            loss is the mean square of what is then missing of what they give,
            ||O - O'||^2 / |O|; of all values that the block gives, if it is several.
          configuration: one ratio for each module: the pruned network.
          composite: indices of the blocks whose modules it takes; the others are pruned from the
            full network.

        With nothing given it is the full network.

        Raises:
          CocoTuneError: for blocks and a configuration at once, no block or one that there is not,
            a configuration of the wrong length or with a ratio out of range, a composite whose
            blocks overlap or have other ratios.
        """
        if blocks is not None:
            if configuration is not None or composite is not None:
                raise CocoTuneError("blocks and a configuration are given, expected one of them")
            if not blocks:
                raise CocoTuneError("blocks are empty, expected at least one index")
            return self._teacher_and_students(blocks)
        if configuration is None:
            configuration = [0.0] * len(self.module_names)
        return self._network(self._exchanged(configuration, composite))

    def network_of(
        self, configuration: Sequence[float], *, composite: Sequence[int] | None = None
    ) -> nn.Module:
        """A pruned network on its own, of the class of the full one, in eval mode.

        Its weights are copies, and all can be trained. Those of pattern pruning have masks, which
        `masks_kept` keeps in training.

        Args:
          configuration: one ratio for each module.
          composite: indices of the blocks whose modules it takes; None for a default network, in
            which all modules are pruned from the full one.

        Raises:
          CocoTuneError: as `generated`.
        """
        network = copy.deepcopy(self.full)
        for name, (_, module) in self._exchanged(configuration, composite).items():
            network.set_submodule(name, copy.deepcopy(module))
        return network.eval().requires_grad_()

    def _check_order(self) -> None:
        order = [node for node in self._graph.nodes if node in set(self._calls)]
        if order != self._calls:
            names = ", ".join(str(node.target) for node in order)
            raise CocoTuneError(f"modules are executed in the order {names}; give them in it")

    def _pruned(self, module: int, ratio: float) -> nn.Module:
        """A new copy of a module at a ratio."""
        device = next(self.full.parameters()).device
        if (module, ratio) not in self._templates:
            name = self.module_names[module]
            self._templates[module, ratio] = prune_module(
                self.full, name, ratio, self._inputs[name].to(device), self.pruning
            )
        return copy.deepcopy(self._templates[module, ratio]).to(device)

    def _exchanged(
        self, configuration: Sequence[float], composite: Sequence[int] | None
    ) -> dict[str, tuple[str, nn.Module]]:
        """Where a configuration differs from the full network: what takes the place of modules."""
        names = self.module_names
        if len(configuration) != len(names):
            raise CocoTuneError(
                f"configuration has {len(configuration)} ratios, expected {len(names)}, "
                f"one for each of the modules {', '.join(names)}"
            )
        exchanged: dict[str, tuple[str, nn.Module]] = {}
        for index in composite or ():
            block = self._block(index)
            ratios = tuple(configuration[block.first : block.end])
            if block.ratios != ratios:
                raise CocoTuneError(
                    f"block {index} has the ratios {block.ratios}, but the configuration has "
                    f"{ratios} for its modules"
                )
            students = self._students(index)
            if twice := exchanged.keys() & students:
                raise CocoTuneError(
                    f"blocks of the composite overlap at module '{min(twice)}'; each is of one"
                )
            exchanged |= students
        for module, (name, ratio) in enumerate(zip(names, configuration, strict=True)):
            if ratio != 0 and name not in exchanged:
                exchanged[name] = f"pruned.{name}", self._pruned(module, ratio)
        return exchanged

    def _block(self, index: int) -> TuningBlock:
        blocks = self.tuning_blocks.blocks
        if not 0 <= index < len(blocks):
            raise CocoTuneError(f"there is no block {index}, expected 0 to {len(blocks) - 1}")
        return blocks[index]

    def _students(self, index: int) -> dict[str, tuple[str, nn.Module]]:
        """The modules of a block, each in the place of that of the full network."""
        block = self._block(index)
        names = self.module_names[block.first : block.end]
        modules = self.students[index].children()
        return {
            name: (f"block{index}.{name}", module)
            for name, module in zip(names, modules, strict=True)
        }

    def _network(self, exchanged: dict[str, tuple[str, nn.Module]]) -> fx.GraphModule:
        code = _Code(self.full)
        values: dict[fx.Node, fx.Node] = {}
        for node in self._graph.nodes:
            code.copy(node, values, values.__getitem__, "", exchanged)
        return code.module("Network")

    def _teacher_and_students(self, blocks: Sequence[int]) -> fx.GraphModule:
        code = _Code(self.full)
        students = [self._student(index) for index in blocks]
        teacher: dict[fx.Node, fx.Node] = {}
        missing = sum(len(student.outputs) for student in students)
        for node in self._graph.nodes:
            if not missing:
                break  # nothing needs the rest of the full network
            code.copy(node, teacher, teacher.__getitem__, "", {})
            for student in students:
                prefix = f"block{student.index}_"
                if node in student.inputs:
                    # Operations in place may change what the full network has given here.
                    student.values[node] = code.call(_snapshot, teacher[node], f"{prefix}input")
                if node in student.nodes:
                    code.copy(
                        node, student.values, student.values.__getitem__, prefix, student.exchanged
                    )
                if node in student.outputs:
                    target = code.call(_snapshot, teacher[node], f"{prefix}target")
                    loss = code.graph.call_function(mse_loss, (student.values[node], target))
                    student.losses.append(loss)
                    missing -= 1
        sums = [reduce(code.add, student.losses) for student in students]
        code.graph.output(code.graph.call_function(torch.stack, (sums,)))
        return code.module("TeacherAndStudents")

    def _student(self, index: int) -> "_Student":
        block = self._block(index)
        nodes = _between(self._graph, self._calls[block.first : block.end])
        return _Student(
            index,
            nodes,
            {read for node in nodes for read in node.all_input_nodes} - nodes,
            {node for node in nodes if set(node.users) - nodes},
            self._students(index),
        )


@dataclass(frozen=True)
class _Student:
    """A block in the graph of the network.

    Attributes:
      index: of the block.
      nodes: its modules, and what lies between them.
      inputs: whose values it reads.
      outputs: those of its nodes whose values are read outside.
      exchanged: its modules, by the name of those of the full network.
      values: what it has for the values of the full network, in the graph that is generated.
      losses: of its outputs, likewise.
    """

    index: int
    nodes: set[fx.Node]
    inputs: set[fx.Node]
    outputs: set[fx.Node]
    exchanged: dict[str, tuple[str, nn.Module]]
    values: dict[fx.Node, fx.Node] = field(default_factory=dict)
    losses: list[fx.Node] = field(default_factory=list)


class _Code:
    """A graph in the making, with the parts of modules that it uses."""

    def __init__(self, full: nn.Module):
        self.graph = fx.Graph()
        self._full = full
        self._parts: dict[str, Any] = {}

    def copy(
        self,
        node: fx.Node,
        values: dict[fx.Node, fx.Node],
        value: Callable[[fx.Node], fx.Node],
        prefix: str,
        exchanged: dict[str, tuple[str, nn.Module]],
    ) -> None:
        """Repeats a node of the full network on other values, with a part exchanged or not."""
        target = node.target
        if node.op in ("call_module", "get_attr"):
            part = reduce(getattr, str(target).split("."), self._full)
            target, part = exchanged.get(str(target), (f"full.{target}", part))
            self._parts[target] = part
        args = tuple(fx.map_arg(argument, value) for argument in node.args)
        kwargs = {name: fx.map_arg(argument, value) for name, argument in node.kwargs.items()}
        values[node] = self.graph.create_node(
            node.op, target, args, kwargs, f"{prefix}{node.name}", node.type
        )

    def call(self, function: Callable[..., Any], argument: fx.Node, name: str) -> fx.Node:
        return self.graph.create_node("call_function", function, (argument,), {}, name)

    def add(self, first: fx.Node, second: fx.Node) -> fx.Node:
        return self.graph.call_function(torch.add, (first, second))

    def module(self, name: str) -> fx.GraphModule:
        return fx.GraphModule(self._parts, self.graph, name)


def _between(graph: fx.Graph, calls: Sequence[fx.Node]) -> set[fx.Node]:
    """The nodes of calls, and those on a way from one to another."""
    after, before = set(calls), set(calls)
    for node in graph.nodes:
        if after.intersection(node.all_input_nodes):
            after.add(node)
    for node in reversed(graph.nodes):
        if before.intersection(node.users):
            before.add(node)
    return after & before


def _snapshot(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value
