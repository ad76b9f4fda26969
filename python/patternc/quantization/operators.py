# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What the quantizer has to know of the operators in a captured graph."""

from typing import Any

import torch
from torch.fx import Node

# With constant weights they become integer kernels.
LAYERS = {"conv1d", "conv2d", "linear"}
BATCH_NORMS = {"batch_norm", "_native_batch_norm_legit_no_training"}
# What a kernel clamps with when it requantises.
CLAMPS = {"relu", "relu6", "hardtanh", "clamp"}
# Functions of one number, which are a table of 256 entries.
TABLES = {
    *("elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "mish", "relu"),
    *("relu6", "clamp", "sigmoid", "silu", "tanh"),
}
# Sums and products of two activations.
PAIRS = {"add", "mul"}
AVERAGES = {
    *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "avg_pool1d", "avg_pool2d", "mean"),
}
# The results are some of the arguments, in another order or shape; 0, too, which every scale has.
MOVES = {
    *("cat", "channel_shuffle", "clone", "constant_pad_nd", "contiguous", "dropout"),
    *("expand", "feature_dropout", "flatten", "max_pool1d", "max_pool2d", "narrow"),
    *("pad", "permute", "pixel_shuffle", "pixel_unshuffle", "reshape", "select", "slice"),
    *("squeeze", "t", "transpose", "unflatten", "unsqueeze", "upsample_nearest2d", "view"),
}
# They give several tensors, of which each is a move.
SPLITS = {"chunk", "split", "split_with_sizes", "tensor_split", "unbind"}


def operator_name(node: Any) -> str:
    """What an operator is called whether it works in place or not; empty if it is none of ATen."""
    target = getattr(node, "target", None)
    if not isinstance(target, torch._ops.OpOverload) or target.namespace != "aten":
        return ""
    return target._opname.removesuffix("_")


def is_activation(argument: Any) -> bool:
    """Whether a value is a float32 tensor that depends on the input."""
    return (
        isinstance(argument, Node)
        and argument.op != "get_attr"
        and isinstance(value := argument.meta.get("val"), torch.Tensor)
        and value.dtype == torch.float32
    )


def is_quantizable_layer(node: Node) -> bool:
    """A convolution or matrix of an activation with constant weights."""
    if operator_name(node) not in LAYERS:
        return False
    x, weight = node.args[:2]
    return is_activation(x) and isinstance(weight, Node) and weight.op == "get_attr"


def is_clamp(node: Node) -> bool:
    """A function that only cuts off what is beyond one or two numbers."""
    return operator_name(node) in CLAMPS and len(node.all_input_nodes) == 1


def is_average(node: Node) -> bool:
    """A mean over the positions of an image."""
    if operator_name(node) != "mean":
        return operator_name(node) in AVERAGES
    x: Any = node.args[0]
    dims: Any = node.args[1] if len(node.args) > 1 else None
    if not isinstance(dims, list | tuple) or not is_activation(x):
        return False
    rank = x.meta["val"].dim()
    return rank > 2 and {d % rank for d in dims} == set(range(2, rank))


def is_sum(node: Node) -> bool:
    """A sum of two activations of the same shape."""
    left, right = _pair(node) or (None, None)
    return (
        operator_name(node) == "add"
        and left is not None
        and right is not None
        and left.meta["val"].shape == right.meta["val"].shape
    )


def is_pair(node: Node) -> bool:
    """A sum or product of two different activations."""
    return operator_name(node) in PAIRS and _pair(node) is not None


def is_move(node: Node) -> bool:
    if operator_name(node) in ("pad", "constant_pad_nd"):
        return _pads_with_zeros(node)
    return operator_name(node) in MOVES


def _pair(node: Node) -> tuple[Node, Node] | None:
    if len(node.args) != 2 or node.kwargs.get("alpha", 1) != 1:
        return None
    left, right = node.args
    if not (is_activation(left) and is_activation(right)) or left is right:
        return None
    return left, right  # pyright: ignore[reportReturnType]


def _pads_with_zeros(node: Node) -> bool:
    rest = [*node.args[2:], *node.kwargs.values()]
    return all(value in ("constant", None, 0) for value in rest)
