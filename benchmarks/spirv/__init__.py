# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What is compiled for GPUs: its SPIR-V, and what drivers make of it. Nothing is run."""
