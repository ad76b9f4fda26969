# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Which tensors of a network are quantised, so that the kernels need not leave integers.

Between what one kernel computes nothing is quantised: a convolution with its batch norm, the
addition of a residual and the activation after it is quantised at its end only.
"""

from collections.abc import Iterator

import torch
from torch.fx import GraphModule, Node
from torchao.quantization.pt2e import (
    FakeQuantize,
    HistogramObserver,
    MinMaxObserver,
    MovingAverageMinMaxObserver,
    MovingAveragePerChannelMinMaxObserver,
    PerChannelMinMaxObserver,
)
from torchao.quantization.pt2e.quantizer import (
    QuantizationAnnotation,
    QuantizationSpec,
    QuantizationSpecBase,
    Quantizer,
    SharedQuantizationSpec,
)

from patternc.errors import QuantizationError
from patternc.quantization import operators
from patternc.quantization.config import QuantizationConfig
from patternc.train.layer_names import check_used, matches

_ANNOTATION = "quantization_annotation"
_OBSERVERS = {
    "histogram": HistogramObserver,
    "min-max": MinMaxObserver,
    "moving-average": MovingAverageMinMaxObserver,
}
# The least scale. What was 0 in all of calibration, or a filter that was pruned away, would have
# the scale 0, and infinity for its inverse.
_ACTIVATION_EPSILON = 2.0**-23
_WEIGHT_EPSILON = 2.0**-32  # of a filter; a batch norm may have made it tiny


class PatterncQuantizer(Quantizer):
    """Quantises convolutions and matrices, and what lies between them, for `patternc.compile`.

    Weights are int8, symmetric for each filter, -127 to 127: a pruned weight is 0 before and
    after. Activations are uint8 with a scale and zero point a tensor, 0 to 255.

    It is for `prepare_pt2e` of torchao, on a graph that `torch.export` captured.

    Args:
      config: which layers, and how ranges of activations are found; None for the defaults.
      fake: quantise in training (`prepare_qat_pt2e`), with ranges that follow the weights.

    Raises:
      QuantizationError: in `annotate`, when no layer is left to quantise, or the config names a
        layer that there is not.
    """

    def __init__(self, config: QuantizationConfig | None = None, *, fake: bool = False):
        self._config = config or QuantizationConfig()
        if not isinstance(self._config, QuantizationConfig):
            raise QuantizationError(
                f"config is a {type(config).__name__}, expected a QuantizationConfig"
            )
        self._activation = _activation_spec(self._config, fake)
        self._weight = _weight_spec(fake)

    def transform_for_annotation(self, model: GraphModule) -> GraphModule:
        return model

    def annotate(self, model: GraphModule) -> GraphModule:
        places = {node: place for place, node in enumerate(model.graph.nodes)}
        ends = self._annotate_layers(model, places)
        for node in model.graph.nodes:
            if not _is_annotated(node):
                self._annotate_between(node, ends)
        return model

    def validate(self, model: GraphModule) -> None:
        pass

    def _annotate_layers(self, model: GraphModule, places: dict[Node, int]) -> set[Node]:
        """Annotates the chosen layers and what belongs to their kernels.

        Returns:
          The nodes whose results are quantised where they are read.
        """
        layers = list(self._chosen(model))
        taken: dict[Node, Node] = {}  # an addition, to the one of its operands that it is part of
        for layer in layers:
            end = _before_addition(layer)
            addition = _only_user(end)
            if addition is not None and operators.is_sum(addition):
                other = taken.get(addition)
                if other is None or places[end] > places[other]:
                    taken[addition] = end
        ends = set()
        for layer in layers:
            self._annotate_layer(layer, taken)
            ends.update((layer.all_input_nodes[0], _end_of(layer, taken)))
        return ends

    def _annotate_layer(self, layer: Node, taken: dict[Node, Node]) -> None:
        x, weight = layer.all_input_nodes[:2]
        inputs: dict[Node, QuantizationSpecBase | None] = {x: self._activation}
        inputs[weight] = self._weight
        chain = list(_chain(layer, taken))
        for i, node in enumerate(chain):
            if i:
                previous = chain[i - 1]
                # Of an addition the other operand is quantised.
                rest = [n for n in node.all_input_nodes if operators.is_activation(n)]
                inputs = {n: self._activation for n in rest if n is not previous}
            last = node is chain[-1]
            _annotate(node, inputs, self._activation if last else None)

    def _annotate_between(self, node: Node, ends: set[Node]) -> None:
        inputs = [n for n in node.all_input_nodes if operators.is_activation(n)]
        if not operators.is_activation(node) or not inputs:
            self._annotate_split(node, ends)
            return
        if operators.is_move(node) and ends.issuperset(inputs):
            first, *rest = inputs
            shared = SharedQuantizationSpec((first, node))
            specs = {first: self._activation, **dict.fromkeys(rest, shared)}
            _annotate(node, specs, shared)
        elif ends.issuperset(inputs) and self._is_between(node):
            addition = _addition_before(node)
            if addition is not None:
                # With the sum, which is not needed by itself.
                _annotate(addition, addition.meta[_ANNOTATION].input_qspec_map, None)
                ends.discard(addition)
                _annotate(node, {}, self._activation)
            else:
                _annotate(node, dict.fromkeys(inputs, self._activation), self._activation)
        else:
            return
        ends.add(node)

    def _annotate_split(self, node: Node, ends: set[Node]) -> None:
        """Parts of a quantised tensor have its scale."""
        if operators.operator_name(node) not in operators.SPLITS:
            return
        whole = node.all_input_nodes[0]
        if whole not in ends:
            return
        for part in node.users:
            if operators.is_activation(part):
                _annotate(part, {}, SharedQuantizationSpec(whole))
                ends.add(part)

    def _is_between(self, node: Node) -> bool:
        name = operators.operator_name(node)
        return (
            operators.is_pair(node)
            or operators.is_average(node)
            or (name in operators.TABLES and len(node.all_input_nodes) == 1)
        )

    def _chosen(self, model: GraphModule) -> Iterator[Node]:
        layers = [node for node in model.graph.nodes if operators.is_quantizable_layer(node)]
        if not layers:
            raise QuantizationError(
                "the model has no layer that can be quantised; expected convolutions or matrices "
                "with constant float32 weights"
            )
        names = [layer_names(layer) for layer in layers]
        check_used(self._config.ignore, "ignore", names, QuantizationError, "quantised")
        skipped = set()
        if self._config.skip_first:
            skipped.add(layers[0])
        if self._config.skip_last:
            skipped.add(layers[-1])
        chosen = [
            layer
            for layer, of_layer in zip(layers, names, strict=True)
            if layer not in skipped
            and not any(matches(selector, of_layer) for selector in self._config.ignore)
        ]
        if not chosen:
            raise QuantizationError(
                "no layer is left to quantise; ignore, skip_first and skip_last leave out all of "
                "them"
            )
        yield from chosen


def layer_names(layer: Node) -> tuple[str, str]:
    """The names of a layer of a captured graph: of its module, and of its weight."""
    weight = str(layer.all_input_nodes[1].target)
    return weight.rpartition(".")[0], weight


def _activation_spec(config: QuantizationConfig, fake: bool) -> QuantizationSpec:
    observer = _OBSERVERS[config.observer]
    constructor = observer.with_args(eps=_ACTIVATION_EPSILON)
    if fake:
        constructor = FakeQuantize.with_args(
            observer=MovingAverageMinMaxObserver, eps=_ACTIVATION_EPSILON
        )
    return QuantizationSpec(
        dtype=torch.uint8,
        quant_min=0,
        quant_max=255,
        qscheme=torch.per_tensor_affine,
        observer_or_fake_quant_ctr=constructor,
    )


def _weight_spec(fake: bool) -> QuantizationSpec:
    constructor = PerChannelMinMaxObserver.with_args(eps=_WEIGHT_EPSILON)
    if fake:
        constructor = FakeQuantize.with_args(
            observer=MovingAveragePerChannelMinMaxObserver,
            averaging_constant=1.0,  # the range of the weights as they are
            eps=_WEIGHT_EPSILON,
        )
    return QuantizationSpec(
        dtype=torch.int8,
        quant_min=-127,
        quant_max=127,
        qscheme=torch.per_channel_symmetric,
        ch_axis=0,
        observer_or_fake_quant_ctr=constructor,
    )


def _annotate(
    node: Node,
    inputs: dict[Node, QuantizationSpecBase | None],
    output: QuantizationSpecBase | None,
) -> None:
    node.meta[_ANNOTATION] = QuantizationAnnotation(
        input_qspec_map=inputs, output_qspec=output, _annotated=True
    )


def _is_annotated(node: Node) -> bool:
    return _ANNOTATION in node.meta


def _only_user(node: Node) -> Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _before_addition(layer: Node) -> Node:
    """The layer, or the batch norm that is to be folded into it."""
    user = _only_user(layer)
    is_norm = operators.operator_name(user) in operators.BATCH_NORMS
    return user if user is not None and is_norm else layer


def _chain(layer: Node, taken: dict[Node, Node]) -> Iterator[Node]:
    """What one kernel computes: a layer, its batch norm, an addition that it takes, a clamp."""
    yield layer
    end = _before_addition(layer)
    if end is not layer:
        yield end
    user = _only_user(end)
    if user is not None and taken.get(user) is end:
        yield user
        user = _only_user(user)
    if user is not None and operators.is_clamp(user):
        yield user


def _end_of(layer: Node, taken: dict[Node, Node]) -> Node:
    *_, end = _chain(layer, taken)
    return end


def _addition_before(node: Node) -> Node | None:
    """The sum that only a clamp reads, if it is annotated."""
    if not operators.is_clamp(node):
        return None
    before = node.all_input_nodes[0]
    is_whole = operators.operator_name(before) == "add" and _only_user(before) is node
    annotation = before.meta.get(_ANNOTATION)
    is_apart = annotation is not None and len(annotation.input_qspec_map) == 2
    return before if is_whole and is_apart else None
