"""`import patternc` and nothing else is enough to reach what is public."""

import subprocess
import sys

import pytest

import patternc


@pytest.mark.torch
def test_every_name_is_there():
    program = (
        "import patternc; [getattr(patternc, name) for name in patternc.__all__]; dir(patternc)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert {*patternc.__all__} <= {*dir(patternc)}


def test_nothing_is_imported_before_it_is_used():
    program = (
        "import sys, patternc\n"
        "assert not {'torch', 'iree', 'patternc.prune', 'patternc.compiler'} & {*sys.modules}\n"
        "patternc.runtime.load\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_other_names():
    with pytest.raises(AttributeError, match="module 'patternc' has no attribute 'pruning'"):
        patternc.pruning  # noqa: B018
