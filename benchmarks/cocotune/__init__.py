# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What composability-based exploration gains, and what its parts take."""
