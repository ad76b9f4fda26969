# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Engines against each other: compiled, checked, timed in turns, shown."""
