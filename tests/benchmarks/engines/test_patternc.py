# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""patternc in int8 as an engine: it quantises, and compiles what that gives."""

import pytest
import torch
from benchmarks.engines.engine import NotMeasuredError, prepare
from benchmarks.engines.patternc import Patternc

import patternc
from patternc.errors import MissingDependencyError

pytestmark = pytest.mark.torch

IMAGE = torch.arange(32.0).reshape(1, 2, 4, 4)


@pytest.fixture
def model():
    return torch.nn.Conv2d(2, 3, 3).eval().requires_grad_(False)


def test_without_torchao_it_is_not_measured(model, monkeypatch):
    def quantize(model, inputs):
        raise MissingDependencyError("quantisation needs torchao")

    monkeypatch.setattr(patternc, "quantize", quantize, raising=False)
    with pytest.raises(NotMeasuredError, match="torchao"):
        Patternc(precision="int8").compile(model, IMAGE)


@pytest.mark.iree
def test_the_quantised_program_is_compiled(model, monkeypatch):
    calibration = []

    def quantize(model, inputs):
        calibration.extend(inputs)
        return torch.export.export(model, (calibration[0],))

    monkeypatch.setattr(patternc, "quantize", quantize, raising=False)
    prepared = prepare(Patternc(precision="int8"), model, IMAGE, threads=1)
    torch.testing.assert_close(torch.from_numpy(prepared.output()), model(IMAGE))
    assert {x.shape for x in calibration} == {IMAGE.shape}
    assert all(abs(x.mean() - IMAGE.mean()) < IMAGE.std() for x in calibration)
