"""What tensors and networks are, in few bytes."""

import hashlib
import json
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from hashlib import _Hash


def tensor_bytes(tensor: Tensor) -> bytes:
    """The type, shape and elements of a tensor."""
    array = tensor.detach().cpu().contiguous()
    header = json.dumps((str(array.dtype), list(array.shape))).encode()
    return header + array.flatten().view(torch.uint8).numpy().tobytes()


def network_digest(network: nn.Module) -> "_Hash":
    """SHA-256 of the modules of a network and of all in its state dict."""
    digest = hashlib.sha256(str(network).encode())
    for name, tensor in network.state_dict().items():
        digest.update(json.dumps(name).encode())
        digest.update(tensor_bytes(tensor))
    return digest
