# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Quantisation to 8 bits, through torchao's PT2E flow.

`quantize` gives a program that is ready for `patternc.compile`, from a trained model and some of
its inputs; `patternc.fit` gives one that was trained with fake quantisation. `QuantizationConfig`
says which layers stay in float and how the ranges of activations are found, `PatterncQuantizer`
what is quantised together, for a flow of one's own.
"""

# ruff: noqa: E402 - the check comes first, so that its message is what the user reads
from patternc.dependencies import require

require("torchao.quantization.pt2e", needed_for="quantisation")

from patternc.quantization.config import QuantizationConfig
from patternc.quantization.post_training import quantize
from patternc.quantization.quantizer import PatterncQuantizer

__all__ = ["PatterncQuantizer", "QuantizationConfig", "quantize"]
