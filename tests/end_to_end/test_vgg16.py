# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""VGG-16 with its 138 million parameters: weights cross every border as blobs, never as text."""

import json
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.iree, pytest.mark.torch, pytest.mark.slow]

# In a process of its own, whose memory is that of this compilation alone.
SCRIPT = """
import json, resource, sys, time
import torch
from patternc import compile, prune_
from patternc.models import VGG16
from patternc.settings import Settings

model = VGG16().eval()
for part in model.features:
    if isinstance(part, torch.nn.Conv2d):  # prune_ has a peak of its own
        prune_(part, form="group", skip_first=False)
x = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
start = time.perf_counter()
module = compile(model, (x,), settings=Settings(keep_stages=True))
seconds = time.perf_counter() - start
# Of the two processes, this and iree-compile's; a child begins with the peak of its parent.
peak = sum(
    resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
)
with torch.no_grad():
    expected = model(x)
print(json.dumps({
    "seconds": seconds,
    "peak_gigabytes": peak * 1024 / 1e9,
    "layers": len(module.report().layers),
    "text_megabytes": sum(len(module.mlir(stage)) for stage in module.stages) / 1e6,
    "error": float((module(x) - expected).norm() / expected.norm()),
}))
"""


def test_memory_and_result():
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    measured = json.loads(run.stdout)
    print(measured)
    # The design asks for less than 60 s as well, but no test asserts a time.
    assert measured["peak_gigabytes"] < 4
    assert measured["text_megabytes"] < 10
    assert measured["layers"] == 13 + 3
    assert measured["error"] < 1e-5
