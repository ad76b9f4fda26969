"""The folder of a training run: its configs, its log, its checkpoints.

config.yaml                   the configs, as they were at the start
progress.log                  what the command line logs, in words
log.jsonl                     a JSON object a line for every epoch and every update of ADMM
dense.safetensors             the model before pruning
checkpoint-000123.safetensors all that is needed to go on after 123 steps; the last two
pruned.safetensors            the model at the end
"""

import json
from pathlib import Path
from typing import Any

from patternc.errors import PruningError
from patternc.train.checkpoint import load_tree, save_tree
from patternc.train.config_yaml import dump_yaml, load_yaml
from patternc.whole_file import whole_file

_KEPT = 2


class RunDirectory:
    """A run that is new, or that goes on.

    Args:
      path: the folder, made when there is none.
      configs: plain values by name, written to `config.yaml`.
      resume: go on from the last checkpoint, if there is one.

    Attributes:
      records: the lines of the log.

    Raises:
      PruningError: when there is a run already that is not to be resumed, or that has other
        configs, and when the folder cannot be written to.
    """

    def __init__(self, path: Path, configs: dict[str, Any], *, resume: bool):
        self.path = path
        self.records: list[dict[str, Any]] = []
        config_file = path / "config.yaml"
        if not config_file.exists():
            self._write("config.yaml", dump_yaml(configs))
            self._write("log.jsonl", "")
            return
        if not resume:
            raise PruningError(f"{path} holds a run already; resume it, or give another folder")
        found = load_yaml(config_file)
        if not isinstance(found, dict) or not all(isinstance(v, dict) for v in found.values()):
            raise PruningError(f"{config_file} is damaged; give another folder")
        # As they are after YAML, which knows no tuples.
        for name, config in load_yaml(dump_yaml(configs)).items():
            was = found.get(name) or {}
            if was != config:
                fields = [key for key in config if config[key] != was.get(key)]
                raise PruningError(
                    f"{config_file}: the run that is to be resumed has another {name} config "
                    f"({', '.join(fields)}); give the same, or another folder"
                )

    def log(self, record: dict[str, Any]) -> None:
        """Adds a line to the log."""
        self.records.append(record)
        try:
            with (self.path / "log.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        except OSError as error:
            raise PruningError(f"{self.path / 'log.jsonl'} cannot be written: {error}") from error

    def save(self, name: str, tree: Any) -> None:
        """Writes a tree of tensors and plain values to `<name>.safetensors`."""
        save_tree(self.path / f"{name}.safetensors", tree)

    def load(self, name: str) -> Any:
        return load_tree(self.path / f"{name}.safetensors")

    def save_checkpoint(self, step: int, tree: dict[str, Any]) -> None:
        """Writes a checkpoint, and deletes those before the last two.

        Raises:
          PruningError: when it cannot be written; the checkpoints before it stay.
        """
        try:
            self.save(f"checkpoint-{step:06d}", {**tree, "records": len(self.records)})
        except PruningError as error:
            *_, last = [None, *self._checkpoints()]
            hint = f"{last.name} is whole, resume from it" if last else "there is none before it"
            raise PruningError(f"{error}; {hint} when there is room") from error
        for old in self._checkpoints()[:-_KEPT]:
            old.unlink()

    def load_checkpoint(self) -> dict[str, Any] | None:
        """The last checkpoint, None if there is none; the log goes back to where it was then.

        Raises:
          PruningError: when it cannot be read; nothing is deleted.
        """
        *before, last = [None, *self._checkpoints()]
        if last is None:
            self._write("log.jsonl", "")
            return None
        try:
            tree = load_tree(last)
        except PruningError as error:
            earlier = before[-1]
            hint = f"delete it to resume from {earlier.name}" if earlier else "there is no other"
            raise PruningError(f"{error}; {hint}") from error
        log = self.path / "log.jsonl"
        try:
            lines = log.read_text(encoding="utf-8").splitlines(keepends=True)[: tree["records"]]
            self.records = [json.loads(line) for line in lines]
        except (OSError, ValueError) as error:
            raise PruningError(f"{log} cannot be read: {error}") from error
        self._write("log.jsonl", "".join(lines))
        return tree

    def _checkpoints(self) -> list[Path]:
        return sorted(
            (f for f in self.path.glob("checkpoint-*.safetensors") if f.stem[11:].isdecimal()),
            key=lambda file: int(file.stem[11:]),
        )

    def _write(self, name: str, text: str) -> None:
        file = self.path / name
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with whole_file(file) as unfinished:
                unfinished.write_text(text, encoding="utf-8")
        except (OSError, ValueError) as error:
            raise PruningError(f"{file} cannot be written: {error}") from error
