# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Weights of layers: dense, or pruned as it is done, or as it never is."""

import numpy as np

from fuzz.linalg.builder import Builder
from fuzz.linalg.constants import constant
from fuzz.linalg.shapes import expand
from fuzz.linalg.values import Shape, Value


def random_weights(builder: Builder, shape: Shape, *, matrix: bool = False) -> np.ndarray:
    """[filters, channels, kernel], pruned to patterns, in blocks, at random or not at all."""
    rng = builder.rng
    generator = np.random.default_rng(rng.getrandbits(32))
    numbers = np.array([-2, -1.5, -1, -0.5, -0.25, 0.25, 0.5, 1, 1.5, 2])
    data = generator.choice(numbers, shape)
    how = rng.choice(("dense", "patterns", "patterns", "patterns", "random", "blocks", "odd"))
    flat = data.reshape(shape[0], shape[1], -1)
    positions = flat.shape[2]
    if how == "patterns" and not matrix:
        entries = rng.randint(1, positions)
        patterns = [sorted(rng.sample(range(positions), entries)) for _ in range(rng.randint(1, 5))]
        masks = np.zeros((len(patterns), positions))
        for mask, pattern in zip(masks, patterns, strict=True):
            mask[pattern] = 1
        filters = rng.choice((1, shape[0]))  # alike or not
        ids = generator.integers(0, len(patterns), (filters, shape[1]))
        flat *= masks[np.broadcast_to(ids, flat.shape[:2])]
        if rng.random() < 0.5:
            flat *= generator.random((filters, shape[1], 1)) < rng.choice((0.3, 0.7, 0.9))
    elif how == "random":
        flat *= generator.random(flat.shape) < rng.choice((0.1, 0.5, 0.9))
    elif how == "blocks" or (how == "patterns" and matrix):
        block = rng.choice((1, 2, 4, 8, shape[0]))
        kept = generator.random((-(-shape[0] // block), shape[1])) < rng.choice((0.1, 0.3, 0.5))
        flat *= np.repeat(kept, block, axis=0)[: shape[0], :, None]
    elif how == "odd":
        flat[...] = rng.choice((0, 0, 1, -0.0))
    return data


def weights_constant(builder: Builder, data: np.ndarray, element: str) -> Value:
    """Weights as a constant, maybe behind a reshape; seldom as an argument."""
    rng = builder.rng
    if rng.random() < 0.04:
        return Value(builder.argument(data.shape, element), data.shape, element)
    if rng.random() < 0.1 and data.ndim == 4:
        flat = constant(builder, data.reshape(data.shape[0], -1), element)
        return expand(builder, flat, 1, data.shape[1:])
    return constant(builder, data, element)
