# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""How long Sequitur takes, by the length of what it reads.

Sequences: networks one behind the other, in which neighbours often share a ratio, which is what it
reads in CoCo-Tune; digits drawn at random; and one symbol over and over. The time is that of the
processor. Linear means that a symbol costs the same in each line of a kind, but for the caches.
"""

import argparse
import gc
import json
import random
import time
from collections.abc import Callable, Hashable

from tabulate import tabulate

from benchmarks.measuring.command_line import new_json_parser, positive, run
from benchmarks.measuring.machine import cpu_model
from patternc.cocotune.grammar_inference import sequitur

_MODULES = 16
_NEW_RATIO = 0.3  # chance that a module has another ratio than the one before it


def main() -> int:
    arguments = _parse_arguments()
    rows = []
    for name, make in _SEQUENCES.items():
        for length in arguments.lengths:
            sequence = make(length)
            gc.collect()
            start = time.process_time()
            grammar = sequitur(sequence)
            seconds = time.process_time() - start
            symbols = sum(len(body) for body in grammar.rules)
            rows.append(
                (name, length, seconds, 1e6 * seconds / length, len(grammar.rules), symbols)
            )
    print(f"{cpu_model()}\n")
    headers = ("sequence", "symbols", "seconds", "us / symbol", "rules", "symbols of the rules")
    print(tabulate(rows, headers, floatfmt=("", "", ".3f", ".2f", "", "")))
    if arguments.json:
        content = [dict(zip(headers, row, strict=True)) for row in rows]
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = new_json_parser(__doc__)
    parser.add_argument(
        "--lengths",
        type=positive,
        nargs="+",
        default=[10**4, 10**5, 10**6],
        help="symbols (10000 100000 1000000)",
    )
    return parser.parse_args()


def _networks(length: int) -> list[Hashable]:
    generator = random.Random(0)
    sequence: list[Hashable] = []
    ratio = 0.0
    while len(sequence) < length:
        for module in range(_MODULES):
            if module == 0 or generator.random() < _NEW_RATIO:
                ratio = generator.choice((0.3, 0.5, 0.7))
            sequence.append((module, ratio))
        sequence.append(("end", len(sequence)))
    return sequence[:length]


def _digits(length: int) -> list[Hashable]:
    generator = random.Random(0)
    return [generator.randrange(10) for _ in range(length)]


_SEQUENCES: dict[str, Callable[[int], list[Hashable]]] = {
    "networks": _networks,
    "random digits": _digits,
    "one symbol": lambda length: [0] * length,
}


if __name__ == "__main__":
    run(main)
