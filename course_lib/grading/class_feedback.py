"""How does feedback get to its files?

One page for each verdict, CLASS/feedback/LEARNER/CHAPTER/CHAPTER.html, where nbgrader's own exchange would look for it.
A page that would not change is not written again.
"""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path
from typing import NamedTuple

from course_lib.errors import BadArgument
from course_lib.exercises.protocol.scratch import read_text
from course_lib.exercises.release import card
from course_lib.exercises.source import Chapter
from course_lib.grading.class_collect import handed_in
from course_lib.grading.class_deadlines import read_extensions
from course_lib.grading.class_folder import ClassFolder, open_gradebook, private
from course_lib.grading.class_folder import write_private as write
from course_lib.grading.class_roster import learners
from course_lib.grading.class_scores import scores
from course_lib.grading.feedback_page import answers_of, feedback_page
from course_lib.grading.roster_file import Learner
from course_lib.grading.verdict import read_verdicts
from course_lib.storage.atomic import replacing

_LARGEST = 64 << 20  # bytes of a notebook


class Written(NamedTuple):
    """Pages, by learner."""

    new: list[str]
    same: list[str]
    waiting: list[str]  # learners of whom a person still has to read something


def write_feedback(of: ClassFolder, chapter: Chapter) -> Written:
    """Write the feedback of a chapter. Raises BadArgument where nothing is graded, InputError for a broken verdict."""
    verdicts = read_verdicts(of.root, chapter.name)
    if not verdicts:
        raise BadArgument(f"nothing of {chapter.name} is graded yet: `course grade {chapter.name}` comes first")
    rules, extensions, told = of.rules().of(chapter.name), read_extensions(of.extensions), card(chapter)
    people = {learner.id: learner for learner in learners(of)}
    with open_gradebook(of) as gradebook:
        by_learner = scores(gradebook, of.rules(), extensions, chapter.name)
    result = Written([], [], [])
    for verdict in verdicts:
        learner = verdict.learner
        score = by_learner.get(learner)
        page = feedback_page(
            people.get(learner, Learner(learner)),
            told,
            verdict,
            score,
            answers_of(_notebook(of, learner, chapter.name), told),
            handed_in(of, learner, chapter.name),
            extensions.get((learner, chapter.name), rules.deadline),
            rules.policy,
        )
        path = of.feedback(learner, chapter.name)
        if path.is_file() and path.read_text("utf-8", "replace") == page:
            result.same.append(learner)
        else:
            write(path, page)
            result.new.append(learner)
        if score is not None and score.waits:
            result.waiting.append(learner)
    return result


def feedback_zip(of: ClassFolder, chapter: str) -> Path:
    """All pages of a chapter as a zip, a folder for each learner."""
    path = of.root / "feedback" / f"{chapter}.zip"
    with private(), replacing(path) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
        for page in sorted((of.root / "feedback").glob(f"*/{chapter}/{chapter}.html")):
            entry = zipfile.ZipInfo(f"{page.parts[-3]}/{chapter}.html", (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o100600 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, page.read_bytes())
    return path


def _notebook(of: ClassFolder, learner: str, chapter: str) -> str:
    """The learner's notebook as it was graded: mended, and of a form that is ours.

    As it was handed in where that is gone, no link followed; empty where there is none to read.
    """
    for folder in ("autograded", "submitted"):
        with contextlib.suppress(OSError, ValueError):
            return read_text(of.root / folder, f"{learner}/{chapter}/{chapter}.ipynb", _LARGEST)
    return ""
