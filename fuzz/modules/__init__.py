# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random torch modules from a grammar of layers and operators, as the text of a program.

A module is a list of steps, each an expression of earlier values. While it is made, each step is
run, so that the grammar need not know what fits together: what PyTorch refuses is not taken.
"""
