# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What every program needs: options, timing in turns, the machine. Knows no model and no engine."""
