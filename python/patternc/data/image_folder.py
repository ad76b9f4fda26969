# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Photos in one folder a class, such as those of ImageNet."""

import contextlib
import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from patternc.data.augmentation import flip
from patternc.dependencies import require
from patternc.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

_SUFFIXES = (".jpeg", ".jpg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
# Of ImageNet's training images, each channel; black is 0 and white 1.
_MEAN = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
_DEVIATION = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)

_AREA = (0.08, 1.0)  # of a training crop, as a share of the image
_ASPECT = (3 / 4, 4 / 3)  # its width over its height
_LOG_ASPECT = (math.log(_ASPECT[0]), math.log(_ASPECT[1]))
_ATTEMPTS = 10

# Beyond it an image is decoded to a gigabyte, with what converts it.
_PIXELS = 1 << 26
# Longer images are cut to it before they are resized: what is seen of them is less by far.
_LONG = 8  # sides over each other


class ImageFolder(Dataset[tuple[Tensor, int]]):
    """Photos at `folder/<class>/**/<name>.JPEG`, read when they are asked for.

    Links are followed, to each folder once. Classes are numbered in the order of their folders'
    names, by code points, and images come class by class, in the order of torchvision's
    `ImageFolder`. So the label of a folder of ImageNet, named by synset, is the output of a network
    with public weights.

    Item: an image [3, size, size], float32, of mean 0 and deviation 1 over ImageNet, and its label.
    To evaluate, the shorter side is resized to `resize` and the centre cut out (He et al.,
    CVPR 2016); of an image that is more than 8 times as long as wide, its middle counts as the
    whole. To train, a crop of 8 to 100 % of the image and of aspect 3/4 to 4/3 is resized, and
    mirrored every other time (Szegedy et al., CVPR 2015). Pixels are those that torchvision's
    transforms give with Pillow.

    Attributes:
      classes: names of the folders, in the order of the labels.
      files: path and label of each image.

    Args:
      folder: of one part of the data set, such as `ImageNet/train`.
      size: of an item.
      resize: shorter side of the image from which an item is cut to evaluate.

    Raises:
      DataError: when there are no folders, one without an image, one that cannot be read, a link
        that leads nowhere, or `size` is above `resize`; on access, when an image cannot be read, or
        has more than 67 million pixels.
      MissingDependencyError: without Pillow.
    """

    def __init__(self, folder: str | Path, *, size: int = 224, resize: int = 256):
        if not 1 <= size <= resize:
            raise DataError(f"size is {size}, expected 1 to {resize}, to which images are resized")
        _pillow()  # missing, it is better missed now than in a worker
        self._size = size
        self._resize = resize
        self.classes = _classes(Path(folder))
        self.files = [
            (file, label)
            for label, name in enumerate(self.classes)
            for file in _images(Path(folder) / name)
        ]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        file, label = self.files[index]
        image = _centre(_read(file))
        short = min(image.size)
        width, height = (self._resize * side // short for side in image.size)
        left, top = (round((side - self._size) / 2) for side in (width, height))
        resized = image.resize((width, height), _pillow().Resampling.BILINEAR)
        return _normalise(resized.crop((left, top, left + self._size, top + self._size))), label

    def augmented(self, index: int, random: np.random.Generator) -> tuple[Tensor, int]:
        file, label = self.files[index]
        image = _read(file)
        crop = image.crop(_random_box(*image.size, random))
        resized = crop.resize((self._size, self._size), _pillow().Resampling.BILINEAR)
        return flip(_normalise(resized), random), label


def _pillow() -> ModuleType:
    return require("PIL.Image", needed_for="a folder of images")


def _read(file: str) -> "Image":
    """The image in three channels, which not every file has."""
    try:
        with _pillow().open(file) as image:
            width, height = image.size  # of the header; nothing is decoded yet
            if width * height > _PIXELS:
                raise DataError(
                    f"the image '{file}' has {width} x {height} pixels, expected at most {_PIXELS} "
                    "in all; make it smaller"
                )
            return image.convert("RGB")
    except DataError:
        raise
    # Pillow's plugins raise what their format's parser does, not only OSError.
    except Exception as error:
        raise DataError(
            f"cannot read the image '{file}': {error}; copy it anew or remove it"
        ) from error


def _centre(image: "Image") -> "Image":
    """The image without the ends of one that is very long."""
    longest = _LONG * min(image.size)
    left, top = (max(0, side - longest) // 2 for side in image.size)
    width, height = (min(side, longest) for side in image.size)
    return image.crop((left, top, left + width, top + height))


def _normalise(image: "Image") -> Tensor:
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    return (pixels / 255 - _MEAN) / _DEVIATION


def _random_box(width: int, height: int, random: np.random.Generator) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a crop with random area, aspect and place.

    Where ten crops in a row do not fit, the largest centred one of a permitted aspect.
    """
    for _ in range(_ATTEMPTS):
        area = width * height * random.uniform(*_AREA)
        aspect = math.exp(random.uniform(*_LOG_ASPECT))
        crop_width, crop_height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < crop_width <= width and 0 < crop_height <= height:
            left = int(random.integers(0, width - crop_width + 1))
            top = int(random.integers(0, height - crop_height + 1))
            return left, top, left + crop_width, top + crop_height
    crop_width = min(width, max(1, round(height * _ASPECT[1])))
    crop_height = min(height, max(1, round(width / _ASPECT[0])))
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    return left, top, left + crop_width, top + crop_height


def _classes(folder: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        raise DataError(f"'{folder}' is no folder, expected one with a folder for each class")
    with _named_errors(folder):
        names = tuple(sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()))
    if not names:
        raise DataError(
            f"'{folder}' has no folders in it, expected one for each class; "
            "for ImageNet, sort the images into folders named by synset"
        )
    return names


def _images(folder: Path) -> list[str]:
    """The files of a class, folder by folder; each folder once, whatever links lead to it."""
    found: list[tuple[str, str]] = []
    seen: set[tuple[int, int]] = set()
    places = [str(folder)]
    while places:
        place = places.pop()
        with _named_errors(place):
            status = os.stat(place)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            inner = []
            for entry in os.scandir(place):
                if entry.is_dir():
                    inner.append(entry.path)
                elif entry.name.lower().endswith(_SUFFIXES) and _is_file(entry):
                    found.append((place, entry.name))
        places += sorted(inner, reverse=True)
    if not found:
        raise DataError(
            f"'{folder}' has no images ({' '.join(_SUFFIXES)}), but every class needs one"
        )
    return [os.path.join(place, name) for place, name in sorted(found)]


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is no pipe, device or socket, which reading might wait for without end."""
    return entry.is_file() or (entry.is_symlink() and stat.S_ISREG(os.stat(entry.path).st_mode))


@contextlib.contextmanager
def _named_errors(folder: str | Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"'{error.filename or folder}' cannot be read: {error.strerror}; mend or remove it"
        ) from error
