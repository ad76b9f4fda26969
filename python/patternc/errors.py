# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The error family of patternc.

Every mistake that a user can make ends in one of these: the message says what
was wrong, where (layer name or file), what was expected and what to do.
"""

import contextlib
from collections.abc import Iterator


class PatterncError(Exception):
    """Base class of all errors that patternc raises on purpose."""


class MissingDependencyError(PatterncError, ImportError):
    """An optional package is needed here and is not installed."""


class ModelError(PatterncError, ValueError):
    """The model, its weights or its example arguments cannot be compiled."""


class DataError(PatterncError, ValueError):
    """A data set is not where it was looked for, is damaged, or is asked for in a wrong way."""


class WeightsError(PatterncError, ValueError):
    """A file of weights cannot be read or does not fit the model."""


class PruningError(PatterncError, ValueError):
    """A pruning request does not fit the model."""


class QuantizationError(PatterncError, ValueError):
    """A quantisation request does not fit the model, or its calibration does not."""


class SearchError(PatterncError, ValueError):
    """A budget cannot be read or reached, or a search does not fit the model."""


class TrainingError(PatterncError, ValueError):
    """Training, or the run that it is part of, cannot begin or go on."""


class CocoTuneError(PatterncError, ValueError):
    """A subspace, an objective or a run of CoCo-Tune is wrong, or does not fit the network."""


class TargetError(PatterncError, ValueError):
    """The target is unknown, or its options do not fit it."""


class CompilerError(PatterncError, RuntimeError):
    """A compiler stage failed; the message carries how to reproduce it."""


class ArtifactError(PatterncError, ValueError):
    """A saved artefact is damaged, from another version or for another machine."""


@contextlib.contextmanager
def limited_nesting(kind: type[PatterncError], what: str) -> Iterator[None]:
    """Turns the end of Python's stack into an error of this family; also a decorator.

    Args:
      kind: of error.
      what: is walked through.
    """
    try:
        yield
    except RecursionError as error:
        raise kind(
            f"{what} is nested too deep for Python's stack; nest it less, or raise "
            "sys.setrecursionlimit"
        ) from error
