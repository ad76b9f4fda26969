# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`import patternc` and nothing else is enough to reach what is public."""

import importlib
import pkgutil
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
        "assert not {'torch', 'iree', 'patternc.train', 'patternc.compiler'} & {*sys.modules}\n"
        "patternc.runtime.load\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("room", "above"),
    [("train", "prune search cocotune"), ("prune", "search cocotune"), ("search", "cocotune")],
)
def test_data_go_one_way(room, above):
    program = (
        f"import sys, patternc.{room}\n"
        f"assert not {{f'patternc.{{name}}' for name in {above.split()}}} & {{*sys.modules}}"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_other_names():
    with pytest.raises(AttributeError, match="module 'patternc' has no attribute 'pruning'"):
        patternc.pruning  # noqa: B018


@pytest.mark.torch
def test_no_function_hides_a_module():
    """Of a name that is both, `import package.name` gives one and `package.name` the other."""
    packages = [patternc]
    for _, name, is_package in pkgutil.walk_packages(patternc.__path__, "patternc."):
        if is_package:
            packages.append(importlib.import_module(name))
    hidden = [
        f"{package.__name__}.{name}"
        for package in packages
        for _, name, _ in pkgutil.iter_modules(package.__path__)
        if callable(getattr(package, name, None))
    ]
    assert not hidden
