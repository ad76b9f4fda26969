# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Search for how much of each layer is pruned, under a budget of what the model may cost.

`search_rates` selects a compression rate for each layer; `Budget` is its limit, in multiply-adds,
bytes or time, and `LatencyMeter` measures the last.
"""

# ruff: noqa: E402 - the check comes first, so that its message is what the user reads
from patternc.dependencies import require

require("torch", needed_for="the search for rates")

from patternc.search.budget import Budget
from patternc.search.layer_latency import LatencyMeter
from patternc.search.rate_search import LayerRate, SearchResult, search_rates

__all__ = ["Budget", "LatencyMeter", "LayerRate", "SearchResult", "search_rates"]
