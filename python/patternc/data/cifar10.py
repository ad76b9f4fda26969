# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""CIFAR-10 from its published files on disk."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from patternc.data.array_pickle import read_batch
from patternc.data.augmentation import flip, shift
from patternc.errors import DataError

_SHAPE = (3, 32, 32)
_PIXELS = 3 * 32 * 32
_RECORD = 1 + _PIXELS  # bytes of the binary version: the label, then the image
# Of the training images, each channel; black is 0 and white 1.
_MEAN = torch.tensor([0.4914, 0.4822, 0.4465]).reshape(3, 1, 1)
_DEVIATION = torch.tensor([0.2470, 0.2435, 0.2616]).reshape(3, 1, 1)

_TRAIN_FILES = tuple(f"data_batch_{number}" for number in range(1, 6))
_TEST_FILES = ("test_batch",)
_BINARY_FOLDER, _PYTHON_FOLDER = "cifar-10-batches-bin", "cifar-10-batches-py"
_HOW_TO_GET = (
    "download https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz (or cifar-10-python.tar.gz), "
    "unpack it, and give the folder that it makes or the one around it"
)


class CIFAR10(Dataset[tuple[Tensor, int]]):
    """60 000 colour photos of 32x32 pixels in ten classes: 50 000 to train on, 10 000 to test on.

    Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. Nothing is
    downloaded; both versions for programs are read, the binary one and the one for Python, whose
    pickles are read without executing anything that is in them.

    Item: an image [3, 32, 32], float32, of mean 0 and deviation 1 over all training images, and its
    label. For training it is padded with 4 black pixels on each side, cut to 32x32 anywhere, and
    mirrored every other time, as He et al. do (CVPR 2016).

    Attributes:
      images: all of them, uint8 of shape [n, 3, 32, 32].
      labels: theirs, int64 of shape [n].
      classes: names of the labels.

    Args:
      folder: `cifar-10-batches-bin`, `cifar-10-batches-py`, or the folder that holds one of them.
      train: the part to train on, else the one to test on.
      images_per_file: how many images each file must have; 10 000 are published.

    Raises:
      DataError: when a file is missing, cut short, or not one of CIFAR-10.
    """

    classes = tuple("airplane automobile bird cat deer dog frog horse ship truck".split())

    def __init__(self, folder: str | Path, *, train: bool, images_per_file: int = 10_000):
        files = _find(Path(folder), _TRAIN_FILES if train else _TEST_FILES)
        parts = [_read(file, images_per_file) for file in files]
        self.images = torch.from_numpy(np.concatenate([images for images, _ in parts]))
        self.labels = torch.from_numpy(np.concatenate([labels for _, labels in parts]))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return _normalise(self.images[index]), int(self.labels[index])

    def augmented(self, index: int, random: np.random.Generator) -> tuple[Tensor, int]:
        image = flip(shift(self.images[index], random), random)
        return _normalise(image), int(self.labels[index])


def _normalise(image: Tensor) -> Tensor:
    return (image / 255 - _MEAN) / _DEVIATION


def _find(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """The files of either version, the binary one first, because it is read faster."""
    if not folder.is_dir():
        raise DataError(f"CIFAR-10: '{folder}' is no folder; {_HOW_TO_GET}")
    for inside, suffix in ((_BINARY_FOLDER, ".bin"), (_PYTHON_FOLDER, "")):
        for place in (folder / inside, folder):
            files = [place / (name + suffix) for name in names]
            missing = [file.name for file in files if not file.is_file()]
            if not missing:
                return files
            if len(missing) < len(files):
                raise DataError(f"CIFAR-10: '{place}' lacks {', '.join(missing)}; {_HOW_TO_GET}")
    raise DataError(
        f"CIFAR-10: found neither '{names[0]}.bin' nor '{names[0]}' in '{folder}', "
        f"'{_BINARY_FOLDER}' or '{_PYTHON_FOLDER}' in it; {_HOW_TO_GET}"
    )


def _read(file: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images, uint8 [count, 3, 32, 32], and labels, int64 [count], of one file."""
    images, labels = (_read_binary if file.suffix == ".bin" else _read_python)(file, count)
    if labels.min() < 0 or labels.max() > 9:
        wrong = int(((labels < 0) | (labels > 9)).argmax())
        raise DataError(
            f"'{file}': image {wrong} has label {labels[wrong]}, expected 0 to 9; "
            "is it a file of CIFAR-100?"
        )
    return images.reshape(count, *_SHAPE), labels


def _read_binary(file: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    size, expected = file.stat().st_size, count * _RECORD
    if size != expected:
        raise DataError(
            f"'{file}' has {size} bytes, expected {expected} ({count} records of {_RECORD}); "
            f"{_HOW_TO_GET}"
        )
    records = np.fromfile(file, np.uint8).reshape(count, _RECORD)
    return records[:, 1:], records[:, 0].astype(np.int64)


def _read_python(file: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    batch = read_batch(file)
    images, labels = batch.get("data"), batch.get("labels")
    if not isinstance(images, np.ndarray) or not isinstance(labels, list):
        keys = ", ".join(f"'{key}'" for key in batch)
        raise DataError(
            f"'{file}' has {keys or 'nothing'}, expected an array 'data' and a list 'labels'; "
            f"{_HOW_TO_GET}"
        )
    if images.shape != (count, _PIXELS) or len(labels) != count:
        raise DataError(
            f"'{file}' has data of shape {list(images.shape)} and {len(labels)} labels, "
            f"expected {[count, _PIXELS]} and {count}; {_HOW_TO_GET}"
        )
    if not all(isinstance(label, int) for label in labels):
        raise DataError(f"'{file}' has labels that are no integers")
    return images, np.array(labels)
