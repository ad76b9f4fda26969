# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What is quantised for ncnn: the scales in its files."""

import numpy as np
import pytest
import torch
from benchmarks.engines.to_ncnn import to_ncnn

pytestmark = pytest.mark.torch


def test_scales():
    model = torch.nn.Sequential(
        torch.nn.Conv2d(2, 2, 1, bias=False),
        torch.nn.ReLU(),
        torch.nn.Conv2d(2, 2, 1, groups=2, bias=False),
        torch.nn.Flatten(),
        torch.nn.Linear(2, 1, bias=False),
    ).eval()
    for layer, weights in zip(model[::2], ([2, 0, 0, 4], [1, 8], [1, 2]), strict=True):
        layer.weight.data = torch.tensor(weights, dtype=torch.float32).reshape(layer.weight.shape)
    param, weights = to_ncnn(model, [torch.tensor([[[[x]], [[1.0]]]]) for x in (-3.0, 1.0)])
    layers = {line.split()[0]: line.split() for line in param.splitlines()[2:]}
    assert "8=102" in layers["Convolution"]  # the depthwise one reads int8
    assert "8=1" in layers["ConvolutionDepthWise"]
    assert "8=2" in layers["InnerProduct"]
    # Of each layer a tag, its weights, and 127 over the largest values of weights, input, output.
    inputs = 3, 4, 32
    expected = [0, 2, 0, 0, 4, *(127 / w for w in (2, 4)), 127 / inputs[0], 127 / inputs[1]]
    expected += [0, 1, 8, *(127 / w for w in (1, 8)), 127 / inputs[1]]
    expected += [0, 1, 2, 127 / 2, 127 / inputs[2]]
    np.testing.assert_allclose(np.frombuffer(weights, np.float32), expected, rtol=1e-6)


def test_without_calibration_there_are_none():
    param, weights = to_ncnn(torch.nn.Sequential(torch.nn.Conv2d(2, 2, 1)).eval())
    assert " 8=" not in param
    assert len(weights) == 4 * (1 + 4 + 2)
