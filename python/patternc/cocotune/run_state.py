"""The folder of an exploration, which can be killed at any time and goes on.

run.json            what decides the results: digests of the network and the data, and the settings
networks.jsonl      a JSON object a line for each network that is explored, and for costs measured
progress.log        what the command line logs, in words
blocks/             the tuning blocks (`BlockStore`)
winner.safetensors  state dict of the winner
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from patternc.errors import CocoTuneError
from patternc.whole_file import whole_file

Record = dict[str, Any]


class RunState:
    """Records of an exploration that is new, or that goes on.

    Args:
      path: the folder, made when there is none.
      description: plain values that decide the results. The objective is none of them: another one
        can go on with the networks that are explored.
      resume: go on, if there is something to go on with.

    Attributes:
      path: the folder.
      records: what was recorded, in order.

    Raises:
      CocoTuneError: when there is a run that is not to be resumed, or with another description,
        and when the folder cannot be read or written.
    """

    def __init__(self, path: Path, description: Record, *, resume: bool):
        self.path = path
        self.records: list[Record] = []
        self._log = path / "networks.jsonl"
        run = path / "run.json"
        if not run.exists():
            self._write(run, json.dumps(description, indent=1) + "\n")
            self._write(self._log, "")
            return
        if not resume:
            raise CocoTuneError(f"{path} holds a run already; resume it, or give another folder")
        found = self._read(run, json.loads)
        if not isinstance(found, dict):
            raise CocoTuneError(f"{run} is damaged; give another folder")
        # As it is after JSON, which knows no tuples.
        given = json.loads(json.dumps(description))
        if other := [key for key in given if given[key] != found.get(key)]:
            raise CocoTuneError(
                f"{run}: the run that is to be resumed differs in {', '.join(other)}; give the "
                "same, or another folder"
            )
        lines = self._read(self._log, str.splitlines)
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError("it is no record")
                self.records.append(record)
            except (ValueError, RecursionError) as error:
                if number < len(lines):
                    raise CocoTuneError(
                        f"{self._log} is damaged in line {number}: {error}; delete the line, and "
                        "its network is explored again"
                    ) from error
        # The last line may be cut, where the disk was full or the power went.
        self._write(self._log, "".join(json.dumps(record) + "\n" for record in self.records))

    def add(self, record: Record) -> None:
        """Records something for good.

        Raises:
          CocoTuneError: when it cannot be written, for example to a full disk; what was recorded
            before stays.
        """
        try:
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise CocoTuneError(
                f"{self._log} cannot be written: {error}; the {len(self.records)} records before "
                "are kept, resume the run when there is room"
            ) from error
        self.records.append(record)

    def _read(self, file: Path, parse: Callable[[str], Any]) -> Any:
        try:
            return parse(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise CocoTuneError(f"{file} cannot be read: {error}") from error

    def _write(self, file: Path, text: str) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with whole_file(file) as unfinished:
                unfinished.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CocoTuneError(f"{file} cannot be written: {error}") from error
