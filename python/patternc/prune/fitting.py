# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The whole training in one call: dense, ADMM, removal, retraining, fake quantisation."""

import copy
import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tabulate import tabulate
from torch import Tensor, nn
from torch.export import ExportedProgram
from tqdm import tqdm

from patternc.errors import PatterncError, PruningError, TrainingError, limited_nesting
from patternc.prune.config import PruningConfig
from patternc.prune.pruner import Pruner
from patternc.prune.report import PruningReport
from patternc.train.config_yaml import to_plain
from patternc.train.distillation import distillation_loss
from patternc.train.epoch_batches import Batches, batches_of_epoch
from patternc.train.optimizer import make_optimizer
from patternc.train.random_state import random_state, set_random_state
from patternc.train.run_directory import RunDirectory
from patternc.train.training_config import TrainingConfig

if TYPE_CHECKING:
    from patternc.quantization import QuantizationConfig
    from patternc.quantization.fake_quantized import FakeQuantized

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class FitResult:
    """What became of a model in `fit`.

    Attributes:
      pruning: what was done to each layer.
      records: the lines of the log: a dictionary for each epoch, with `phase`, `epoch` (from 1,
        over all phases), mean `loss`, `metric` where `evaluate` was given, and in ADMM the fields
        of `AdmmUpdate`.
      dense_metric: of `evaluate` before pruning, None without it.
      metric: of `evaluate` once it is pruned and retrained, None without it.
      seconds: that this call took.
      program: the model in 8 bits, for `patternc.compile`, for a batch of 1; None where it was not
        to be quantised.
      quantized_metric: of `evaluate` on what the program computes, None without either.
    """

    pruning: PruningReport
    records: tuple[dict[str, Any], ...] = field(repr=False)
    dense_metric: float | None
    metric: float | None
    seconds: float
    program: ExportedProgram | None = field(default=None, repr=False)
    quantized_metric: float | None = None

    def report(self) -> str:
        """The table of the layers, and the metric before and after pruning and quantisation."""
        if self.metric is None:
            return self.pruning.report()
        rows = [("dense", self.dense_metric), ("pruned", self.metric)]
        if self.quantized_metric is not None:
            rows.append(("quantised", self.quantized_metric))
        table = tabulate(rows, ("model", "metric"), floatfmt=".4f")
        return f"{self.pruning.report()}\n\n{table}"


@limited_nesting(PruningError, "the model")
def fit(
    model: nn.Module,
    config: PruningConfig | None,
    train_batches: Batches,
    *,
    training: TrainingConfig | None = None,
    quantize: "bool | QuantizationConfig" = False,
    loss: Callable[[Tensor, Tensor], Tensor] = nn.functional.cross_entropy,
    evaluate: Callable[[nn.Module], float] | None = None,
    run_directory: str | Path | None = None,
    resume: bool = False,
    device: str | torch.device | None = None,
    progress: bool = True,
) -> FitResult:
    """Trains a model if asked to, prunes it, and trains the weights that are left, in place.

    A run that was stopped anywhere and is resumed gives the same model, bit for bit on a CPU. The
    batches, loss and metric have to be the same.

    To quantise it, a copy of the pruned model is then trained with fake quantisation, by
    torchao; its batch norms are folded, its pruned weights stay 0. The model itself remains the
    float32 one.

    Args:
      model: the model; moved to the device, and in eval mode at the end. A model that is trained
        already needs no dense epochs.
      config: what is pruned, by which method; None for the defaults.
      train_batches: pairs of inputs and targets: a DataLoader, a list or anything else that can
        be iterated again for each epoch.
      training: epochs, optimizer and loss of each phase; None for the defaults.
      quantize: train with fake quantisation, too, and give the quantised program; a
        QuantizationConfig says which layers stay in float.
      loss: of outputs and targets, averaged over the batch.
      evaluate: a metric of the model, called after each epoch, in eval mode; for example
        `lambda model: accuracy(model, test_batches)`.
      run_directory: folder for configs, log and checkpoints, see `patternc.train.run_directory`;
        None keeps nothing.
      resume: go on from the last checkpoint in the run directory, or begin if there is none.
      device: to train on; None for a GPU if there is one.
      progress: show a progress bar with the time left, on a terminal only. Each epoch is logged.

    Raises:
      PruningError: as `Pruner.prepare`.
      QuantizationError, ModelError: before training, when the model is to be quantised and cannot
        be, as `patternc.quantize`.
      MissingDependencyError: to quantise without torchao.
      TrainingError: when an epoch has no batch, the loss is not finite or there is no such device;
        when the run directory holds another run, cannot be written to, or has a checkpoint that
        cannot be read.
    """
    if not isinstance(model, nn.Module):
        raise PruningError(f"model is a {type(model).__name__}, expected a torch.nn.Module")
    run = _Run(
        model,
        config or PruningConfig(),
        training or TrainingConfig(),
        _device(device),
        loss,
        evaluate,
        run_directory,
        quantize=quantize,
        batches=train_batches,
        resume=resume,
    )
    return run.finish(progress=progress)


