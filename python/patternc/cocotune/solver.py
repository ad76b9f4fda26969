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

import math
from dataclasses import dataclass
from pathlib import Path

from patternc.cocotune.prototxt import as_written, parse_prototxt
from patternc.errors import CocoTuneError


@dataclass(frozen=True)
class Solver:
    """What a solver says.

    Attributes:
      dataset: name of the data set and its folders, as on the command line; empty for none.
      batch_size: images of a training batch; None where it says none.
      learning_rate, steps: of fine-tuning.
      pretraining_learning_rate, pretraining_steps: of the tuning blocks.
      momentum, weight_decay: of both.
      seed: of both.
    """

    dataset: tuple[str, ...]
    batch_size: int | None
    learning_rate: float
    steps: int
    pretraining_learning_rate: float
    pretraining_steps: int
    momentum: float
    weight_decay: float
    seed: int


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
    where = f"{source}: " if isinstance(source, Path) else ""
    for name in ("base_lr", "max_iter"):
        if not parsed.HasField(name):
            raise CocoTuneError(f"{where}the solver has no {name}")
    for name, known in (
        ("type", ("SGD",)),
        ("lr_policy", ("fixed",)),
        ("regularization_type", ("L2",)),
        ("iter_size", (1,)),
    ):
        if parsed.HasField(name) and getattr(parsed, name) not in known:
            raise CocoTuneError(
                f"{where}{name} is {getattr(parsed, name)!r}, expected {known[0]!r}"
            )
    learning_rate, steps = as_written(parsed.base_lr), parsed.max_iter
    solver = Solver(
        tuple(parsed.dataset),
        parsed.batch_size if parsed.HasField("batch_size") else None,
        learning_rate,
        steps,
        as_written(parsed.pretrain_base_lr)
        if parsed.HasField("pretrain_base_lr")
        else learning_rate,
        parsed.pretrain_max_iter if parsed.HasField("pretrain_max_iter") else steps,
        as_written(parsed.momentum),
        as_written(parsed.weight_decay),
        max(parsed.random_seed, 0),
    )
    for name in ("learning_rate", "steps", "pretraining_learning_rate", "pretraining_steps"):
        if not 0 < getattr(solver, name) < math.inf:
            raise CocoTuneError(f"{where}{name} is {getattr(solver, name)}, expected more than 0")
    if solver.batch_size is not None and solver.batch_size < 1:
        raise CocoTuneError(f"{where}batch_size is {solver.batch_size}, expected at least 1")
    return solver
