# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random valid linalg: what importers write, and what they never do.

Numbers are small multiples of 1/8, so that sums of products have no error in float64.
"""
