"""Is every input still what was discovered?

A file that someone writes to while it is read would be half old and half new, and its records would be found again by
a run that reads the old one. Landing notices this itself (transforms/bronze.py); here it is noticed of files that are
read in place, and of files that break a step because they vanish or become others between two looks.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from course_lib.errors import CourseError, InputError
from course_lib.ingestion.discover import SourceFile, stop_if_changed


def first_changed(sources: Iterable[SourceFile], records: Path) -> InputError | None:
    """The error for the first of `sources` that has changed since, if any; what was made of it is forgotten.

    records  the folder of the run's records; those of ingestion stay, whose keys hold the digest of what was read
    """
    for source in sources:
        try:
            stop_if_changed(source)
        except InputError as error:
            for step in records.glob("*"):
                if step.is_dir() and step.name != "ingest":
                    shutil.rmtree(step)
            return error
    return None


@contextmanager
def blaming_the_input(sources: Sequence[SourceFile], records: Path) -> Iterator[None]:
    """Let an unexpected error be UnreadableFile where an input has changed meanwhile: that is the reason then."""
    try:
        yield
    except CourseError:
        raise
    except Exception as error:
        changed = first_changed(sources, records)
        if changed is None:
            raise
        raise changed from error
