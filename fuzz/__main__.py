# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`python -m fuzz`: runs fuzzers, one after the other, and says what they found."""

import argparse
import random
import sys
from pathlib import Path

from fuzz.compiled_ir import CompiledIR
from fuzz.mutated_files import MutatedFiles
from fuzz.mutated_ir import MutatedIR
from fuzz.runner import Fuzzer, run
from fuzz.torch_modules import TorchModules
from fuzz.valid_ir import ValidIR

FUZZERS: list[Fuzzer] = [ValidIR(), CompiledIR(), MutatedIR(), MutatedFiles(), TorchModules()]


def main() -> int:
    names = [fuzzer.name for fuzzer in FUZZERS]
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("fuzzers", nargs="*", metavar="FUZZER", help=f"of {', '.join(names)}")
    parser.add_argument("--minutes", type=float, help="for each fuzzer; 1 without --count")
    parser.add_argument("--count", type=int, help="cases of each fuzzer")
    parser.add_argument("--seed", type=int, help="of the first case; random by default")
    parser.add_argument(
        "--output", type=Path, default=Path("build/fuzz/findings"), help="folder for findings"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.fuzzers) - set(names):
        parser.error(f"no fuzzer {', '.join(sorted(unknown))}; there are {', '.join(names)}")

    minutes = arguments.minutes
    if minutes is None and arguments.count is None:
        minutes = 1
    seed = random.randrange(1 << 40) if arguments.seed is None else arguments.seed
    failed = False
    for fuzzer in FUZZERS:
        if arguments.fuzzers and fuzzer.name not in arguments.fuzzers:
            continue
        print(f"{fuzzer.name}: seed {seed}", flush=True)
        result = run(
            fuzzer,
            seed=seed,
            seconds=None if minutes is None else 60 * minutes,
            count=arguments.count,
            folder=arguments.output,
        )
        print(f"{fuzzer.name}: {result.cases} cases in {result.seconds:.0f} s")
        for name, number in sorted(result.counts.items()):
            print(f"  {number:8} {name}")
        for kind, number in result.findings.most_common():
            print(f"  FOUND {number} times: {kind}")
        failed |= bool(result.findings)
    if failed:
        print(f"the inputs are in {arguments.output}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
