# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What is measured: networks and layers, and how patternc prunes them."""
