"""The chapter that the tests of the border share: small exercises of every kind."""

from pathlib import Path

from course_lib.exercises.source import Chapter, read_chapter

FOLDER = Path(__file__).parent / "00_border"


def border_chapter() -> Chapter:
    """Chapter 00_border."""
    about = (FOLDER / "exercises.toml").read_text("utf-8")
    return read_chapter("00_border", (FOLDER / "00_border.py").read_text("utf-8"), about)
