# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What the inner loops that are compiled for Arm could reach; nothing is run."""
