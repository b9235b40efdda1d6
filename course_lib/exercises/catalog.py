"""Which exercises are there, as seen from here?

A learner's kernel runs somewhere below a workspace, whose folder `.course` holds the untouched release: its cards say
all that `check`, `hint` and `progress` need. Where no workspace is in sight (an instructor in the checkout, a test),
the chapters themselves are read, and shown no more of than a release would show.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.exercises.chapters import ROOT, chapter_names, load_chapter
from course_lib.exercises.release import ChapterCard, ExerciseCard, card, read_card

WHERE = "COURSE_WORKSPACE"  # environment: the learner's folder, set by `course lab`
HIDDEN = ".course"


@dataclass(frozen=True)
class Catalog:
    """The chapters in their order, and where progress is kept."""

    chapters: tuple[ChapterCard, ...]
    workspace: Path | None = None  # None: no learner here, nothing is remembered
    broken: dict[str, str] = field(default_factory=dict)  # chapters that cannot be read, and why

    def find(self, exercise: str) -> tuple[ChapterCard, ExerciseCard] | None:
        """The chapter of an exercise and the exercise; names are unique over all chapters."""
        for chapter in self.chapters:
            for known in chapter.exercises:
                if known.name == exercise:
                    return chapter, known
        return None


def find_workspace(start: Path | None = None) -> Path | None:
    """The nearest folder from `start` (here) upwards that is a workspace; COURSE_WORKSPACE comes first."""
    named = os.environ.get(WHERE)
    if named and (Path(named) / HIDDEN).is_dir():
        return Path(named).resolve()
    try:
        here = (start or Path.cwd()).resolve()
    except FileNotFoundError:  # the folder was removed below the kernel's feet
        return None
    return next((folder for folder in (here, *here.parents) if (folder / HIDDEN / "release").is_dir()), None)


def catalog(workspace: Path | None = None, root: Path = ROOT) -> Catalog:
    """What a kernel sees that runs here: the workspace's release, else the chapters of the checkout."""
    workspace = workspace or find_workspace()
    return released(workspace) if workspace else from_sources(root)


def released(workspace: Path) -> Catalog:
    """The release that lies in a workspace."""
    cards, broken = [], {}
    for path in sorted((workspace / HIDDEN / "release").glob("*/card.json")):
        try:
            cards.append(read_card(path.read_text("utf-8")))
        except (ValueError, KeyError, TypeError, OSError) as error:
            broken[path.parent.name] = f"{type(error).__name__}: {error}"
    return Catalog(tuple(cards), workspace, broken)


def from_sources(root: Path = ROOT) -> Catalog:
    """The chapters of a checkout; one that is being written and cannot be read hides no other."""
    cards, broken = [], {}
    for name in chapter_names(root):
        try:
            cards.append(card(load_chapter(name, root)))
        except (ValueError, OSError) as error:
            broken[name] = str(error)
    return Catalog(tuple(cards), None, broken)
