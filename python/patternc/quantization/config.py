# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What to quantise and how: a value that is checked when it is made, also from YAML."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from patternc.errors import PatterncError, QuantizationError
from patternc.train.config_checks import check_choice, check_flags
from patternc.train.config_yaml import YamlConfig
from patternc.train.layer_names import check_selectors

Observer = Literal["histogram", "min-max", "moving-average"]

VERSION = 1


@dataclass(frozen=True)
class QuantizationConfig(YamlConfig):
    """Which layers are quantised, and how the ranges of their activations are found.

    A layer is chosen by its module name or the full name of its weight, with globs, or regular
    expressions behind `re:`.

    Attributes:
      version: of this description, 1.
      ignore: layers that stay in float.
      skip_first: the first convolution or matrix of the model stays in float.
      skip_last: the last one does.
      observer: of activations: 'histogram' takes the range that loses least (of the square of the
        values), 'min-max' all that calibration saw, 'moving-average' minima and maxima averaged
        over the batches, the last of which count most.

    Raises:
      QuantizationError: for a field of the wrong type or out of range.
    """

    title: ClassVar[str] = "quantisation config"
    error: ClassVar[type[PatterncError]] = QuantizationError
    version: int = VERSION
    ignore: tuple[str, ...] = ()
    skip_first: bool = False
    skip_last: bool = False
    observer: Observer = "histogram"

    def __post_init__(self):
        if self.version != VERSION:
            raise QuantizationError(
                f"version of the quantisation config is {self.version!r}, this patternc reads "
                f"{VERSION}"
            )
        check_flags(self, "skip_first", "skip_last")
        check_choice(self, "observer", ("histogram", "min-max", "moving-average"))
        ignore = check_selectors(self.ignore, "ignore", QuantizationError)
        object.__setattr__(self, "ignore", ignore)
