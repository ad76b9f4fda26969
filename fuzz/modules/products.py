# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Products of matrices: linear layers, attention, recurrences."""

import torch

from fuzz.modules.maker import Maker, divisors


def linear(m: Maker) -> str | None:
    """A fully connected layer."""
    r, x = m.random, m.pick()
    if x is None or not m.shape(x):
        return None
    columns = m.shape(x)[-1]
    rows = r.choice([1, 3, 8, 16, 20, 32, 48])
    if r.random() < 0.05 and (y := m.pick(2)):
        features = m.shape(y)[-1]
        return m.add(f"self.NUMBER({x}, {y})", f"nn.Bilinear({columns}, {features}, {rows})")
    return m.add(f"self.NUMBER({x})", f"nn.Linear({columns}, {rows}, bias={r.random() < 0.7})")


def product(m: Maker) -> str | None:
    """A product of two values."""
    r, x = m.random, m.pick(2, 3, 4)
    if x is None:
        return None
    shape = m.shape(x)
    rank = len(shape)
    y = m.pick(2, 3, 4, where=lambda v: v.dtype == torch.float32 and v.shape[-2] == shape[-1])
    letters = "bcij"[-rank:]
    return m.add(
        r.choice(
            [
                f"{x} @ {x}.transpose(-1, -2)",
                f"{x}.transpose(-1, -2) @ {x}",
                f"{x} @ {y}" if y else f"{x} @ {x}.mT",
                f"torch.einsum('{letters},{letters}->{letters[:-1]}', {x}, {x})",
                f"torch.einsum('...ij,...kj->...ik', {x}, {x})",
                f"torch.einsum('{letters}->{letters[::-1]}', {x})",
                f"{x} @ {x}[..., 0, :].unsqueeze(-1)",
                f"torch.bmm({x}, {x}.mT)",
                f"torch.baddbmm({x} @ {x}.mT, {x}, {x}.mT, alpha=0.5)",
                f"torch.tensordot({x}, {x}, dims=([{rank - 1}], [{rank - 1}]))",
                f"torch.cdist({x}, {x} + 1)",
                f"torch.outer({x}.flatten()[:9], {x}.flatten()[:5])",
            ]
        )
    )


def attention(m: Maker) -> str | None:
    """A value that attends to itself."""
    r, x = m.random, m.pick(3, 3, 4)
    if x is None:
        return None
    shape = m.shape(x)
    size = shape[-1]
    heads = r.choice(divisors(size)[:4])
    if len(shape) == 4 or r.random() < 0.4:
        causal = r.random() < 0.3
        return m.add(f"F.scaled_dot_product_attention({x}, {x}, {x}, is_causal={causal})")
    if r.random() < 0.3:
        return m.add(
            f"self.NUMBER({x})",
            f"nn.TransformerEncoderLayer({size}, {heads}, {r.choice([8, 16])}, batch_first=True, "
            f"norm_first={r.random() < 0.5}, activation='{r.choice(['relu', 'gelu'])}')",
        )
    return m.add(
        f"self.NUMBER({x}, {x}, {x})[0]",
        f"nn.MultiheadAttention({size}, {heads}, batch_first={r.random() < 0.7}, "
        f"bias={r.random() < 0.7})",
    )


def recurrent(m: Maker) -> str | None:
    """A recurrence over a sequence, or one step of it."""
    r, x = m.random, m.pick(2, 3)
    if x is None or (len(m.shape(x)) == 3 and max(m.shape(x)[:2]) > 6):
        return None
    size, hidden = m.shape(x)[-1], r.choice([4, 8, 16])
    kind = r.choice(["RNN", "GRU", "LSTM"])
    if len(m.shape(x)) == 2:
        index = "[0]" if kind == "LSTM" else ""
        return m.add(f"self.NUMBER({x}){index}", f"nn.{kind}Cell({size}, {hidden})")
    return m.add(
        f"self.NUMBER({x})[{0 if r.random() < 0.7 or kind == 'LSTM' else 1}]",
        f"nn.{kind}({size}, {hidden}, num_layers={r.choice([1, 1, 2])}, "
        f"batch_first={r.random() < 0.7}, bidirectional={r.random() < 0.3}, "
        f"bias={r.random() < 0.8})",
    )
