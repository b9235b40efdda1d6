"""Where does a class lie, and what lies where in it?

    CLASS/class.toml          its rules (class_rules.py)
    CLASS/secret              hidden seeds derive from it (course_lib/exercises/seeds.py)
    CLASS/gradebook.db        nbgrader's: learners, assignments, grades
    CLASS/nbgrader_config.py  plain nbgrader works in this folder too
    CLASS/extensions.csv      later deadlines of single learners
    CLASS/release/ submitted/ autograded/ feedback/    nbgrader's folders
    CLASS/verdicts/CHAPTER/LEARNER.json                what `course grade` found
    CLASS/earlier/ statistics/                         hand-ins that newer ones replaced; pages for the instructor

Everything that is written here is readable by its owner alone: folders 0700, files 0600.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.errors import BadArgument, OutputError
from course_lib.grading.class_rules import EXAMPLE, Rules, read_rules
from course_lib.grading.nbgrader_imports import quickly
from course_lib.storage.atomic import replacing, replacing_folder, unwritable

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

WHERE = "COURSE_CLASS"  # environment: the class that is meant where no other is named
RULES, SECRET, GRADEBOOK, CONFIG = "class.toml", "secret", "gradebook.db", "nbgrader_config.py"
COURSE_ID = "data_pipelines"  # of nbgrader

_CONFIG = '''"""Plain nbgrader and formgrader in this class; `course` writes this file once and leaves it alone."""

import os
from pathlib import Path

from course_lib.exercises.chapters import ROOT

exec((ROOT / "nbgrader_config.py").read_text("utf-8"))  # stubs, preprocessors, time budgets: as the chapters want them

here = Path(__file__).resolve().parent
c = get_config()  # noqa: F821  nbgrader gives it
c.CourseDirectory.root = str(here)
c.CourseDirectory.source_directory = str(ROOT / "chapters")
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"
c.CourseDirectory.db_url = f"sqlite:///{here / 'gradebook.db'}"
c.GenerateAssignment.permissions = c.Autograde.permissions = c.GenerateFeedback.permissions = 600
c.AssignLatePenalties.plugin_class = "course_lib.grading.late_plugin.ClassPolicy"
os.environ["COURSE_SECRET_FILE"] = str(here / "secret")  # hidden tests draw the same seeds as with `course grade`
'''


@dataclass(frozen=True)
class ClassFolder:
    """A class, by its folder."""

    root: Path

    @property
    def secret(self) -> Path:
        return self.root / SECRET

    @property
    def gradebook(self) -> Path:
        return self.root / GRADEBOOK

    @property
    def extensions(self) -> Path:
        return self.root / "extensions.csv"

    def release(self, chapter: str) -> Path:
        return self.root / "release" / chapter

    def submitted(self, learner: str, chapter: str) -> Path:
        """The folder of a learner's hand-in: CHAPTER.ipynb and timestamp.txt."""
        return self.root / "submitted" / learner / chapter

    def autograded(self, learner: str, chapter: str) -> Path:
        return self.root / "autograded" / learner / chapter / f"{chapter}.ipynb"

    def feedback(self, learner: str, chapter: str) -> Path:
        return self.root / "feedback" / learner / chapter / f"{chapter}.html"

    def verdicts(self, chapter: str) -> Path:
        return self.root / "verdicts" / chapter

    def statistics(self, chapter: str) -> Path:
        return self.root / "statistics" / f"{chapter}.html"

    def rules(self) -> Rules:
        """The class's rules, as they stand now. Raises InputError."""
        path = self.root / RULES
        return read_rules(path, path.read_bytes())


def new_class(folder: Path, name: str = "") -> ClassFolder:
    """Make a class with a fresh secret and an empty gradebook: all of it, or nothing.

    Raises BadArgument for a folder that holds something, OutputError where it cannot be made.
    """
    if (folder / RULES).exists():
        raise BadArgument(f"{folder} is a class already; nothing was changed. Name a new folder.")
    try:
        if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
            raise BadArgument(f"{folder} holds something else; a class needs a folder of its own: name a new one.")
    except OSError as error:
        raise unwritable(folder, error) from error
    with private():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise OutputError(folder, f"cannot be made: {why}", "Name a folder that you may write to.") from error
        with replacing_folder(folder) as beside:
            (beside / SECRET).write_text(secrets.token_hex(32) + "\n", encoding="ascii")
            (beside / CONFIG).write_text(_CONFIG, encoding="utf-8")
            (beside / ".gitignore").write_text("*\n", encoding="ascii")  # grades and secrets belong in no repository
            (beside / RULES).write_text(EXAMPLE.format(name=_quoted(name or folder.name)), encoding="utf-8")
            with _gradebook(beside / GRADEBOOK):
                pass
    return ClassFolder(folder.resolve())


def find_class(named: Path | None = None) -> ClassFolder:
    """The class that is meant: the one named, the one we stand in, or that of COURSE_CLASS. Raises BadArgument."""
    if named is not None:
        if not (named / RULES).is_file():
            raise BadArgument(f"{named} is no class: it has no {RULES}. `course class new {named}` makes one.")
        return ClassFolder(named.resolve())
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / RULES).is_file() and (folder / SECRET).is_file():
            return ClassFolder(folder)
    told = os.environ.get(WHERE)
    if told:
        if (Path(told) / RULES).is_file():
            return ClassFolder(Path(told).resolve())
        raise BadArgument(f"{WHERE} names {told}, which is no class: it has no {RULES}.")
    raise BadArgument(
        f"there is no class here: `cd` into its folder, name it with --class DIR, or set {WHERE}. "
        "`course class new DIR` makes one."
    )


@contextmanager
def open_gradebook(of: ClassFolder) -> Iterator[Gradebook]:
    """The class's gradebook, made where it is missing, closed at the end."""
    with private(), _gradebook(of.gradebook) as gradebook:
        yield gradebook


@contextmanager
def private() -> Iterator[None]:
    """Whatever is written inside the block is its owner's alone, also what libraries write."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def write_private(path: Path, content: str | bytes) -> None:
    """Replace the file `path`, 0600, its folders made 0700. Raises OutputUnwritable."""
    with private(), replacing(path) as beside:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def _gradebook(path: Path) -> Iterator[Any]:
    quickly()
    from nbgrader.api import Gradebook

    if not path.exists() or not path.stat().st_size:
        _begin(path)
    with Gradebook(f"sqlite:///{path}", COURSE_ID) as gradebook:
        yield gradebook


def _begin(path: Path) -> None:
    """Make an empty gradebook with its tables, as nbgrader does; but it needs alembic on PATH."""
    import sqlite3

    from alembic.script import ScriptDirectory
    from nbgrader import dbutil
    from nbgrader.api import Base
    from sqlalchemy import create_engine

    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    engine.dispose()
    version = ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)")
        if not connection.execute("SELECT * FROM alembic_version").fetchall():
            connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))
    connection.close()


def _quoted(name: str) -> str:
    """`name` as a TOML string."""
    import json

    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")
