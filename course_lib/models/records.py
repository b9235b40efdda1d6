"""Where did this model come from, and is the file still the one that was written?

A model folder holds model.pickle and record.json. The record says what the model was made of: digest of the training
set, features, parameters, seed, versions, and how it did; no clock and no path, so the same training gives the same
record. Unpickling runs what the file says, so `load` compares the file with the record before it opens it: that guards
against a file cut short or mixed up, not against someone who can write both.
"""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

from course_lib.errors import UnreadableFile
from course_lib.storage import digests
from course_lib.storage.atomic import replacing, write_json

MODEL, RECORD = "model.pickle", "record.json"
LIBRARIES = ("numpy", "pyarrow", "scikit-learn")
_REMEDY = "Train the model again from its training set; do not load this one."


def save(folder: Path, model: Any, record: dict[str, Any]) -> dict[str, Any]:
    """Write `model` and its `record` into `folder`; the record with the digest of the model's file."""
    data = pickle.dumps(model, protocol=5)
    with replacing(folder / MODEL) as beside:
        beside.write_bytes(data)
    record = {**record, "model_digest": digests.of_bytes(data)}
    write_json(folder / RECORD, record)
    return record


def load(folder: Path) -> tuple[Any, dict[str, Any]]:
    """The model in `folder` and its record; UnreadableFile where they do not belong together."""
    record = read_record(folder)
    if "model_digest" not in record:
        reason = record.get("model_skipped", "nothing")
        raise UnreadableFile(folder / RECORD, "it records no model", f"It says: {reason}.")
    try:
        data = (folder / MODEL).read_bytes()
    except OSError as error:
        raise UnreadableFile(folder / MODEL, f"it cannot be read: {error.strerror}", _REMEDY) from error
    if digests.of_bytes(data) != record["model_digest"]:
        raise UnreadableFile(folder / MODEL, f"its digest is not the one in {RECORD}", _REMEDY)
    return pickle.loads(data), record  # noqa: S301  the digest says that this is the file we wrote


def read_record(folder: Path) -> dict[str, Any]:
    """What record.json in `folder` says."""
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFile(folder / RECORD, f"it cannot be read: {error}", _REMEDY) from error
    if not isinstance(record, dict):
        raise UnreadableFile(folder / RECORD, "it is not a record of names and values", _REMEDY)
    return record


def versions() -> dict[str, str]:
    """The versions of what the model's file depends on."""
    import platform
    from importlib.metadata import version

    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, **{name: version(name) for name in LIBRARIES}}
