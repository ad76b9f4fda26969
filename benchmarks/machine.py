# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What a measurement was taken on."""

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from patternc.compiler.targets import get_target

_PACKAGES = (
    "patternc",
    "iree-base-compiler",
    "iree-base-runtime",
    "torch",
    "torch-mlir",
    "onnxruntime",
    "openvino",
    "MNN",
    "ncnn",
)


def describe_machine() -> dict[str, Any]:
    """Processor, versions, flags and date, in JSON's types."""
    target = get_target("llvm-cpu")
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "cpu": cpu_model(),
        "cpu_features": list(target.machine.features),
        "cores": len(os.sched_getaffinity(0)),
        "load_average": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": _versions(_PACKAGES),
        "iree_flags": list(target.flags),
    }


def cpu_model() -> str:
    """The processor's name, as far as Linux knows it; else its architecture."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
            for line in cpuinfo:
                name, _, value = line.partition(":")
                if name.strip() == "model name":
                    return value.strip()
    except OSError:
        pass
    return platform.machine()


def _versions(packages: Sequence[str]) -> dict[str, str]:
    """The versions of those packages that are installed."""
    versions = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
