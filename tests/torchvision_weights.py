# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Keys and shapes of torchvision's public state dicts, from the papers' tables.

Compared with the state dicts of torchvision 0.28, they are the same and in the same order.
"""

Shapes = dict[str, tuple[int, ...]]


def vgg16() -> Shapes:
    filters = [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    numbers = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    shapes: Shapes = {}
    for number, before, after in zip(numbers, [3, *filters], filters, strict=False):
        shapes |= _with_bias(f"features.{number}", (after, before, 3, 3))
    for number, shape in ((0, (4096, 25088)), (3, (4096, 4096)), (6, (1000, 4096))):
        shapes |= _with_bias(f"classifier.{number}", shape)
    return shapes


def resnet50() -> Shapes:
    shapes = _with_batch_norm("conv1", "bn1", (64, 3, 7, 7))
    channels = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        filters = 64 * 2**stage
        for block in range(blocks):
            name = f"layer{stage + 1}.{block}"
            convolutions = [
                (filters, channels, 1, 1),
                (filters, filters, 3, 3),
                (4 * filters, filters, 1, 1),
            ]
            for number, shape in enumerate(convolutions, start=1):
                shapes |= _with_batch_norm(f"{name}.conv{number}", f"{name}.bn{number}", shape)
            if block == 0:
                shape = (4 * filters, channels, 1, 1)
                shapes |= _with_batch_norm(f"{name}.downsample.0", f"{name}.downsample.1", shape)
            channels = 4 * filters
    return shapes | _with_bias("fc", (1000, 2048))


def mobilenet_v2() -> Shapes:
    shapes = _with_batch_norm("features.0.0", "features.0.1", (32, 3, 3, 3))
    channels, number = 32, 0
    filters_and_blocks = ((16, 1), (24, 2), (32, 3), (64, 4), (96, 3), (160, 3), (320, 1))
    for filters, blocks in filters_and_blocks:
        for _ in range(blocks):
            number += 1
            expansion = 1 if number == 1 else 6
            hidden, name, part = expansion * channels, f"features.{number}.conv", 0
            if expansion > 1:
                shape = (hidden, channels, 1, 1)
                shapes |= _with_batch_norm(f"{name}.0.0", f"{name}.0.1", shape)
                part = 1
            shapes |= _with_batch_norm(f"{name}.{part}.0", f"{name}.{part}.1", (hidden, 1, 3, 3))
            shape = (filters, hidden, 1, 1)
            shapes |= _with_batch_norm(f"{name}.{part + 1}", f"{name}.{part + 2}", shape)
            channels = filters
    shapes |= _with_batch_norm("features.18.0", "features.18.1", (1280, 320, 1, 1))
    return shapes | _with_bias("classifier.1", (1000, 1280))


def _with_bias(name: str, shape: tuple[int, ...]) -> Shapes:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def _with_batch_norm(convolution: str, batch_norm: str, shape: tuple[int, ...]) -> Shapes:
    statistics = ("weight", "bias", "running_mean", "running_var")
    return {
        f"{convolution}.weight": shape,
        **{f"{batch_norm}.{name}": shape[:1] for name in statistics},
        f"{batch_norm}.num_batches_tracked": (),
    }