@dataclass(frozen=True)
class _Phase:
    name: str
    epochs: int
    learning_rate: float
    anneals: bool


class _Run:
    """A run of `fit` from wherever it is to its end."""

    def __init__(
        self,
        model: nn.Module,
        config: PruningConfig,
        training: TrainingConfig,
        device: torch.device,
        loss: Callable[[Tensor, Tensor], Tensor],
        evaluate: Callable[[nn.Module], float] | None,
        run_directory: str | Path | None,
        *,
        quantize: "bool | QuantizationConfig",
        batches: Batches,
        resume: bool,
    ):
        self._began = time.monotonic()
        self._model = model.to(device)
        self._config = config
        self._training = training
        self._device = device
        self._loss = loss
        self._evaluate = evaluate
        self._batches = batches
        self._phases = _phases(config, training, quantize=bool(quantize))
        self._phase = 0
        self._epoch = 0  # of the phase
        self._batch = 0
        self._step = 0
        self._loss_sum = 0.0
        self._random_state: dict[str, Tensor] | None = None
        self._pruner: Pruner | None = None
        self._teacher: nn.Module | None = None
        self._fake_quantized: FakeQuantized | None = None
        self._dense_metric: float | None = None
        self._records: list[dict[str, Any]] = []
        self._directory = None
        checkpoint = None
        if quantize:
            from patternc.quantization import QuantizationConfig

            self._quantization = QuantizationConfig() if quantize is True else quantize
            inputs, _ = next(batches_of_epoch(batches, seed=training.seed, epoch=0))
            self._image = torch.zeros_like(inputs[0], device=device)
            self._new_fake_quantized()  # what fails does so before hours of training
        if run_directory is not None:
            configs = {"pruning": to_plain(config), "training": to_plain(training)}
            if quantize:
                configs["quantization"] = to_plain(self._quantization)
            self._directory = RunDirectory(Path(run_directory), configs, resume=resume)
            checkpoint = self._directory.load_checkpoint()
            self._records = self._directory.records
        if checkpoint:
            try:
                self._restore(checkpoint)
            except (
                AttributeError,
                IndexError,
                KeyError,
                RuntimeError,
                TypeError,
                ValueError,
            ) as error:
                if isinstance(error, PatterncError):
                    raise
                raise TrainingError(
                    f"the last checkpoint of {run_directory} is damaged, or of another version "
                    f"({type(error).__name__}: {error}); delete it to resume from the one before"
                ) from error
        else:
            self._begin_phase()

    def finish(self, *, progress: bool) -> FitResult:
        total = sum(phase.epochs for phase in self._phases)
        # None hides the bar where the output is not a terminal.
        with tqdm(
            total=total, initial=self._epochs_done, unit="epoch", disable=None if progress else True
        ) as bar:
            while self._phase < len(self._phases):
                if self._epoch == self._phases[self._phase].epochs:
                    self._phase, self._epoch = self._phase + 1, 0
                    self._begin_phase()
                    continue
                bar.set_description(self._phases[self._phase].name)
                self._train_epoch()
                bar.update()
                bar.set_postfix(self._end_epoch())
        return self._result()

    @property
    def _epochs_done(self) -> int:
        return sum(phase.epochs for phase in self._phases[: self._phase]) + self._epoch

    def _begin_phase(self) -> None:
        if self._phase == len(self._phases):
            return
        phase = self._phases[self._phase]
        if phase.name == "quantize":
            self._fake_quantized = self._new_fake_quantized()
        self._optimizer = _optimizer(self._trained, phase.learning_rate, self._training)
        if phase.name in ("dense", "quantize"):
            return
        if self._pruner:
            self._pruner.optimizer = self._optimizer
            return
        self._dense_metric = self._metric(self._model)
        if self._directory:
            self._directory.save("dense", self._model.state_dict())
        if self._training.distillation:
            self._teacher = copy.deepcopy(self._model).eval().requires_grad_(False)
        self._pruner = Pruner.prepare(self._model, self._config, self._optimizer)

    def _train_epoch(self) -> None:
        phase = self._phases[self._phase]
        if phase.anneals:
            for group in self._optimizer.param_groups:
                cosine = math.cos(math.pi * self._epoch / phase.epochs)
                group["lr"] = phase.learning_rate * (1 + cosine) / 2
        self._trained.train()
        for inputs, targets in batches_of_epoch(
            self._batches,
            seed=self._training.seed,
            epoch=self._epochs_done,
            done=self._batch,
            state=self._random_state,
        ):
            self._optimizer.zero_grad()
            loss = self._loss_of(inputs.to(self._device), targets.to(self._device))
            value = loss.item()
            if not math.isfinite(value):
                raise TrainingError(
                    f"loss is {value} in batch {self._batch + 1} of epoch "
                    f"{self._epochs_done + 1} ({phase.name}); lower the learning rate or check "
                    "the data"
                )
            loss.backward()
            if self._pruner and not self._fake_quantized:
                self._pruner.step()
            else:
                self._optimizer.step()
            self._loss_sum += value
            self._batch += 1
            self._step += 1
            every = self._training.checkpoint_steps
            if every and self._step % every == 0:
                self._save_checkpoint()

    def _loss_of(self, inputs: Tensor, targets: Tensor) -> Tensor:
        half = self._training.precision == "bfloat16" and not self._fake_quantized
        with torch.autocast(self._device.type, torch.bfloat16, enabled=half):
            outputs = self._trained(inputs)
            share = self._training.distillation if self._teacher else 0.0
            value = self._loss(outputs, targets)
            if self._teacher and share:
                with torch.no_grad():
                    teacher = self._teacher(inputs)
                distance = distillation_loss(outputs, teacher, self._training.temperature)
                value = (1 - share) * value + share * distance
        return value

    def _end_epoch(self) -> dict[str, Any]:
        record: dict[str, Any] = {
            "phase": self._phases[self._phase].name,
            "epoch": self._epochs_done + 1,
            "loss": self._loss_sum / self._batch,
        }
        if self._pruner and not self._fake_quantized:
            update = self._pruner.end_epoch()
            record |= asdict(update) if update else {}
        if self._evaluate:
            record["metric"] = self._metric(self._trained)
        if self._directory:
            self._directory.add(record)
        else:
            self._records.append(record)
        shown = {key: record[key] for key in ("loss", "metric") if key in record}
        _logger.info(
            "%s: epoch %d of %d, %s",
            record["phase"],
            record["epoch"],
            sum(phase.epochs for phase in self._phases),
            ", ".join(f"{key} {value:.4f}" for key, value in shown.items()),
        )
        self._epoch += 1
        self._batch, self._loss_sum = 0, 0.0
        self._save_checkpoint()
        return shown

    def _metric(self, model: nn.Module) -> float | None:
        if self._evaluate is None:
            return None
        # What it draws must not change what training draws.
        state = random_state()
        model.eval()
        value = float(self._evaluate(model))
        set_random_state(state)
        return value

    def _result(self) -> FitResult:
        assert self._pruner
        pruning = self._pruner.finalize()
        self._model.eval()
        if self._directory:
            self._directory.save("pruned", self._model.state_dict())
        metric, program, quantized_metric = self._metric(self._model), None, None
        if self._fake_quantized:
            quantized_metric = self._metric(self._fake_quantized)
            program = self._fake_quantized.program()
        return FitResult(
            pruning,
            tuple(self._records),
            self._dense_metric,
            metric,
            time.monotonic() - self._began,
            program,
            quantized_metric,
        )

    @property
    def _trained(self) -> nn.Module:
        """What the optimizer steps on: the model, or in the last phase its copy."""
        return self._fake_quantized or self._model

    def _new_fake_quantized(self) -> "FakeQuantized":
        from patternc.quantization.fake_quantized import FakeQuantized

        return FakeQuantized(self._model, self._image, self._quantization)

    def _save_checkpoint(self) -> None:
        self._random_state = None
        if self._directory is None:
            return
        tree = {
            "phase": self._phase,
            "epoch": self._epoch,
            "batch": self._batch,
            "step": self._step,
            "loss_sum": self._loss_sum,
            "dense_metric": self._dense_metric,
            "random_state": random_state(),
            "model": dict(self._model.state_dict()),
            "optimizer": self._optimizer.state_dict(),
            "pruner": self._pruner.state_dict() if self._pruner else None,
            "quantized": self._fake_quantized.state_dict() if self._fake_quantized else None,
        }
        self._directory.save_checkpoint(self._step, tree)

    def _restore(self, tree: dict[str, Any]) -> None:
        assert self._directory
        for name in ("phase", "epoch", "batch", "step"):
            if not isinstance(tree[name], int) or tree[name] < 0:
                raise ValueError(f"{name} is {tree[name]!r}")
        if tree["epoch"] > self._phases[tree["phase"]].epochs:
            raise ValueError(f"epoch is {tree['epoch']}")
        self._phase, self._epoch, self._batch = tree["phase"], tree["epoch"], tree["batch"]
        self._step, self._loss_sum = tree["step"], tree["loss_sum"]
        self._dense_metric = tree["dense_metric"]
        self._random_state = state = tree["random_state"]
        phase = self._phases[self._phase]
        self._optimizer = _optimizer(self._model, phase.learning_rate, self._training)
        pruner_state: Any = tree["pruner"]
        if pruner_state is not None:
            if self._training.distillation:
                self._teacher = copy.deepcopy(self._model).eval().requires_grad_(False)
                _load(self._teacher, self._directory.load("dense"))
            self._pruner = Pruner.prepare(self._model, self._config, self._optimizer)
        _load(self._model, tree["model"])
        if self._pruner and pruner_state is not None:
            self._pruner.load_state_dict(pruner_state)
        if phase.name == "quantize":
            self._fake_quantized = self._new_fake_quantized()
            _load(self._fake_quantized, tree["quantized"])
            self._optimizer = _optimizer(self._fake_quantized, phase.learning_rate, self._training)
        self._optimizer.load_state_dict(tree["optimizer"])
        set_random_state(state)


