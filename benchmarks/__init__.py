# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Programs that measure patternc and what it is compared with: see README.md."""
