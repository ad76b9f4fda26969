# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Computes operations with numpy: a function for each, of the operation and its operands."""
