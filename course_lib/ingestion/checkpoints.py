"""How far has each source been read, after a kill at any moment too?

A checkpoint is a small JSON value in a file of its own, replaced in one step: the old one or the new one is there,
never half of it. It is written after the work it stands for. A digest beside the value tells a file that was damaged or
edited by hand from one that was never written.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from course_lib.errors import InputError
from course_lib.storage import digests
from course_lib.storage.atomic import write_json


class Checkpoints:
    """Checkpoints of several sources, one file each, in `folder`."""

    def __init__(self, folder: Path | str):
        self.folder = Path(folder)

    def load(self, source: str, default: Any = None) -> Any:
        """The last checkpoint of `source`, or `default` where there is none. Raises InputError where it was damaged."""
        path = self._path(source)
        try:
            told = json.loads(path.read_bytes())
            value, digest = told["value"], told["digest"]
        except FileNotFoundError:
            return default
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(path, "is no checkpoint", _REMEDY) from error
        if digest != digests.of_json(value):
            raise InputError(path, "was changed after it was written", _REMEDY)
        return value

    def save(self, source: str, value: Any) -> None:
        """Make `value` (anything JSON can tell) the checkpoint of `source`. Raises OutputUnwritable."""
        write_json(self._path(source), {"value": value, "digest": digests.of_json(value)})

    def _path(self, source: str) -> Path:
        if not source or not source.replace("_", "").replace("-", "").isalnum():
            raise ValueError(f"{source!r} is not the name of a source: use letters, digits, - and _")
        return self.folder / f"{source}.json"


_REMEDY = "Remove it to read the source from its start; an idempotent sink takes no harm."
