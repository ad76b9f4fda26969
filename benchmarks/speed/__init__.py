# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""How fast pruned networks and layers are, and why."""
