"""What did the learners of a class hand in?

CLASS/submitted/LEARNER/CHAPTER/CHAPTER.ipynb, written by anybody: paths are walked without following a link, only plain
files are read, and no more of them than a notebook may have. What cannot be read is told in a sentence.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from course_lib.exercises.protocol.scratch import names, read_bytes
from course_lib.grading.repair import MOST_BYTES
from course_lib.ingestion.names import is_text

MOST_LEARNERS = 100_000


@dataclass(frozen=True)
class HandedIn:
    """One learner's file for a chapter."""

    learner: str
    chapter: str
    data: bytes | None  # None where there is none that can be read
    why: str  # ... and why
    repair: str = ""  # what was mended on the way
    timestamp: str = ""  # of timestamp.txt, which the collector wrote

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data if self.data is not None else self.why.encode()).hexdigest()


def learners(root: Path, chapter: str) -> tuple[list[str], list[str]]:
    """Who handed in a chapter, in order; and folders that are left out, a sentence each."""
    found, left_out = [], []
    place = root / "submitted"
    for name in names(place, MOST_LEARNERS) if place.is_dir() else []:
        path = place / name
        if name.startswith(".") or not os.path.lexists(path / chapter):
            continue
        if not is_text(Path(name)):
            left_out.append(f"{path}: the name is no text; rename the folder")
        elif path.is_symlink() or (path / chapter).is_symlink():
            left_out.append(f"{path / chapter}: a link, which is not followed")
        elif (path / chapter).is_dir():
            found.append(name)
    return found, left_out


def read(root: Path, learner: str, chapter: str) -> HandedIn:
    """What `learner` handed in. Raises nothing for whatever lies there."""
    place = root / "submitted"
    inner, name, repair = f"{learner}/{chapter}", f"{chapter}.ipynb", ""
    stamp = _stamp(place, f"{inner}/timestamp.txt")
    try:
        if not os.path.lexists(place / inner / name):
            others = [other for other in names(place / inner, 1_000) if other.endswith(".ipynb")]
            if len(others) != 1:
                raise FileNotFoundError(f"no notebook {name} was handed in")
            name, repair = others[0], f"the notebook was called {others[0]}; it is read as {name}."
        return HandedIn(learner, chapter, read_bytes(place, f"{inner}/{name}", MOST_BYTES), "", repair, stamp)
    except (OSError, ValueError) as error:
        told = str(error) if not isinstance(error, OSError) or error.errno is None else (error.strerror or "")
        return HandedIn(learner, chapter, None, f"the notebook cannot be read: {told}", "", stamp)


def _stamp(place: Path, name: str) -> str:
    try:
        return read_bytes(place, name, 200).decode("ascii").strip()
    except (OSError, ValueError):
        return ""
