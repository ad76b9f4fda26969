# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What a measurement was taken on."""

import importlib.metadata
import os
import platform
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

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
    """Processor, versions and date, in JSON's types."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "load_average": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": _versions(_PACKAGES),
    }


def machine_line(machine: Mapping[str, Any]) -> str:
    """Date, processor and load of `describe_machine`."""
    return (
        f"{machine['date'][:10]}, {machine['cpu']}, load {machine['load_average']:.1f} on "
        f"{machine['cores']} cores at the start"
    )


def cpu_model() -> str:
    """The processor's name, family and model, as far as Linux knows them; else its architecture.

    The name alone may be no more than a brand, in virtual machines above all.
    """
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
            first = cpuinfo.read().split("\n\n")[0]
    except OSError:
        return platform.machine()
    fields = dict(re.findall(r"^(.*?)\s*: (.*)$", first, flags=re.MULTILINE))
    numbers = [
        f"{key.removeprefix('cpu ')} {fields[key]}"
        for key in ("cpu family", "model")
        if key in fields
    ]
    name = fields.get("model name", platform.machine())
    return f"{name} ({', '.join(numbers)})" if numbers else name


def _versions(packages: Sequence[str]) -> dict[str, str]:
    """The versions of those packages that are installed."""
    versions = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
