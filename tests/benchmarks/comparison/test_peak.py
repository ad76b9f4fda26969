# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The loop of each precision compiles and runs on this machine."""

from typing import get_args

import pytest
from benchmarks.comparison.peak import prepare_loop
from benchmarks.engines.engine import Precision

from patternc.compiler import get_target

pytestmark = [pytest.mark.iree, pytest.mark.torch]


def test_every_precision():
    loops = {precision: prepare_loop(precision) for precision in get_args(Precision)}
    for loop in loops.values():
        loop.run()
    products = {
        key: loop.multiply_adds / loops["float32"].multiply_adds for key, loop in loops.items()
    }
    features = get_target("llvm-cpu").features
    dots = {"dot_u8s8", "dot_s8s8"} & {*features}
    assert products["int8"] == (4 if dots else 2 if "dot_s16" in features else 1)
    assert products["float16"] == (2 if "float16" in features else 1)
    assert products["bfloat16"] in (1, 2)
