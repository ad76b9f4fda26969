# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Data sets by what the command line calls them."""

from collections.abc import Callable, Sequence
from typing import Any

from patternc.data import CIFAR10, Digits, DigitsAsCifar, ImageFolder
from patternc.errors import DataError

# For each name, the folders that follow it, and what reads them.
_DATA_SETS: dict[str, tuple[tuple[str, ...], Callable[..., tuple[Any, Any]]]] = {
    "digits": ((), lambda: (Digits(train=True), Digits(train=False))),
    "digits-as-cifar": ((), lambda: (DigitsAsCifar(train=True), DigitsAsCifar(train=False))),
    "cifar10": (
        ("FOLDER",),
        lambda folder: (CIFAR10(folder, train=True), CIFAR10(folder, train=False)),
    ),
    "image-folder": (
        ("TRAIN", "EVAL"),
        lambda train, evaluation: (ImageFolder(train), ImageFolder(evaluation)),
    ),
}


def open_data(words: Sequence[str]) -> tuple[Any, Any]:
    """The parts of a data set to train and to evaluate with.

    Args:
      words: 'digits', 'digits-as-cifar', 'cifar10' and its folder, or 'image-folder' and the two
        folders of its parts.

    Raises:
      DataError: for an unknown name, folders that do not go with it, parts with different classes,
        and as the data sets.
    """
    name, *folders = words
    if name not in _DATA_SETS:
        raise DataError(f"unknown data set '{name}', expected one of {', '.join(_DATA_SETS)}")
    expected, read = _DATA_SETS[name]
    if len(folders) != len(expected):
        raise DataError(
            f"data set '{name}' with {len(folders)} folders, expected "
            f"'{' '.join((name, *expected))}'"
        )
    train, evaluation = read(*folders)
    if train.classes != evaluation.classes:
        raise DataError(
            f"'{folders[0]}' has {len(train.classes)} classes and '{folders[1]}' "
            f"{len(evaluation.classes)}, or other ones; expected folders of the same names in both"
        )
    return train, evaluation
