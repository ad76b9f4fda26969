# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Layers and networks on GPUs: compiled into a folder, which is carried to one and measured there.

What measures (`measure` and what it imports) needs NumPy and IREE's runtime only.
"""
