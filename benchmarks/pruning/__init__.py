# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What pruning costs: in accuracy, and in time of training."""
