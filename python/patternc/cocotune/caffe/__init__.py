# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Networks and training meta data as Caffe describes them."""

from patternc.cocotune.caffe.network import CaffeNetwork, read_network
from patternc.cocotune.caffe.solver import Solver, read_solver

__all__ = ["CaffeNetwork", "Solver", "read_network", "read_solver"]
