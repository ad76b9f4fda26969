# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`python -m patternc` is the command `patternc`."""

import sys

from patternc.command_line import main

if __name__ == "__main__":
    sys.exit(main())
