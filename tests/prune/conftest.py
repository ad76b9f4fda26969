# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Threads that wait for each other train networks this small more slowly than one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
