# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What kernels read, and sums over it."""

from collections.abc import Sequence

import numpy as np


def windows(image, kernel, strides, dilations, size):
    """What each position of a kernel reads."""
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            y, x = i * int(dilations[0]), j * int(dilations[1])
            yield image[
                ...,
                y : y + (size[0] - 1) * int(strides[0]) + 1 : int(strides[0]),
                x : x + (size[1] - 1) * int(strides[1]) + 1 : int(strides[1]),
            ]


def convolved(image, weights, strides, dilations, size):
    """Of [N, G, C, H, W] and [G, F, C, kh, kw]: [N, G, F, H', W']."""
    kernel = weights.shape[-2:]
    shape = (image.shape[0], image.shape[1], weights.shape[1], *size)
    total = np.zeros(shape, np.result_type(image, weights))
    for k, part in enumerate(windows(image, kernel, strides, dilations, size)):
        tap = weights[..., k // kernel[1], k % kernel[1]]  # [G, F, C]
        product = tap @ part.reshape(*part.shape[:3], -1)
        total += product.reshape(shape)
    return total


def padded(image: np.ndarray, padding: Sequence[int], value: float) -> np.ndarray:
    top, left, bottom, right = padding
    return np.pad(image, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=value)
