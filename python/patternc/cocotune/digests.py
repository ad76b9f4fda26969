# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What networks are, in few bytes."""

import hashlib
import json
from typing import TYPE_CHECKING

from torch import nn

from patternc.train.checkpoint import tensor_bytes

if TYPE_CHECKING:
    from hashlib import _Hash


def network_digest(network: nn.Module) -> "_Hash":
    """SHA-256 of the modules of a network and of all in its state dict."""
    digest = hashlib.sha256(str(network).encode())
    for name, tensor in network.state_dict().items():
        digest.update(json.dumps(name).encode())
        digest.update(tensor_bytes(tensor))
    return digest