def _device(device: str | torch.device | None) -> torch.device:
    try:
        return torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError as error:
        raise TrainingError(f"device is '{device}': {str(error).splitlines()[0]}") from error


def _phases(
    config: PruningConfig, training: TrainingConfig, *, quantize: bool
) -> tuple[_Phase, ...]:
    quantize_epochs = training.quantize_epochs if quantize else 0
    pruning_epochs = 0 if config.method == "one-shot" else config.epochs
    phases = (
        _Phase("dense", training.dense_epochs, training.dense_learning_rate, True),
        _Phase(config.method, pruning_epochs, training.learning_rate, False),
        _Phase("retrain", training.retrain_epochs, training.retrain_learning_rate, True),
        _Phase("quantize", quantize_epochs, training.quantize_learning_rate, True),
    )
    # Retraining is there with no epochs, too: in it the model is pruned.
    return tuple(phase for phase in phases if phase.epochs or phase.name == "retrain")


def _optimizer(
    model: nn.Module, learning_rate: float, training: TrainingConfig
) -> torch.optim.Optimizer:
    return make_optimizer(
        training.optimizer,
        model.parameters(),
        learning_rate,
        momentum=training.momentum,
        weight_decay=training.weight_decay,
    )


def _load(model: nn.Module, state: dict[str, Tensor]) -> None:
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise TrainingError(
            f"the run that is to be resumed is of another model: {error}"
        ) from error
