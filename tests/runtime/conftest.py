# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Modules that several tests run, compiled once."""

import pytest

import handwritten


@pytest.fixture(scope="session")
def scale():
    return handwritten.compile_scale("llvm-cpu")


@pytest.fixture(scope="session")
def sum_and_difference():
    return handwritten.compile_sum_and_difference()
