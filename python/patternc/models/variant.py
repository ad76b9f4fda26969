# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""For the images of which data set a network is built."""

from typing import Literal, get_args

from patternc.errors import ModelError

Variant = Literal["imagenet", "cifar"]


def is_for_cifar(variant: Variant) -> bool:
    """Whether the images are those of CIFAR, 32x32, not ImageNet's.

    Raises:
      ModelError: for any other name.
    """
    names = get_args(Variant)
    if variant not in names:
        raise ModelError(f"variant is {variant!r}, expected {' or '.join(map(repr, names))}")
    return variant == "cifar"
