# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What moves elements: reshapes, slices, paddings, joins."""

import torch
from torch import Tensor

from fuzz.modules.maker import Maker, divisors


def shape(m: Maker) -> str | None:
    """One value in another shape or order, or a part of it."""
    r, x = m.random, m.pick()
    if x is None or not m.shape(x):
        return None
    shape = m.shape(x)
    rank = len(shape)
    d = r.randrange(rank)
    size = shape[d]
    order = list(range(rank))
    r.shuffle(order)
    start = r.randrange(size)
    at = ":, " * d
    factors = divisors(size)
    factor = r.choice(factors)
    pads = [r.choice([0, 1, 2]) for _ in range(2 * r.randint(1, min(rank, 3)))]
    mode = r.choice(["constant", "constant", "reflect", "replicate", "circular"])
    fill = f", value={r.choice([0.0, 1.5, -2.0])}" if mode == "constant" else ""
    ends = r.choice([size, min(size, start + r.randint(1, 4))])
    split = [*shape[:d], factor, size // factor, *shape[d + 1 :]]
    return m.add(
        r.choice(
            [
                f"{x}.permute({order})",
                f"{x}.permute({order}).contiguous()",
                f"{x}.transpose({d}, {r.randrange(rank)})",
                f"{x}.flatten({d})",
                f"{x}.flatten(1)" if rank > 1 else f"{x}[None]",
                f"{x}.reshape({split})",
                f"{x}.reshape({split}).transpose({d}, {d + 1}).reshape({list(shape)})",
                f"{x}.unflatten({d}, ({factor}, {size // factor}))",
                f"{x}.unsqueeze({d})",
                f"{x}.squeeze({d})",
                f"{x}.flip({d})",
                f"{x}.roll({r.randint(1, 3)}, {d})",
                f"F.pad({x}, {pads}, mode='{mode}'{fill})",
                f"{x}[{at}{start}:{ends}:{r.choice([1, 1, 2, 3])}]",
                f"{x}[{at}{start}]",
                f"{x}[..., {r.choice([0, -1])}]",
                f"{x}.narrow({d}, {start}, {size - start})",
                f"{x}.chunk({r.choice([2, 3])}, {d})[-1]",
                f"{x}.split({r.choice([1, 2, 3])}, {d})[0]",
                f"{x}.unbind({d})[-1]",
                f"{x}.expand({r.choice([2, 3])}, {', '.join(['-1'] * rank)})",
                f"{x}.repeat({', '.join(str(r.choice([1, 1, 2])) for _ in shape)})",
                f"{x}.repeat_interleave(2, {d})",
                f"{x}.unfold({d}, {r.randint(1, min(size, 3))}, {r.choice([1, 2])})",
                f"{x}.tril() if {rank} > 1 else {x}",
                f"{x}.rot90(1, ({d}, {(d + 1) % rank}))",
                f"{x}.diagonal()",
                f"{x}.clone()",
                f"F.unfold({x}, {r.choice([1, 2, 3])}, padding=1)",
                f"F.channel_shuffle({x}, {r.choice(factors)})",
            ]
        )
    )


def join(m: Maker) -> str | None:
    """Two values side by side."""
    r, x = m.random, m.pick()
    if x is None or not m.shape(x):
        return None
    shape = m.shape(x)
    d = r.randrange(len(shape))

    def fits(value: Tensor) -> bool:
        other = tuple(value.shape)
        same = len(other) == len(shape) and other[:d] + other[d + 1 :] == shape[:d] + shape[d + 1 :]
        return value.dtype == torch.float32 and same

    y = m.pick(where=fits)
    return m.add(
        r.choice(
            [
                *[f"torch.cat([{x}, {y}], {d})"] * 3,
                f"torch.cat([{y}, {x}, {y}], {d})",
                f"torch.stack([{x}, {x}], {d})",
                f"torch.hstack([{x}, {y}])",
            ]
        )
    )
