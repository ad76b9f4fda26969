# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""CIFAR-10, in small files of its two published forms."""

import io
import itertools
import pickle
import struct

import numpy as np
import pytest
import torch

from patternc.data import CIFAR10
from patternc.errors import DataError

pytestmark = pytest.mark.torch

COUNT = 7
NAMES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]


class Python2Pickler(pickle._Pickler):
    """Writes what Python 2 wrote: byte strings without a type, and numpy's old module."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_string(self, value):
        content = value if isinstance(value, bytes) else value.encode("latin1")
        self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = save_string

    def save_global(self, value, name=None):
        module = value.__module__.replace("_core", "core")
        self.write(pickle.GLOBAL + f"{module}\n{value.__name__}\n".encode())
        self.memoize(value)

    dispatch[type] = dispatch[type(pickle.loads)] = dispatch[type(lambda: 0)] = save_global


def python2_pickle(value) -> bytes:
    stream = io.BytesIO()
    Python2Pickler(stream, protocol=2).dump(value)
    return stream.getvalue()


def records(file: int) -> tuple[np.ndarray, list[int]]:
    """The images, uint8 [COUNT, 3072], and labels of a file."""
    random = np.random.default_rng(file)
    images = random.integers(0, 256, (COUNT, 3072), dtype=np.uint8)
    return images, [(3 * file + image) % 10 for image in range(COUNT)]


def write_binary(folder):
    folder.mkdir()
    for number, name in enumerate(NAMES):
        images, labels = records(number)
        content = np.concatenate([np.array(labels, np.uint8)[:, None], images], axis=1)
        (folder / f"{name}.bin").write_bytes(content.tobytes())
    (folder / "batches.meta.txt").write_text("airplane\n")
    return folder


def batch(number: int) -> dict:
    images, labels = records(number)
    return {
        "batch_label": "training batch 1 of 5",
        "labels": labels,
        "data": images,
        "filenames": [f"photo_s_{image:06}.png" for image in range(COUNT)],
    }


def write_python(folder, dump=python2_pickle):
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(dump(batch(number)))
    (folder / "batches.meta").write_bytes(dump({"num_vis": 3072}))
    return folder


@pytest.fixture(params=["binary", "python 2", "python 3", "fortran"])
def folder(request, tmp_path):
    if request.param == "binary":
        return write_binary(tmp_path / "cifar-10-batches-bin")
    if request.param == "python 2":
        return write_python(tmp_path / "cifar-10-batches-py")
    if request.param == "python 3":
        return write_python(tmp_path / "cifar-10-batches-py", lambda b: pickle.dumps(b, 4))

    def dump(content):
        return python2_pickle(
            {k: np.asfortranarray(v) if k == "data" else v for k, v in content.items()}
        )

    return write_python(tmp_path / "cifar-10-batches-py", dump)


def test_both_forms_have_the_same_content(folder):
    for train, numbers in ((True, range(5)), (False, [5])):
        images, labels = zip(*map(records, numbers), strict=True)
        for place in (folder, folder.parent):
            data_set = CIFAR10(place, train=train, images_per_file=COUNT)
            assert data_set.images.dtype == torch.uint8 and data_set.labels.dtype == torch.int64
            assert np.array_equal(data_set.images, np.concatenate(images).reshape(-1, 3, 32, 32))
            assert data_set.labels.tolist() == [*itertools.chain(*labels)]
            assert len(data_set) == len(numbers) * COUNT


@pytest.fixture
def data_set(tmp_path):
    return CIFAR10(write_binary(tmp_path / "bin"), train=True, images_per_file=COUNT)


def test_pickles_were_as_old_as_the_published_ones(tmp_path):
    content = (write_python(tmp_path / "py") / "test_batch").read_bytes()
    assert b"cnumpy.core.multiarray\n_reconstruct\n" in content and b"_codecs" not in content
    read = pickle.loads(content, encoding="latin1")
    assert np.array_equal(read["data"], records(5)[0]) and read["labels"] == records(5)[1]


def test_items_are_normalised(data_set):
    image, label = data_set[4]
    mean = torch.tensor([0.4914, 0.4822, 0.4465]).reshape(3, 1, 1)
    deviation = torch.tensor([0.2470, 0.2435, 0.2616]).reshape(3, 1, 1)
    torch.testing.assert_close(image * deviation + mean, data_set.images[4] / 255)
    assert image.dtype == torch.float32
    assert type(label) is int and data_set.classes[label] == "deer"


def test_augmentation_shifts_by_up_to_four_and_mirrors(data_set):
    image = data_set[0][0]
    found = set()
    for seed in range(60):
        result, label = data_set.augmented(0, np.random.default_rng(seed))
        assert result.shape == (3, 32, 32) and label == data_set[0][1]
        # The middle of the result is somewhere in the image, or in its mirror image.
        middle = result[:, 4:28, 4:28]
        places = [
            (mirrored, y, x)
            for mirrored, whole in ((False, image), (True, image.flip(2)))
            for y in range(9)
            for x in range(9)
            if torch.equal(middle, whole[:, y : y + 24, x : x + 24])
        ]
        assert len(places) == 1
        found.add(places[0])
    for choice in range(3):
        values = {place[choice] for place in found}
        assert len(values) == (2 if choice == 0 else 9)


@pytest.mark.parametrize("write", [write_binary, write_python])
def test_missing_files(tmp_path, write):
    with pytest.raises(
        DataError, match=r"nowhere' is no folder; download https://www\.cs\.toronto"
    ):
        CIFAR10(tmp_path / "nowhere", train=True)
    with pytest.raises(DataError, match=r"neither 'test_batch\.bin' nor 'test_batch'.*; download"):
        CIFAR10(tmp_path, train=False)
    folder = write(tmp_path / "folder")
    suffix = ".bin" if write is write_binary else ""
    (folder / f"data_batch_2{suffix}").unlink()
    (folder / f"data_batch_4{suffix}").unlink()
    with pytest.raises(DataError, match=rf"lacks data_batch_2{suffix}, data_batch_4{suffix}; down"):
        CIFAR10(folder, train=True, images_per_file=COUNT)
    CIFAR10(folder, train=False, images_per_file=COUNT)


def test_truncated_binary_file(tmp_path):
    folder = write_binary(tmp_path / "bin")
    with pytest.raises(DataError, match="has 21511 bytes, expected 30730000"):
        CIFAR10(folder, train=False)
    file = folder / "test_batch.bin"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"test_batch\.bin' has 21510 bytes, expected 21511"):
        CIFAR10(folder, train=False, images_per_file=COUNT)


def test_binary_file_of_another_data_set(tmp_path):
    folder = write_binary(tmp_path / "bin")
    file = folder / "test_batch.bin"
    content = bytearray(file.read_bytes())
    content[2 * 3073] = 10
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"image 2 has label 10, expected 0 to 9; .* CIFAR-100"):
        CIFAR10(folder, train=False, images_per_file=COUNT)


IMAGES, LABELS = records(5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"fine_labels": LABELS, "data": IMAGES}, "has 'fine_labels', 'data', expected an array"),
        ({}, "has nothing, expected an array 'data' and a list 'labels'"),
        ({"labels": LABELS, "data": [1]}, "has 'labels', 'data', expected an array"),
        ({"labels": LABELS[1:], "data": IMAGES}, r"of shape \[7, 3072\] and 6 labels, expected"),
        ({"labels": LABELS, "data": IMAGES[:, 1:]}, r"of shape \[7, 3071\] and 7 labels"),
        ({"labels": [-1, *LABELS[1:]], "data": IMAGES}, "image 0 has label -1, expected 0 to 9"),
        ({"labels": ["a", *LABELS[1:]], "data": IMAGES}, "has labels that are no integers"),
        ({"labels": LABELS, "data": IMAGES / 255}, "holds an array that is not of uint8"),
        ([], "holds a list, expected a dict"),
    ],
)
def test_pickle_with_other_content(tmp_path, content, message):
    folder = write_python(tmp_path / "py")
    (folder / "test_batch").write_bytes(python2_pickle(content))
    with pytest.raises(DataError, match=f"test_batch'.*{message}"):
        CIFAR10(folder, train=False, images_per_file=COUNT)
