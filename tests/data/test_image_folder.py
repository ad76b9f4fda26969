# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Folders of images in the form of ImageNet's."""

import os
import resource
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("PIL")

from PIL import Image

from patternc.data import ImageFolder, loaders
from patternc.data.image_folder import _random_box
from patternc.errors import DataError, MissingDependencyError

pytestmark = [pytest.mark.data, pytest.mark.torch]

MEAN = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)


def pixels(item: torch.Tensor) -> torch.Tensor:
    """An item before it was normalised, uint8."""
    return ((item * DEVIATION + MEAN) * 255).round().to(torch.uint8)


def write(file, image, **options):
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file, **options)


def gradient(width: int, height: int) -> Image.Image:
    """Red grows to the right and green downwards, so that a colour is a place."""
    red = np.broadcast_to(np.linspace(0, 255, width), (height, width))
    green = np.broadcast_to(np.linspace(0, 255, height)[:, None], (height, width))
    return Image.fromarray(np.stack([red, green, 0 * red], axis=2).round().astype(np.uint8))


@pytest.fixture
def folder(tmp_path):
    for place in ("n02/b.JPEG", "n02/a.JPEG", "n02/inner/z.JPEG", "n10/c.jpg", "N3/d.JPEG"):
        write(tmp_path / "train" / place, gradient(60, 40), format="JPEG")
    (tmp_path / "train" / "n10" / "notes.txt").write_text("no image")
    (tmp_path / "train" / "synsets.txt").write_text("no class")
    return tmp_path / "train"


def test_classes_and_images_come_in_the_order_of_torchvision(folder):
    data_set = ImageFolder(folder)
    assert data_set.classes == ("N3", "n02", "n10")
    names = ["N3/d.JPEG", "n02/a.JPEG", "n02/b.JPEG", "n02/inner/z.JPEG", "n10/c.jpg"]
    assert [file for file, _ in data_set.files] == [str(folder / name) for name in names]
    assert [data_set[index][1] for index in range(len(data_set))] == [0, 1, 1, 1, 2]


def test_images_are_read_when_they_are_asked_for(folder):
    data_set = ImageFolder(folder)
    (folder / "n02/a.JPEG").unlink()
    data_set[0]
    with pytest.raises(DataError, match=r"cannot read the image '.*n02/a\.JPEG'"):
        data_set[1]


def test_evaluation_takes_the_centre(tmp_path):
    write(tmp_path / "c" / "image.png", gradient(1024, 512))
    image, label = ImageFolder(tmp_path)[0]
    assert image.shape == (3, 224, 224) and image.dtype == torch.float32 and label == 0
    # At 512x256 the crop goes from column 144 to 368 and from row 16 to 240.
    red, green, blue = (pixels(image)[channel].float() for channel in range(3))
    for line, first, last, size in ((red[0], 144, 368, 512), (green[:, 0], 16, 240, 256)):
        expected = (torch.arange(first, last) + 0.5) / size * 255
        assert (line - expected).abs().max() < 1.5
    assert blue.max() == 0


def test_small_and_grey_images_are_taken(tmp_path):
    write(tmp_path / "c" / "a.png", Image.new("L", (5, 9), 100))
    write(tmp_path / "c" / "b.JPEG", Image.new("CMYK", (300, 400)), format="JPEG")
    data_set = ImageFolder(tmp_path, size=32, resize=40)
    assert torch.equal(pixels(data_set[0][0]), torch.full((3, 32, 32), 100, dtype=torch.uint8))
    assert data_set[1][0].shape == (3, 32, 32)
    assert data_set.augmented(0, np.random.default_rng(0))[0].shape == (3, 32, 32)


def test_training_takes_crops_of_any_size_and_mirrors(tmp_path):
    write(tmp_path / "c" / "image.png", gradient(300, 300))
    data_set = ImageFolder(tmp_path, size=32, resize=32)
    mirrored, areas, aspects = [], [], []
    for seed in range(100):
        image, label = data_set.augmented(0, np.random.default_rng(seed))
        again, _ = data_set.augmented(0, np.random.default_rng(seed))
        assert torch.equal(image, again) and image.shape == (3, 32, 32) and label == 0
        red, green, _ = pixels(image).double()
        # Shares of the image between the outermost of 32 pixels, which are 31 apart.
        width = float(red[0, -1] - red[0, 0]) / 255 * 32 / 31
        height = float(green[-1, 0] - green[0, 0]) / 255 * 32 / 31
        mirrored.append(width < 0)
        areas.append(abs(width) * height)
        aspects.append(abs(width) / height)
    assert 0.07 < min(areas) < 0.2 and 0.8 < max(areas) < 1.05
    assert 0.72 < min(aspects) < 0.85 and 1.15 < max(aspects) < 1.39
    assert 30 < sum(mirrored) < 70


@pytest.mark.parametrize(("width", "height"), [(500, 20), (20, 500), (1, 1), (3, 2)])
def test_crops_lie_in_images_of_any_aspect(width, height):
    random = np.random.default_rng(0)
    for _ in range(200):
        left, top, right, bottom = _random_box(width, height, random)
        assert 0 <= left < right <= width and 0 <= top < bottom <= height
    if max(width, height) > 100:  # no crop of 8 % fits: the centre, as near to it as is permitted
        short, long = 20, 27
        assert (right - left, bottom - top) == ((long, short) if width > height else (short, long))
        assert left == (width - (right - left)) // 2 and top == (height - (bottom - top)) // 2


