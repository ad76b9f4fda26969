# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""lit suite of the dialect and the passes.

Runs as it is against an installed pattern-opt (``lit lit_tests``, with
``-D tools_dir=DIR`` for one that is not next to lit or on the PATH), or from a
build tree, whose lit.site.cfg.py sets the folders (target ``check-lit``).
"""

import os
import shutil
import sys

import lit.formats
import lit.util

config.name = "patternc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".td", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt", "lit.cfg.py", "lit.site.cfg.py"]
config.test_source_root = os.path.dirname(__file__)


def folder_of(tool, *, setting, fallbacks):
    """Absolute folder of a tool: -D setting=DIR, the site configuration, then the fallbacks."""
    folder = lit_config.params.get(setting) or getattr(config, setting, None)
    candidates = [folder] if folder else fallbacks
    for candidate in candidates:
        if os.access(os.path.join(candidate, tool), os.X_OK):
            return os.path.abspath(candidate)
    found = None if folder else shutil.which(tool)
    if found is None:
        lit_config.fatal(f"no {tool} in {', '.join(candidates)}; say where with -D {setting}=DIR")
    return os.path.dirname(found)


tools_dir = folder_of(
    "pattern-opt", setting="tools_dir", fallbacks=[os.path.dirname(sys.executable)]
)
llvm_tools_dir = folder_of(
    "FileCheck", setting="llvm_tools_dir", fallbacks=["/usr/lib/llvm-22/bin"]
)

if not getattr(config, "test_exec_root", None):
    # Outputs of the tests stay out of the source tree.
    config.test_exec_root = os.path.join(
        lit_config.params.get("output_dir")
        or os.path.join(os.path.dirname(config.test_source_root), "build", "lit"),
    )
os.makedirs(config.test_exec_root, exist_ok=True)

# First on the PATH, so that tests say `pattern-opt`, `FileCheck`, `not` and `split-file`.
config.environment["PATH"] = os.pathsep.join(
    [tools_dir, llvm_tools_dir, config.environment.get("PATH", os.defpath)]
)
config.environment["FILECHECK_OPTS"] = "-enable-var-scope --allow-unused-prefixes=false"

config.substitutions.append(("%pattern-opt", os.path.join(tools_dir, "pattern-opt")))

# `%target-NAME` is the pass that says what the others are for; without one, it is AVX-512.
for name, parameters in {
    "avx2": "device = cpu, features = broadcast_load, vector_bits = 256, registers = 16",
    "sse": "device = cpu, vector_bits = 128, registers = 16",
    "neon": "device = cpu, features = broadcast_load|lane_multiply, vector_bits = 128, "
    "registers = 32",
    "gpu": "device = gpu, registers = 48, threads = 128, shared_bytes = 16384, subgroup = 64",
    "vm": "device = vm",
}.items():
    attribute = f"#pattern.target<{parameters}>"
    config.substitutions.append(
        (f"%target-{name}", f"-pattern-attach-target='target=\"{attribute}\"'")
    )

# REQUIRES: and UNSUPPORTED: names. Those below are what a test may want besides pattern-opt.
if os.access(os.path.join(tools_dir, "pattern-reduce"), os.X_OK):
    config.available_features.add("reduce")
if os.access(os.path.join(tools_dir, "pattern-lsp-server"), os.X_OK):
    config.available_features.add("lsp-server")
if os.access(os.path.join(llvm_tools_dir, "mlir-opt"), os.X_OK):
    config.available_features.add("mlir-opt")
