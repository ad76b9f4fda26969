# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A compiled network in a process that has neither torch nor the compiler."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from networks import random_network
from patternc import compile, load
from patternc.errors import ModelError
from patternc.models import SmallResNet

pytestmark = [pytest.mark.iree, pytest.mark.torch]

SCRIPT = """
import sys
sys.modules.update({"torch": None, "torch_mlir": None, "iree.compiler": None})
import numpy as np
import patternc
module = patternc.load(sys.argv[1])
np.save(sys.argv[3], module(np.load(sys.argv[2])))
print(module.report())
"""


def test_same_numbers_in_a_fresh_process(tmp_path):
    model = random_network(SmallResNet, width=8, pruning={"form": "group"})
    x = torch.randn(1, 3, 16, 16)
    module = compile(model, (x,), threads=1)
    module.save(tmp_path / "net.patternc")
    np.save(tmp_path / "x.npy", x.numpy())
    paths = [str(tmp_path / name) for name in ("net.patternc", "x.npy", "y.npy")]
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, *paths], capture_output=True, text=True, check=True
    )
    np.testing.assert_array_equal(np.load(paths[2]), module(x).numpy())
    assert run.stdout.rstrip() == str(module.report())

    loaded = load(paths[0])
    assert loaded.report() == module.report()
    assert loaded.manifest == module.manifest
    with pytest.raises(ModelError, match="the module holds no MLIR"):
        loaded.mlir("graph")