def test_loaders_take_it_in_processes_of_their_own(folder):
    data_set = ImageFolder(folder, size=16, resize=16)
    here, there = (
        list(loaders(data_set, data_set, batch_size=5, seed=1, workers=workers)[0])
        for workers in (0, 2)
    )
    assert torch.equal(here[0][0], there[0][0]) and torch.equal(here[0][1], there[0][1])


@pytest.mark.parametrize("damage", ["truncated", "no image", "empty"])
def test_a_damaged_image_is_named(folder, damage):
    file = folder / "n10" / "c.jpg"
    content = {"truncated": file.read_bytes()[:-300], "no image": b"text", "empty": b""}
    file.write_bytes(content[damage])
    data_set = ImageFolder(folder)
    message = rf"cannot read the image '{file}': .+; copy it anew or remove it"
    with pytest.raises(DataError, match=message):
        data_set[4]
    with pytest.raises(DataError, match=message):
        data_set.augmented(4, np.random.default_rng(0))


def test_wrong_folders(tmp_path):
    with pytest.raises(DataError, match="nowhere' is no folder, expected one with a folder for"):
        ImageFolder(tmp_path / "nowhere")
    write(tmp_path / "image.png", gradient(9, 9))
    with pytest.raises(DataError, match="has no folders in it, expected one for each class; for"):
        ImageFolder(tmp_path)
    (tmp_path / "n01").mkdir()
    with pytest.raises(DataError, match=r"n01' has no images \(\.jpeg .*but every class needs one"):
        ImageFolder(tmp_path)


def test_a_very_long_image_is_cut_before_it_is_resized(tmp_path):
    write(tmp_path / "c" / "a.png", gradient(2, 60000))
    write(tmp_path / "c" / "b.png", gradient(60000, 2))
    data_set = ImageFolder(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 28), hard))
    try:
        images = [data_set[index][0] for index in range(2)]
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    for image, channel in zip(images, (1, 0), strict=True):
        assert image.shape == (3, 224, 224)
        assert (pixels(image)[channel].float() - 127.5).abs().max() < 2  # the middle


def test_an_image_that_is_eight_times_as_long_is_whole(tmp_path):
    image = gradient(400, 50)
    write(tmp_path / "c" / "a.png", image)
    whole = image.resize((8 * 64, 64), Image.Resampling.BILINEAR)
    expected = np.array(whole.crop((8 * 32 - 32, 0, 8 * 32 + 32, 64)))
    found = pixels(ImageFolder(tmp_path, size=64, resize=64)[0][0])
    assert np.array_equal(found.permute(1, 2, 0).numpy(), expected)


def test_an_image_of_too_many_pixels_is_not_decoded(tmp_path, monkeypatch):
    write(tmp_path / "c" / "a.png", Image.new("1", (10000, 7000)))
    monkeypatch.setattr(Image.Image, "load", None)  # which would decode it
    with pytest.raises(DataError, match=r"a\.png' has 10000 x 7000 pixels, expected at most 67"):
        ImageFolder(tmp_path)[0]


def test_links_are_followed_to_each_folder_once(tmp_path):
    write(tmp_path / "set" / "c" / "a.png", gradient(2, 2))
    write(tmp_path / "outside" / "b.png", gradient(2, 2))
    for name, target in (("one", "."), ("two", ".."), ("z", "../../outside"), ("y", "z")):
        (tmp_path / "set" / "c" / name).symlink_to(target)
    (tmp_path / "set" / "c" / "link.png").symlink_to("a.png")
    (tmp_path / "set" / "d").symlink_to("c")  # a class of its own
    files = [
        (str(Path(f).relative_to(tmp_path / "set")), k)
        for f, k in ImageFolder(tmp_path / "set").files
    ]
    assert files == [
        (f"{name}/{file}", label)
        for label, name in enumerate("cd")
        for file in ("a.png", "link.png", "y/b.png")
    ]


def test_what_is_no_file_is_left_out(tmp_path):
    write(tmp_path / "c" / "a.png", gradient(2, 2))
    os.mkfifo(tmp_path / "c" / "pipe.png")
    (tmp_path / "c" / "to pipe.png").symlink_to("pipe.png")
    (tmp_path / "c" / "device.png").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "c" / "socket.png"))
        assert len(ImageFolder(tmp_path)) == 1


@pytest.mark.parametrize(("name", "reason"), [("gone.png", "No such file"), ("self", "Too many")])
def test_links_that_lead_nowhere_are_named(tmp_path, name, reason):
    write(tmp_path / "c" / "a.png", gradient(2, 2))
    (tmp_path / "c" / name).symlink_to("nowhere" if name == "gone.png" else name)
    with pytest.raises(DataError, match=f"c/{name}' cannot be read: {reason}"):
        ImageFolder(tmp_path)


@pytest.mark.parametrize("place", ["", "c", "c/inner"])
def test_folders_that_cannot_be_read_are_named(tmp_path, place, monkeypatch):
    write(tmp_path / "c" / "inner" / "a.png", gradient(2, 2))
    scandir = os.scandir

    def refused(path):  # as for whoever is not root
        if str(path) == str(tmp_path / place):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(DataError, match=f"'{tmp_path / place}' cannot be read: Permission denied"):
        ImageFolder(tmp_path)


@pytest.mark.parametrize("size", [0, 257])
def test_size_out_of_range(folder, size):
    with pytest.raises(DataError, match=f"size is {size}, expected 1 to 256, to which images"):
        ImageFolder(folder, size=size)


def test_without_pillow_the_message_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'patternc\[data\]'"):
        ImageFolder(folder)
