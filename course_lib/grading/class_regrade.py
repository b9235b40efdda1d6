"""How is a chapter graded again after a test was mended?

`course grade` looks at every hand-in whose tests are not those of its verdict; this compares what it says now with what
it said before. A dry run does the same in a copy of the class, and throws the copy away.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from course_lib.errors import BadArgument, StepFailed
from course_lib.exercises.source import Chapter
from course_lib.grading.class_deadlines import read_extensions
from course_lib.grading.class_folder import CONFIG, GRADEBOOK, RULES, SECRET, ClassFolder, open_gradebook, private
from course_lib.grading.class_scores import scores
from course_lib.grading.regrade_changes import Change, changes
from course_lib.grading.verdict import read_verdicts
from course_lib.storage.atomic import TEMPORARY

Grade = Callable[[ClassFolder, Chapter], None]


def regrade(of: ClassFolder, chapter: Chapter, grade: Grade, dry_run: bool = False) -> list[Change]:
    """Grade the hand-ins of a chapter again with `grade`; what is judged differently.

    Raises BadArgument where nothing was graded before, and whatever `grade` raises.
    """
    before = read_verdicts(of.root, chapter.name)
    if not before:
        raise BadArgument(f"nothing of {chapter.name} is graded yet: `course grade {chapter.name}` comes first")
    by_hand = _by_hand(of, chapter.name)
    if not dry_run:
        grade(of, chapter)
        return changes(before, read_verdicts(of.root, chapter.name), by_hand)
    with private(), tempfile.TemporaryDirectory(prefix=f"{TEMPORARY}regrade-", dir=of.root) as folder:
        copy = _copied(of, chapter.name, Path(folder) / "class")
        grade(copy, chapter)
        return changes(before, read_verdicts(copy.root, chapter.name), by_hand)


def graded_again(of: ClassFolder, chapter: Chapter) -> None:
    """Do what `course grade CHAPTER` does, in a process of its own, which shows its progress. Raises StepFailed."""
    command = [sys.executable, "-m", "course_lib.cli", "grade", chapter.name, "--class", str(of.root)]
    code = subprocess.run(command, check=False).returncode
    if code not in (0, 1):  # 1: some hand-in could not be graded as it should; its verdict says so
        raise StepFailed("regrade", f"`course grade {chapter.name}` ended with {code}")


def _by_hand(of: ClassFolder, chapter: str) -> set[tuple[str, str]]:
    with open_gradebook(of) as gradebook:
        found = scores(gradebook, of.rules(), read_extensions(of.extensions), chapter)
    return {
        (learner, one.exercise) for learner, score in found.items() for one in score.exercises if one.manual is not None
    }


def _copied(of: ClassFolder, chapter: str, to: Path) -> ClassFolder:
    """A class with what grading this chapter needs; links are copied as links."""
    to.mkdir(parents=True)
    for name in (RULES, SECRET, GRADEBOOK, CONFIG, "extensions.csv"):
        if (of.root / name).is_file():
            shutil.copyfile(of.root / name, to / name)
    for part in (Path("release") / chapter, Path("verdicts") / chapter):
        if (of.root / part).is_dir():
            shutil.copytree(of.root / part, to / part, symlinks=True)
    for hand_in in sorted((of.root / "submitted").glob(f"*/{chapter}")):
        if hand_in.is_dir() and not hand_in.is_symlink():
            shutil.copytree(hand_in, to / hand_in.relative_to(of.root), symlinks=True)
    return ClassFolder(to)
