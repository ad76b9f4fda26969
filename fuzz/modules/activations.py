# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Norms and activations."""

from fuzz.modules.maker import Maker, divisors


def norm(m: Maker) -> str | None:
    """A norm over channels, groups or the last dimensions."""
    r, x = m.random, m.pick(2, 3, 4, 5)
    if x is None:
        return None
    shape = m.shape(x)
    channels, affine = shape[1], r.random() < 0.8
    rank = max(len(shape) - 2, 1)
    last = shape[-r.choice([1, 1, 2]) :]
    layer = r.choice(
        [
            *[f"nn.BatchNorm{rank}d({channels}, affine={affine})"] * 3,
            f"nn.BatchNorm{rank}d({channels}, track_running_stats=False)",
            f"nn.InstanceNorm{rank}d({channels}, affine={affine})",
            f"nn.GroupNorm({r.choice(divisors(channels))}, {channels}, affine={affine})",
            f"nn.LayerNorm({list(last)}, elementwise_affine={affine})",
            f"nn.RMSNorm({list(last)}, eps=1e-5, elementwise_affine={affine})",
            f"nn.LocalResponseNorm({r.choice([2, 3, 5])})",
        ]
    )
    return m.add(f"self.NUMBER({x})", layer)


def activation(m: Maker) -> str | None:
    """A layer of one elementwise function, or a softmax."""
    r, x = m.random, m.pick()
    if x is None:
        return None
    layers = """
        ReLU() ReLU() ReLU() ReLU6() SiLU() Hardswish() Hardsigmoid() Hardtanh(-0.5,2) ELU() CELU()
        SELU() GELU() GELU('tanh') LeakyReLU(0.1) Sigmoid() Tanh() Softplus() Softsign() Mish()
        Hardshrink(0.2) Softshrink(0.2) Tanhshrink() Threshold(0.1,-1.0) LogSigmoid() RReLU()
        PReLU() GLU(1) Softmax(-1) Softmax(1) LogSoftmax(-1) LogSoftmax(1) Softmin(1) Dropout()
        """.split()
    layer = r.choice(layers)
    if layer == "PReLU()" and len(m.shape(x)) > 1 and r.random() < 0.5:
        layer = f"PReLU({m.shape(x)[1]})"
    return m.add(f"self.NUMBER({x})", f"nn.{layer}", jumps=layer.startswith(("Hardsh", "Thresh")))
