# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The folder of a run, which can be killed at any time and goes on.

config.yaml                   what decides the results
log.jsonl                     a JSON object a line for each thing that is recorded
progress.log                  what the command line logs, in words
checkpoint-000123.safetensors all that is needed to go on after 123 steps; the last two
<name>.safetensors            what else is saved, such as the model at the end
"""

import json
import os
from pathlib import Path
from typing import Any

from patternc.errors import TrainingError
from patternc.train.checkpoint import load_tree, save_tree
from patternc.train.config_yaml import dump_yaml, load_yaml
from patternc.whole_file import whole_file

_KEPT = 2

Record = dict[str, Any]


class RunDirectory:
    """A run that is new, or that goes on.

    Args:
      path: the folder, made when there is none.
      description: plain values that decide the results, written to `config.yaml`.
      resume: go on, if there is something to go on with.

    Attributes:
      path: the folder.
      records: what was recorded, in order.

    Raises:
      TrainingError: when there is a run already that is not to be resumed, or that has another
        description, and when the folder cannot be read or written.
    """

    def __init__(self, path: Path, description: Record, *, resume: bool):
        self.path = path
        self.records: list[Record] = []
        self._log = path / "log.jsonl"
        config = path / "config.yaml"
        if not config.exists():
            self._write_log()  # first, so that there is one wherever there is a config
            self._write(config, dump_yaml(description))
            return
        if not resume:
            raise TrainingError(f"{path} holds a run already; resume it, or give another folder")
        found = load_yaml(config, TrainingError)
        if not isinstance(found, dict):
            raise TrainingError(f"{config} is damaged; give another folder")
        # As it is after YAML, which knows no tuples.
        if other := _differences(load_yaml(dump_yaml(description), TrainingError), found):
            raise TrainingError(
                f"{config}: the run that is to be resumed differs in {', '.join(other)}; give the "
                "same, or another folder"
            )
        self._read_log()

    def add(self, record: Record) -> None:
        """Records something for good.

        Raises:
          TrainingError: when it cannot be written, for example to a full disk; what was recorded
            before stays.
        """
        try:
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise TrainingError(
                f"{self._log} cannot be written: {error}; the {len(self.records)} records before "
                "are kept, resume the run when there is room"
            ) from error
        self.records.append(record)

    def save(self, name: str, tree: Any) -> None:
        """Writes a tree of tensors and plain values to `<name>.safetensors`."""
        save_tree(self._file(name), tree)

    def has(self, name: str) -> bool:
        """Whether something was saved by that name."""
        return self._file(name).exists()

    def load(self, name: str) -> Any:
        """Reads what was saved."""
        return load_tree(self._file(name))

    def save_checkpoint(self, step: int, tree: dict[str, Any]) -> None:
        """Writes a checkpoint, and deletes those before the last two.

        Raises:
          TrainingError: when it cannot be written; the checkpoints before it stay.
        """
        try:
            self.save(f"checkpoint-{step:06d}", {**tree, "records": len(self.records)})
        except TrainingError as error:
            *_, last = [None, *self._checkpoints()]
            hint = f"{last.name} is whole, resume from it" if last else "there is none before it"
            raise TrainingError(f"{error}; {hint} when there is room") from error
        for old in self._checkpoints()[:-_KEPT]:
            old.unlink()

    def load_checkpoint(self) -> dict[str, Any] | None:
        """The last checkpoint, None if there is none; the records go back to where they were then.

        Raises:
          TrainingError: when it cannot be read; nothing is deleted.
        """
        *before, last = [None, *self._checkpoints()]
        tree = None
        if last is not None:
            try:
                tree = load_tree(last)
            except TrainingError as error:
                earlier = before[-1]
                hint = (
                    f"delete it to resume from {earlier.name}" if earlier else "there is no other"
                )
                raise TrainingError(f"{error}; {hint}") from error
        del self.records[tree["records"] if tree else 0 :]
        self._write_log()
        return tree

    def _checkpoints(self) -> list[Path]:
        return sorted(
            (f for f in self.path.glob("checkpoint-*.safetensors") if f.stem[11:].isdecimal()),
            key=lambda file: int(file.stem[11:]),
        )

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.safetensors"

    def _read_log(self) -> None:
        try:
            lines = self._log.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise TrainingError(f"{self._log} cannot be read: {error}") from error
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError("it is no record")
                self.records.append(record)
            except (ValueError, RecursionError) as error:
                if number < len(lines):  # the last may be cut: the disk was full, the power went
                    raise TrainingError(
                        f"{self._log} is damaged in line {number}: {error}; delete the line to go "
                        "on without what it records"
                    ) from error
        self._write_log()

    def _write_log(self) -> None:
        self._write(self._log, "".join(json.dumps(record) + "\n" for record in self.records))

    def _write(self, file: Path, text: str) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with whole_file(file) as unfinished:
                unfinished.write_text(text, encoding="utf-8")
        except (OSError, ValueError) as error:
            raise TrainingError(f"{file} cannot be written: {error}") from error


def _differences(given: dict[Any, Any], found: dict[Any, Any], prefix: str = "") -> list[str]:
    """Keys that two descriptions do not have alike; of dictionaries in them, `key.key`."""
    names = []
    for key in given | found:
        value, was = given.get(key), found.get(key)
        if isinstance(value, dict) and isinstance(was, dict):
            names += _differences(value, was, f"{prefix}{key}.")
        elif value != was:
            names.append(f"{prefix}{key}")
    return names
