# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Convolutions, poolings and resampling."""

from typing import Any

from fuzz.modules.maker import Maker, divisors


def convolution(m: Maker) -> str | None:
    """A convolution with any of its options."""
    r, x = m.random, m.pick(3, 4, 4, 5)
    if x is None:
        return None
    shape = m.shape(x)
    rank, channels = len(shape) - 2, shape[1]
    kernel = tuple(r.choice([1, 1, 2, 3, 3, 3, 4, 5, 7, 8]) for _ in range(rank))
    if r.random() < 0.7:
        kernel = kernel[:1] * rank
    groups = r.choice([1, 1, 1, channels, r.choice(divisors(channels))])
    filters = (
        groups * r.choice([1, 1, 2, 3, 4, 8]) if groups > 1 else r.choice([1, 3, 4, 8, 16, 20])
    )
    stride = r.choice([1, 1, 1, 2, 3, tuple(r.choice([1, 2]) for _ in range(rank))])
    dilation = r.choice([1, 1, 1, 2, 3, tuple(r.choice([1, 2]) for _ in range(rank))])
    padding: Any = r.choice([0, 1, tuple(k // 2 for k in kernel), kernel[0] // 2])
    if r.random() < 0.1 and stride == 1:
        padding = "same"
    mode = r.choice(["zeros"] * 7 + ["reflect", "replicate", "circular"])
    bias = r.random() < 0.7
    layer = (
        f"nn.Conv{rank}d({channels}, {filters}, {kernel}, stride={stride}, padding={padding!r}, "
        f"dilation={dilation}, groups={groups}, bias={bias}, padding_mode={mode!r})"
    )
    return m.add(f"self.NUMBER({x})", layer)


def transposed_convolution(m: Maker) -> str | None:
    """A transposed convolution with any of its options."""
    r, x = m.random, m.pick(3, 4, 4, 5)
    if x is None:
        return None
    rank, channels = len(m.shape(x)) - 2, m.shape(x)[1]
    groups = r.choice([1, 1, r.choice(divisors(channels))])
    stride = r.choice([1, 2, 2, 3])
    return m.add(
        f"self.NUMBER({x})",
        f"nn.ConvTranspose{rank}d({channels}, {groups * r.choice([1, 2, 4])}, "
        f"{r.choice([1, 2, 3, 4])}, stride={stride}, padding={r.choice([0, 0, 1])}, "
        f"output_padding={r.choice([0, 0, stride - 1])}, groups={groups}, "
        f"bias={r.random() < 0.7}, dilation={r.choice([1, 1, 1, 2])})",
    )


def pooling(m: Maker) -> str | None:
    """A maximum or a mean over windows, of a size or into a number of them."""
    r, x = m.random, m.pick(3, 4, 4, 5)
    if x is None:
        return None
    rank = len(m.shape(x)) - 2
    kernel: Any = r.choice([2, 2, 3, 3, tuple(r.choice([1, 2, 3]) for _ in range(rank))])
    stride, ceil = r.choice([None, 1, 2, 2, 3]), r.random() < 0.25
    padding = r.choice([0, 0, 1])
    outside = f"stride={stride}, padding={padding}, ceil_mode={ceil}"
    size = r.choice([1, 1, 2, 3, 5, tuple(r.choice([1, 2, 3]) for _ in range(rank))])
    counted = f"count_include_pad={r.random() < 0.6}"
    divisor = f", divisor_override={r.choice([2, 5])}" if rank > 1 and r.random() < 0.1 else ""
    layer = r.choice(
        [
            *[f"nn.MaxPool{rank}d({kernel}, {outside}, dilation={r.choice([1, 1, 1, 2])})"] * 2,
            *[f"nn.AvgPool{rank}d({kernel}, {outside}, {counted}{divisor})"] * 2,
            f"nn.AdaptiveAvgPool{rank}d({size})",
            f"nn.AdaptiveMaxPool{rank}d({size})",
            f"nn.LPPool{min(rank, 2)}d(2, 2)",
        ]
    )
    return m.add(f"self.NUMBER({x})", layer)


def resampling(m: Maker) -> str | None:
    """An image of another size."""
    r, x = m.random, m.pick(3, 4, 4, 5)
    if x is None:
        return None
    rank = len(m.shape(x)) - 2
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[rank]
    mode = r.choice(["nearest", "nearest", "nearest-exact", linear, linear, "bicubic", "area"])
    to = r.choice(["scale_factor=2", "scale_factor=1.5", "scale_factor=0.5", "size"])
    if to == "size":
        to = f"size={tuple(r.randint(1, 9) for _ in range(rank))}"
    corners = f", align_corners={r.random() < 0.4}" if mode in (linear, "bicubic") else ""
    square = r.random() < 0.2 and rank == 2
    if square and (c := m.shape(x)[1]) % 4 == 0 and c:
        return m.add(f"F.pixel_shuffle({x}, 2)")
    if square:
        return m.add(f"F.pixel_unshuffle({x}, 2)")
    # What lies between two pixels is rounded to one of them.
    return m.add(
        f"F.interpolate({x}, {to}, mode='{mode}'{corners})", jumps=mode.startswith("nearest")
    )
