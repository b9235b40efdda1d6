"""How does a chapter get from its author to the class?

nbgrader makes the release and writes the exercises with their points into the gradebook, as if `nbgrader
generate_assignment` had been called; it does so beside, so that a release that fails leaves the one before. The zip
holds what a learner needs beyond the installed course: the notebook, and the card that check, hint and progress read.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

from course_lib.errors import StepFailed
from course_lib.exercises.catalog import HIDDEN
from course_lib.exercises.chapters import ROOT, load_chapter
from course_lib.exercises.notebook import leaks, render
from course_lib.exercises.release import card, card_text
from course_lib.exercises.source import Chapter
from course_lib.grading.class_deadlines import read_extensions, settle
from course_lib.grading.class_folder import ClassFolder, open_gradebook, private, write_private
from course_lib.grading.nbgrader_imports import quick_imports
from course_lib.storage.atomic import TEMPORARY, replacing_folder

FOLDER = "data_pipelines"  # in every zip: chapters unpacked beside each other come into one folder
_README = """{title}

1. Install the course, as its README says.
2. Unpack this file. Chapters that you unpack in the same place come into one folder, `{folder}`.
3. In a terminal: `course lab --workspace {folder}`, or open {name}/{name}.ipynb with any Jupyter.
4. Do the exercises. check("name") says what is wrong, hint("name") helps, progress() shows where you stand.
5. Hand in {name}.ipynb.{deadline}
"""


def release_chapter(of: ClassFolder, name: str, root: Path = ROOT) -> Path:
    """Release a chapter: its notebook in CLASS/release, its exercises in the gradebook; the notebook's path.

    Raises BadArgument for a chapter that is not there, StepFailed where nbgrader refuses.
    """
    chapter = load_chapter(name, root)
    place = of.release(chapter.name)
    with private(), replacing_folder(place) as beside:
        _generate(of, chapter, beside)
        made = beside / f"{chapter.name}.ipynb"
        if leaked := leaks(made.read_text("utf-8")):
            raise StepFailed("release", f"{chapter.name} still holds {leaked[0]!r}, and is not released")
    with open_gradebook(of) as gradebook:
        settle(gradebook, of.rules(), read_extensions(of.extensions), chapter.name)
    return place / f"{chapter.name}.ipynb"


def release_zip(of: ClassFolder, name: str, root: Path = ROOT) -> Path:
    """The released chapter as a zip for a learning platform; the same release gives the same bytes."""
    chapter = load_chapter(name, root)
    notebook = (of.release(chapter.name) / f"{chapter.name}.ipynb").read_bytes()
    told = card(chapter)
    deadline = of.rules().of(chapter.name).deadline
    until = f" There is time until {deadline.strftime('%Y-%m-%d %H:%M UTC%z')}." if deadline else ""
    files = {
        "README.txt": _README.format(title=told.title, folder=FOLDER, name=chapter.name, deadline=until).encode(),
        f"{chapter.name}/{chapter.name}.ipynb": notebook,
        f"{HIDDEN}/release/{chapter.name}/{chapter.name}.ipynb": notebook,
        f"{HIDDEN}/release/{chapter.name}/card.json": card_text(told).encode(),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(f"{FOLDER}/{path}", (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    target = of.root / "release" / f"{chapter.name}.zip"
    write_private(target, packed.getvalue())
    return target


def _generate(of: ClassFolder, chapter: Chapter, into: Path) -> None:
    """Let nbgrader make the release of `chapter` in the folder `into`."""
    with quick_imports():
        from nbgrader.converters import GenerateAssignment
        from nbgrader.coursedir import CourseDirectory
    from traitlets.config import PyFileConfigLoader

    work = of.root / f"{TEMPORARY}release"
    shutil.rmtree(work, ignore_errors=True)
    try:
        source = work / "source" / chapter.name
        source.mkdir(parents=True)
        (source / f"{chapter.name}.ipynb").write_text(render(chapter, "source"), encoding="utf-8")
        config: Any = PyFileConfigLoader("nbgrader_config.py", path=str(of.root)).load_config()
        config.CourseDirectory.source_directory = str(work / "source")
        config.CourseDirectory.release_directory = str(work / "release")
        config.CourseDirectory.assignment_id = chapter.name
        log: list[str] = []
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
        converter.force = True
        converter.log = _quiet(log)
        try:
            converter.start()
        except Exception as error:
            why = next((line for line in reversed(log) if "Error" in line), str(error))
            raise StepFailed("release", f"nbgrader refuses {chapter.name}: {why.strip().splitlines()[-1]}") from error
        for file in (work / "release" / chapter.name).iterdir():
            shutil.move(file, into / file.name)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _quiet(lines: list[str]) -> Any:
    """A log of its own that keeps what it is told, and shows nothing."""
    import logging

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    log = logging.Logger("nbgrader in a class")  # outside of the tree: nobody else hears it
    log.addHandler(Kept())
    return log
