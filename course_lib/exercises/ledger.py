"""What has a learner done so far?

A plain text file, one line an event, only ever appended to:

    check <TAB> 03_validation <TAB> psi <TAB> passed
    hint  <TAB> 03_validation <TAB> psi <TAB> 2
    reset <TAB> 03_validation <TAB> *   <TAB> -

No clock is in it: the order of the lines is the order of the events. Two kernels may write at once, because a line is
one locked append; a line cut short by a crash, or edited into nonsense, is passed over and spoils no other.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from course_lib.exercises.standing import Event

FILE = "progress.tsv"
_WORDS = {
    "check": {"passed", "borrowed", "failed", "unwritten"},
    "hint": {"1", "2", "3"},
    "reset": {"-"},
}


def read(path: Path) -> list[Event]:
    """The events in their order; none where there is no file, or none that can be read."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return []
    events = (Event(*parts) for line in text.split("\n") if len(parts := line.rstrip("\r").split("\t")) == 4)
    return [event for event in events if event.outcome in _WORDS.get(event.what, ())]


def append(path: Path, event: Event) -> None:
    """Add one event. Raises OSError where the file cannot be written, ValueError for an event nobody knows."""
    if event.outcome not in _WORDS.get(event.what, ()) or any(set(part) & set("\t\r\n") for part in event):
        raise ValueError(f"not an event of the ledger: {event}")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # appending alone is not atomic on a network's file system
        size = os.fstat(handle).st_size
        cut_short = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, (("\n" if cut_short else "") + "\t".join(event) + "\n").encode())
    finally:
        os.close(handle)
