# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""NaN goes through every kernel and every activation, along the taps that are kept."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from machines import EVERY_TARGET_BUT_THE_HOST, require_machine, run
from patternc import compile

pytestmark = [pytest.mark.iree, pytest.mark.torch]

ACTIVATIONS = {
    "none": lambda y: y,
    "relu": functional.relu,
    "relu6": functional.relu6,
    "hard_swish": functional.hardswish,
    "silu": functional.silu,
}
# Filters, channels, kernel and image of layers that take a kernel each on processors.
LAYERS = {
    "vector": (8, 6, 3, 9),
    "channel": (100, 5, 3, 9),
    "fully connected": (24, 20, 1, 1),
}
KEPT = [0, 1, 3, 4]  # of a 3x3 kernel


def _weights(name: str) -> torch.Tensor:
    """Dense ones, but half of the kernels for the layer of filters that share nothing."""
    filters, channels, size, _ = LAYERS[name]
    weights = torch.rand(filters, channels, size, size) + 0.5
    if name == "channel":
        kept = torch.zeros(9)
        kept[KEPT] = 1
        weights *= kept.view(3, 3) * (torch.rand(filters, channels, 1, 1) < 0.5)
    return weights


def _text(layers: dict[str, tuple[torch.Tensor, torch.Tensor, str]]) -> str:
    """A function of all layers, each with its own image."""
    arguments, body, results, types = [], [], [], []
    for i, (x, weights, activation) in enumerate(layers.values()):
        shape = [x.shape[0], len(weights), *(n - weights.shape[2] + 1 for n in x.shape[2:])]
        image, matrix, output = (
            f"tensor<{'x'.join(map(str, sizes))}xf32>" for sizes in (x.shape, weights.shape, shape)
        )
        ids = weights.flatten(2).ne(0).any(dim=2).numpy().astype(np.uint8)
        positions = weights.flatten(2).ne(0).any(dim=0).any(dim=0).nonzero().flatten().tolist()
        size = weights.shape[2]
        arguments.append(f"%x{i}: {image}")
        body.append(
            f'  %w{i} = arith.constant dense<"0x{weights.numpy().tobytes().hex()}"> : {matrix}'
        )
        body.append(
            f"  %y{i} = pattern.conv2d %x{i}, %w{i} map <set = <{size}x{size}, [{positions}]>, "
            f'ids = dense<"0x{ids.tobytes().hex()}"> : tensor<{ids.shape[0]}x{ids.shape[1]}xui8>> '
            f"{{activation = #pattern.activation<{activation}>}} : ({image}, {matrix}) -> {output}"
        )
        results.append(f"%y{i}")
        types.append(output)
    return "\n".join(
        [
            f"func.func @main({', '.join(arguments)}) -> ({', '.join(types)}) {{",
            *body,
            f"  return {', '.join(results)} : {', '.join(types)}",
            "}",
        ]
    )


@pytest.mark.parametrize("target", ["llvm-cpu", *EVERY_TARGET_BUT_THE_HOST])
def test_nan_goes_through(target, tmp_path):
    require_machine(target)
    torch.manual_seed(0)
    layers = {}
    for name in LAYERS:
        weights = _weights(name)
        _, channels, _, size = LAYERS[name]
        for activation in ACTIVATIONS:
            x = torch.randn(1, channels, size, size)
            x[0, 1, size // 2, size // 3] = torch.nan
            layers[name, activation] = (x, weights, activation)
    path = tmp_path / "layers.mlir"
    path.write_text(_text(layers))
    module = compile(path, target=target)
    kernels = {layer.name for layer in module.report().layers}
    assert len(module.report().layers) == len(layers), kernels
    if target == "llvm-cpu":
        forms = {layer.schedule.partition("<")[0] for layer in module.report().layers}
        assert forms >= {"#schedule.cpu_output_stationary", "#schedule.cpu_input_stationary"}
    results = run(module, *(x for x, _, _ in layers.values()), folder=tmp_path)
    for (key, (x, weights, activation)), result in zip(layers.items(), results, strict=True):
        # A removed tap is not read, where eager makes NaN of 0 times NaN.
        reached = functional.conv2d(x.isnan().float(), weights.ne(0).float()) > 0
        expected = ACTIVATIONS[activation](functional.conv2d(x.nan_to_num(0), weights))
        expected[reached] = torch.nan
        assert reached.any(), key
        torch.testing.assert_close(
            torch.as_tensor(result), expected, rtol=1e-4, atol=1e-4, equal_nan=True, msg=str(key)
        )
