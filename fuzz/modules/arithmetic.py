# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Arithmetic: by element, over dimensions, on integers."""

import torch
from torch import Tensor

from fuzz.modules.maker import Maker


def arithmetic(m: Maker) -> str | None:
    """Elementwise functions, some of which jump."""
    r, x = m.random, m.pick()
    if x is None:
        return None

    def broadcasts(value: Tensor) -> bool:
        try:
            torch.broadcast_shapes(value.shape, m.shape(x))
        except RuntimeError:
            return False
        return value.dtype == torch.float32

    y = m.pick(where=broadcasts)
    number = r.choice([0.5, 2, -1.5, 3])
    plain = [
        *[f"{x} + {y}"] * 4,
        *[f"{x} * {y}"] * 2,
        f"{x} - {y}",
        f"{x} / ({y}.abs() + 1)",
        f"{x} + {number}",
        f"{x} * {number}",
        f"{number} - {x}",
        f"{x} / {number}",
        f"torch.add({x}, {y}, alpha={number})",
        f"torch.maximum({x}, {y})",
        f"torch.minimum({x}, {y})",
        f"torch.lerp({x}, {y}, 0.3)",
        f"torch.addcmul({x}, {x}, {y}, value=0.5)",
        f"{x}.clamp({-abs(number)}, {abs(number)})",
        f"{x}.clamp(min={number})",
        f"{x}.clamp(max={number})",
        f"{x} ** 2",
        f"{x} ** 3",
        f"({x}.abs() + 0.1) ** {number}",
        f"{x}.abs()",
        f"{x}.neg()",
        f"{x}.exp().clamp(max=50)",
        f"({x}.abs() + 0.1).log()",
        f"{x}.abs().log1p()",
        f"{x}.clamp(max=3).expm1()",
        f"({x}.abs() + 0.1).sqrt()",
        f"({x}.abs() + 0.1).rsqrt()",
        f"({x}.abs() + 0.5).reciprocal()",
        f"{x}.square()",
        f"{x}.sin()",
        f"{x}.cos()",
        f"{x}.atan()",
        f"torch.atan2({x}, {y}.abs() + 0.1)",
        f"{x}.erf()",
        f"{x}.sinh()",
        f"{x}.asinh()",
        f"torch.hypot({x}, {y})",
        f"torch.logaddexp({x}, {y})",
        f"F.normalize({x}, dim=-1)",
        f"F.cosine_similarity({x}, {y}, dim=-1)",
        f"torch.dist({x}, {y})",
        f"{x}.nan_to_num()",
        f"torch.addcdiv({x}, {x}, {y}.abs() + 1)",
    ]
    jumping = [
        f"{x}.fmod(2.5)",
        f"{x}.remainder(2.5)",
        f"{x}.sign()",
        f"{x}.floor()",
        f"{x}.ceil()",
        f"{x}.round()",
        f"{x}.trunc()",
        f"{x}.frac()",
        f"torch.where({x} > {y}, {x}, {y} * 2)",
        f"torch.where({x} > 0.1, {x}, torch.zeros_like({x}))",
        f"{x}.masked_fill({x} < 0, -1.0)",
        f"{x} * ({x} >= {y})",
        f"{x} * ({x} != 0).to(torch.float32)",
        f"torch.where(({x} > 0) & ({y} < 1) | ({x} <= -1), {x}, {y})",
        f"torch.heaviside({x}, {y})",
        f"({x} > 0.3).to(torch.float32)",
        f"{x}.div({y}.abs() + 1, rounding_mode='floor')",
        f"{x}.isnan().to(torch.float32) + {x}",
    ]
    if r.random() < 0.75:
        return m.add(r.choice(plain))
    return m.add(r.choice(jumping), jumps=True)


def reduction(m: Maker) -> str | None:
    """Sums, extrema and scans over some dimensions."""
    r, x = m.random, m.pick()
    if x is None or not m.shape(x):
        return None
    rank = len(m.shape(x))
    dims = r.sample(range(rank), r.randint(1, min(rank, 2)))
    d = dims[0]
    keep = f"keepdim={r.random() < 0.5}"
    return m.add(
        *r.choice(
            [
                *[(f"{x}.mean({dims}, {keep})",)] * 3,
                *[(f"{x}.sum({dims}, {keep})",)] * 2,
                (f"{x}.amax({dims}, {keep})",),
                (f"{x}.amin({dims}, {keep})",),
                (f"{x}.max({d}, {keep})[0]",),
                (f"{x}.var({dims}, {keep})",),
                (f"{x}.std({d}, {keep}, correction=0)",),
                (f"torch.logsumexp({x}, {dims}, {keep})",),
                (f"{x}.norm(dim={d}, {keep})",),
                (f"torch.linalg.vector_norm({x}, ord={r.choice([1, 2, 3])}, dim={d})",),
                (f"{x}.clamp(-1.2, 1.2).prod({d}, {keep})",),
                (f"{x}.mean()",),
                (f"{x}.sum()",),
                (f"{x}.max()",),
                (f"{x}.cumsum({d})",),
                (f"{x}.sort({d})[0]",),
                (f"{x}.topk(1, {d})[0]",),
                (f"{x}.median({d})[0]",),
                (f"torch.var_mean({x}, {dims})[1]",),
                (f"{x}.softmax({d})",),
                (f"{x}.log_softmax({d})",),
                (f"{x}.logcumsumexp({d})",),
            ]
        )
    )


def integers(m: Maker) -> str | None:
    """To integers, from them, and what reads places by them."""
    r = m.random
    index = m.pick(where=lambda value: value.dtype in (torch.int64, torch.int32, torch.bool))
    x = m.pick()
    makes = []
    if x is not None and m.shape(x):
        d = r.randrange(len(m.shape(x)))
        size = m.shape(x)[d]
        listed = [r.randrange(size) for _ in range(r.randint(1, 4))]
        makes += [
            f"{x}.index_select({d}, torch.tensor({listed}))",
            f"{x}[{':, ' * d}{listed}]",
            f"{x} + torch.arange({m.shape(x)[-1]})",
            f"{x}.gather({d}, torch.zeros({m.shape(x)}, dtype=torch.int64) + {size - 1})",
            f"{x}.argmax({d})",
            f"({x} * 3).to(torch.int64)",
            f"({x} * 3).to(torch.int32)",
            f"({x} * 3).int() // 2",
            f"({x} > 0)",
            f"({x} > 0).sum({d})",
            f"({x} > 0).any({d})",
            f"torch.full_like({x}, 2.0)",
            f"{x}.index_add({d}, torch.tensor([0]), {x}.narrow({d}, 0, 1))",
            f"{x}.scatter({d}, torch.zeros({m.shape(x)}, dtype=torch.int64), 1.0)",
        ]
    if index is not None:
        makes += [
            f"{index}.to(torch.float32)",
            f"{index} * 3 - 1",
            f"{index} % 3",
            f"{index}.clamp(0, 3)",
            f"{index} == 1",
            f"~({index} > 1)",
            f"{index}.to(torch.float32).mean()",
            f"F.one_hot({index} % 4, 4)",
            f"{index} & 3",
            f"{index}.bitwise_xor({index} + 1)",
            f"torch.where({index} > 1, {index}, -{index})",
            f"{index}.sum()",
            f"{index}.max()",
        ]
        if r.random() < 0.5:
            kind, size = r.choice(["Embedding", "Embedding", "EmbeddingBag"]), r.choice([4, 8])
            return m.add(f"self.NUMBER({index} % 10)", f"nn.{kind}(10, {size})")
    return m.add(r.choice(makes), jumps=True) if makes else None
