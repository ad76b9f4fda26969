# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Architectures of torchvision, timm and transformers: whether they are right, and how fast."""
