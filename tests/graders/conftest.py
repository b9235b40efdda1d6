"""Warm processes that all tests of the graders share."""

from collections.abc import Callable, Iterator

import pytest

from course_lib.exercises.chapters import load_chapter
from course_lib.exercises.graders import Grader
from course_lib.exercises.protocol.warm import start_base

collect_ignore_glob = ["*/*__right_*.py", "*/*__wrong_*.py"]  # answers: not ours to import


@pytest.fixture(scope="module")
def grader_of() -> Iterator[Callable[[str], Grader]]:
    """The grader of a chapter, by its name; the processes of one chapter at a time."""
    current: list[Grader] = []
    with start_base() as base:

        def grader(chapter: str) -> Grader:
            if not current or current[0].chapter.name != chapter:
                for other in current:
                    other.close()
                current[:] = [Grader(load_chapter(chapter), base)]
            return current[0]

        yield grader
        for other in current:
            other.close()
