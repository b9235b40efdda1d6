"""Has this step been done already, with these inputs and this code?

A step leaves a record beside its outputs: the key it was done under and what it found. The key is a digest of the
step's name, the digests of its inputs and the version of the code, so a record is found again only by a run that
would do the same. The record is written last: a step killed before that is done again.

Outputs are known again by their size and the time of their last change, in nanoseconds. Whoever changes one by accident
changes that time, even where the size stays; a digest would also see a change by one who sets the clock back, but to
read gigabytes again would make resuming as slow as the work. What is published has digests (publish.py). A copy of the
folder that does not keep times (`cp -r` without `-p`) is taken for changed, and done again.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from course_lib.storage import digests
from course_lib.storage.atomic import replacing, unwritable

# What may change a byte of a table or a model: the packages up to the models, and the libraries beneath them.
_PACKAGES = ("trips", "aggregates", "storage", "ingestion", "validation", "transforms", "features", "models")
_LIBRARIES = ("numpy", "pyarrow", "pandas", "scikit-learn", "feast")


class Done(NamedTuple):
    """A finished step: its key, what it found (a JSON object), and whether an earlier run had done it."""

    key: str
    found: dict[str, Any]
    reused: bool


@functools.cache
def code_version() -> str:
    """The digest of the code that makes tables and models, and of the libraries beneath it."""
    root = Path(__file__).resolve().parents[1]
    sources = {
        path.relative_to(root).as_posix(): digests.of_file(path) for name in _PACKAGES for path in _files(root / name)
    }
    return digests.of_json([sources, {name: importlib.metadata.version(name) for name in _LIBRARIES}])


def key_of(step: str, *inputs: Any) -> str:
    """The key of a step with these inputs (plain values, keys of other steps) under the present code."""
    return digests.of_json([step, code_version(), *inputs])


def once(record: Path, key: str, outputs: Path, work: Callable[[], dict[str, Any]]) -> Done:
    """Do `work` unless `record` says that it was done under `key` and its outputs are still there.

    `work` returns a JSON object; its entry "files" names its outputs, relative to the folder `outputs`.
    """
    known = _read(record)
    if known and known["key"] == key and known["outputs"] == _states(outputs, known["outputs"]):
        return Done(key, known["found"], True)
    try:
        record.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(record, error) from error
    found = json.loads(json.dumps(work()))  # what a later run will read is what this run goes on with
    with replacing(record, sync=False) as beside:
        states = _states(outputs, found.get("files", ()))
        beside.write_text(json.dumps({"key": key, "found": found, "outputs": states}))
    return Done(key, found, False)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".toml"})


def _read(record: Path) -> dict[str, Any] | None:
    try:
        known = json.loads(record.read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return None  # never written, or cut short by a power failure: the step is done again
    whole = isinstance(known, dict) and known.keys() >= {"key", "found", "outputs"}
    return known if whole and None not in known["outputs"].values() else None


def _states(folder: Path, names: Iterable[str]) -> dict[str, list[int] | None]:
    """Of each file its size and the time of its last change; None where there is no file."""
    return {name: _state(folder / name) for name in names}


def _state(path: Path) -> list[int] | None:
    try:
        state = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return [state.st_size, state.st_mtime_ns]
