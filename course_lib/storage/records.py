"""Has this step been done already, with these inputs and this code?

A step leaves a record beside its outputs: the key it was done under and what it found. The key is a digest of the
step's name, the digests of its inputs and the version of the code, so a record is found again only by a run that
would do the same. The record is written last: a step killed before that is done again.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from course_lib.storage import digests
from course_lib.storage.atomic import replacing

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
    if known and known["key"] == key and known["sizes"] == _sizes(outputs, known["sizes"]):
        return Done(key, known["found"], True)
    record.unlink(missing_ok=True)
    found = json.loads(json.dumps(work()))  # what a later run will read is what this run goes on with
    with replacing(record, sync=False) as beside:
        beside.write_text(json.dumps({"key": key, "found": found, "sizes": _sizes(outputs, found.get("files", ()))}))
    return Done(key, found, False)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".toml"})


def _read(record: Path) -> dict[str, Any] | None:
    try:
        known = json.loads(record.read_bytes())
    except (FileNotFoundError, ValueError):
        return None  # never written, or cut short by a power failure: the step is done again
    whole = isinstance(known, dict) and known.keys() >= {"key", "found", "sizes"}
    return known if whole and None not in known["sizes"].values() else None


def _sizes(folder: Path, names: Any) -> dict[str, int | None]:
    return {name: (folder / name).stat().st_size if (folder / name).exists() else None for name in names}
