# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Settings of training in the form of Caffe's solver.

What Caffe has in its data layers stands in the solver: `dataset` and `batch_size`. `base_lr` and
`max_iter` are of fine-tuning; `pretrain_base_lr` and `pretrain_max_iter` of the tuning blocks, by
default the same.

    dataset: "digits"
    batch_size: 32
    base_lr: 0.001
    max_iter: 30000
    pretrain_base_lr: 0.2
    pretrain_max_iter: 10000
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patternc.cocotune.caffe.prototxt import as_written, parse_prototxt
from patternc.cocotune.tuning_config import FineTuningConfig, PretrainingConfig
from patternc.errors import CocoTuneError

# Settings that training here has no other values of.
_ONLY = {
    "regularization_type": "L2",
    "iter_size": 1,
    "clip_gradients": -1.0,
    "delta": 1e-8,
    "momentum2": 0.999,
    "rms_decay": 0.99,
}
_OPTIMIZERS = {
    "SGD": "sgd",
    "Nesterov": "nesterov",
    "AdaGrad": "adagrad",
    "RMSProp": "rmsprop",
    "AdaDelta": "adadelta",
    "Adam": "adam",
    "AdamW": "adamw",
}
# Each policy's name here, and the settings without which Caffe would not train, or at no rate.
_POLICIES = {
    "fixed": ("constant", ()),
    "step": ("step", ("gamma", "stepsize")),
    "multistep": ("multistep", ("gamma", "stepvalue")),
    "exp": ("exp", ("gamma",)),
    "inv": ("inv", ()),
    "poly": ("poly", ()),
    "sigmoid": ("sigmoid", ("gamma",)),
}


@dataclass(frozen=True)
class Solver:
    """What a solver says.

    Attributes:
      dataset: name of the data set and its folders, as on the command line; empty for none.
      batch_size: images of a training batch; None where it says none.
      pretraining: of the tuning blocks.
      fine_tuning: of the pruned networks.
    """

    dataset: tuple[str, ...]
    batch_size: int | None
    pretraining: PretrainingConfig
    fine_tuning: FineTuningConfig


def read_solver(source: str | Path) -> Solver:
    """Reads a solver.

    Args:
      source: the text, or the path of a file as a Path.

    Raises:
      CocoTuneError: for text that is no solver, one without `base_lr` or `max_iter`, a number out
        of range, or a setting that changes training in a way that is not known here.
      MissingDependencyError: without protobuf.
    """
    parsed = parse_prototxt(source, "SolverParameter")
    try:
        return _solver(parsed)
    except CocoTuneError as error:
        where = f"{source}: " if isinstance(source, Path) else ""
        raise CocoTuneError(f"{where}{error}") from error


def _solver(parsed: Any) -> Solver:
    for name in ("base_lr", "max_iter"):
        if not parsed.HasField(name):
            raise CocoTuneError(f"the solver has no {name}")
    for name, value in _ONLY.items():
        found = getattr(parsed, name)
        if isinstance(found, float):
            found = as_written(found)
        if parsed.HasField(name) and found != value:
            raise CocoTuneError(f"{name} is {found!r}, expected {value!r}")
    kind = parsed.type or _old_type(parsed)
    if kind not in _OPTIMIZERS:
        raise CocoTuneError(f"type is '{kind}', expected {', '.join(_OPTIMIZERS)}")
    if parsed.HasField("batch_size") and parsed.batch_size < 1:
        raise CocoTuneError(f"batch_size is {parsed.batch_size}, expected at least 1")
    settings: dict[str, Any] = {
        **_schedule(parsed),
        "optimizer": _OPTIMIZERS[kind],
        "momentum": as_written(parsed.momentum),
        "weight_decay": as_written(parsed.weight_decay),
        "seed": max(parsed.random_seed, 0),  # a negative one is Caffe's for none
    }
    fine_tuning = FineTuningConfig(
        steps=parsed.max_iter, learning_rate=as_written(parsed.base_lr), **settings
    )
    pretraining = PretrainingConfig(
        steps=parsed.pretrain_max_iter if parsed.HasField("pretrain_max_iter") else parsed.max_iter,
        learning_rate=as_written(
            parsed.pretrain_base_lr if parsed.HasField("pretrain_base_lr") else parsed.base_lr
        ),
        **settings,
    )
    batch_size = parsed.batch_size if parsed.HasField("batch_size") else None
    return Solver(tuple(parsed.dataset), batch_size, pretraining, fine_tuning)


def _old_type(parsed: Any) -> str:
    """The type by its number, as it was before it had a name."""
    values = parsed.DESCRIPTOR.fields_by_name["solver_type"].enum_type.values_by_number
    old = values[parsed.solver_type].name
    return next(name for name in _OPTIMIZERS if name.upper() == old)


def _schedule(parsed: Any) -> dict[str, Any]:
    """The fields of a config for `lr_policy`."""
    policy = parsed.lr_policy or "fixed"
    if policy not in _POLICIES:
        raise CocoTuneError(f"lr_policy is '{policy}', expected {', '.join(_POLICIES)}")
    schedule, needed = _POLICIES[policy]
    lacking = [name for name in needed if not getattr(parsed, name)]
    if lacking:
        raise CocoTuneError(f"lr_policy is '{policy}', which needs {' and '.join(lacking)}")
    if schedule == "constant":
        return {"schedule": schedule}
    return {
        "schedule": schedule,
        "gamma": as_written(parsed.gamma),
        "power": as_written(parsed.power),
        "step_size": parsed.stepsize if schedule in ("step", "sigmoid") else 1,
        "step_values": tuple(parsed.stepvalue),
    }
