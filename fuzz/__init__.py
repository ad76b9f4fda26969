# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random inputs, valid and broken, for every way into patternc: see README.md."""
