# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What ends a measurement."""


class WrongResultError(Exception):
    """An engine computed something else than PyTorch."""
