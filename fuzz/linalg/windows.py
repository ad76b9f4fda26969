# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Where windows lie over an image: kernels, strides, dilations, padding."""

from collections.abc import Sequence

from fuzz.linalg.builder import Builder
from fuzz.linalg.shapes import pad
from fuzz.linalg.values import Value


def random_kernel(builder: Builder, size: Sequence[int]) -> list[int]:
    """Height and width of a kernel, mostly not larger than the image."""
    rng = builder.rng
    k = rng.choices((1, 2, 3, 5, 7, 8), (4, 2, 8, 2, 1, 1))[0]
    kernel = [k, k if rng.random() < 0.85 else rng.choice((1, 2, 3))]
    return [min(n, m) if rng.random() < 0.9 else n for n, m in zip(kernel, size, strict=True)]


def random_windows(
    builder: Builder, size: Sequence[int], kernel: Sequence[int]
) -> tuple[list[int], list[int], list[int]] | None:
    """Strides, dilations and the sizes of the output, or None where the kernel is too large."""
    rng = builder.rng
    stride = rng.choices((1, 2, 3), (7, 3, 1))[0]
    strides = [stride, stride if rng.random() < 0.8 else rng.choice((1, 2))]
    dilation = rng.choices((1, 2, 3), (8, 2, 1))[0]
    dilations = [dilation, dilation if rng.random() < 0.9 else 1]
    out = []
    for d in (0, 1):
        extent = (kernel[d] - 1) * dilations[d] + 1
        if extent > size[d]:
            return None
        out.append((size[d] - extent) // strides[d] + 1)
        if out[d] == 1 and rng.random() < 0.05:
            strides[d] = rng.choice((1000, 1 << 20, (1 << 31) + 1, 1 << 40))
        if kernel[d] == 1 and rng.random() < 0.05:
            dilations[d] = rng.choice((7, 1 << 20, (1 << 31) + 1, 1 << 40))
        if out[d] > 1 and not builder.portable and rng.random() < 0.03:
            out[d] -= 1  # linalg takes less than there is
    return strides, dilations, out


def padded(builder: Builder, value: Value) -> Value:
    """As before a convolution: with zeros mostly."""
    rng = builder.rng
    if rng.random() < 0.5:
        return value
    before = [0] * (len(value.shape) - 2)
    sides = [rng.choice((0, 1, 1, 2)) for _ in before]
    low = [0, 0, *sides]
    high = [0, 0, *(n if rng.random() < 0.8 else rng.choice((0, 1)) for n in sides)]
    number = rng.choices((0, 1, -0.0), (10, 1, 1))[0]
    return pad(builder, value, low, high, number) or value


def pair(numbers: Sequence[int]) -> str:
    """Strides or dilations as an attribute."""
    if len(set(numbers)) == 1:
        return f"dense<{numbers[0]}> : vector<{len(numbers)}xi64>"
    return f"dense<{list(numbers)}> : vector<{len(numbers)}xi64>"
