# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What runs a model: patternc, and what it is compared with."""
