"""A small checkout with one chapter, for the tests of the workshop."""

import shutil
from pathlib import Path

from course_lib.exercises.chapters import build, load_chapter
from course_lib.exercises.source import Chapter, unmarked

FIXTURE = Path(__file__).parent / "fixture"
NAME = "01_practice"


def checkout(folder: Path) -> Path:
    """A folder with chapters/01_practice in it, its notebook built."""
    shutil.copytree(FIXTURE, folder, dirs_exist_ok=True)
    build([], folder)
    return folder


def practice() -> Chapter:
    """The chapter of the fixture."""
    return load_chapter(NAME, FIXTURE)


def answer_of(chapter: Chapter, exercise: str) -> str:
    """The reference answer's cell as a learner would have written it."""
    return unmarked(chapter.exercises[exercise].answer.text)
