"""A class whose every learner is an attacker, and what is left of it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_lib.exercises.chapters import load_chapter
from course_lib.exercises.notebook import render
from course_lib.exercises.source import with_answers
from course_lib.grading.class_folder import new_class
from course_lib.grading.verdict import Verdict, read_verdict
from tests.places import ROOT
from tests.redteam.attacks import RIGHT, Attack
from tests.redteam.shown_pages import acting

COURSE = Path(__file__).parent / "course"
CHAPTER = "99_red_team"
SECRET_WORDS = ("CANARY", "OUTSIDE-SECRET", "FROM-A-NEIGHBOUR")
_DRIVER = """
import sys
from pathlib import Path
from course_lib.exercises.chapters import load_chapter
from course_lib.grading.class_feedback import feedback_zip, write_feedback
from course_lib.grading.class_folder import ClassFolder
from course_lib.grading.class_statistics import graded, write_statistics
from course_lib.grading.grading_run import Options, grade
from course_lib.grading.grading_shown import JsonLines
of, root = ClassFolder(Path(sys.argv[1])), Path(sys.argv[2])
with JsonLines() as tell:
    grade(of, Options(("99_red_team",), jobs=2, root=root), tell)
chapter = load_chapter("99", root)
write_feedback(of, chapter)
write_statistics(of, chapter, graded(of, chapter))
feedback_zip(of, chapter.name)
"""


@dataclass
class Arena:
    """One class of attackers, before and after it was graded."""

    home: Path
    attacks: list[Attack]
    listener: socket.socket
    events: list[dict[str, Any]] = field(default_factory=list)
    said: str = ""  # everything that was printed
    code: int = -1
    within: tuple[str, ...] = ()  # words before the command that grades

    @property
    def root(self) -> Path:
        return self.home / "class"

    @property
    def outside(self) -> Path:
        return self.home / "outside"

    @property
    def mark(self) -> str:
        """Stands in the environment of every process of this run."""
        return f"/nonexistent/{self.home.name}-{os.getpid()}"

    def text(self, attack: Attack) -> str:
        """The answer of an attack, with the places of this arena in it."""
        port = self.listener.getsockname()[1]
        places = {"{outside}": self.outside, "{class}": self.root, "{checkout}": ROOT, "{port}": port}
        text = attack.answer
        for name, place in places.items():
            text = text.replace(name, str(place))
        return text.replace("{{", "{").replace("}}", "}")

    def grade(self) -> None:
        """Run the work of `course grade`, `course feedback` and `course statistics`, in a process of its own."""
        run = subprocess.run(
            [*self.within, sys.executable, "-c", _DRIVER, str(self.root), str(COURSE)],
            cwd=ROOT,
            env={**os.environ, "JAVA_HOME": self.mark, "HOME": str(self.home)},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        self.code, self.said = run.returncode, run.stdout + run.stderr
        self.events = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]

    def verdict(self, attack: Attack) -> Verdict | None:
        return read_verdict(self.root, CHAPTER, attack.name)

    def acting(self) -> dict[str, list[str]]:
        """Pages for learners and instructors in which something acts, and what."""
        pages = sorted([*(self.root / "feedback").rglob("*.html"), *(self.root / "statistics").rglob("*.html")])
        found = {str(path.relative_to(self.root)): acting(path.read_text("utf-8")) for path in pages}
        found |= {"feedback": ["a page is missing"]} if len(pages) != len(self.attacks) + 1 else {}
        return {name: what for name, what in found.items() if what}

    def leaks(self) -> list[str]:
        """Where a secret word stands, of all that was written or said."""
        secret = (self.root / "secret").read_text().strip()
        words = [word.encode() for word in (*SECRET_WORDS, secret)]
        written = [path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()]
        kept = {"submitted", "secret"}
        found = [
            f"{path.relative_to(self.root)}: {word.decode()}"
            for path in written
            if path.relative_to(self.root).parts[0] not in kept
            for word in words
            if word in _content(path)
        ]
        return found + [f"printed: {word.decode()}" for word in words if word in self.said.encode()]

    def strangers(self) -> list[str]:
        """Files that nobody but an attacker has written, and files that are gone."""
        found = [str(path) for path in self.outside.iterdir() if path.name not in ("secret", "kept")]
        if (self.outside / "kept").read_text() != "kept" or (self.outside / "secret").read_text() != "OUTSIDE-SECRET":
            found.append("what lay outside was changed")
        ours = {
            "class.toml",
            "secret",
            "gradebook.db",
            "nbgrader_config.py",
            ".gitignore",
            "submitted",
            "verdicts",
            "autograded",
            "feedback",
            "statistics",
        }
        found += [str(path) for path in self.root.iterdir() if path.name not in ours]
        names = {f"{attack.name}.json" for attack in self.attacks}
        found += [
            str(path) for path in (self.root / "verdicts").rglob("*") if path.is_file() and path.name not in names
        ]
        for place in (Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), ROOT, self.home):  # noqa: S108
            found += [
                str(place / name) for name in ("word", "forged_verdicts.json", "pickle") if (place / name).exists()
            ]
        return found

    def processes(self) -> list[str]:
        """Processes of this run that are still there."""
        found = []
        for pid in (path for path in Path("/proc").iterdir() if path.name.isdigit()):
            try:
                if (
                    self.mark.encode() in (pid / "environ").read_bytes()
                    and (pid / "stat").read_text().split(")")[-1].split()[0] != "Z"
                ):
                    found.append((pid / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def calls(self) -> int:
        """How often somebody called the instructor's server."""
        self.listener.settimeout(0)
        try:
            self.listener.accept()
        except OSError:
            return 0
        return 1


def _content(path: Path) -> bytes:
    if path.suffix == ".db":
        return _rows(path)
    if path.suffix != ".zip":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return b"".join(name.encode() + archive.read(name) for name in archive.namelist())


def _rows(path: Path) -> bytes:
    """All that stands in a gradebook but nbgrader's own copies of the tests, kept there from the release on."""
    with contextlib.closing(sqlite3.connect(path)) as book:
        tables = {name for (name,) in book.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert "source_cell" in tables
        rows = [book.execute(f'SELECT * FROM "{name}"').fetchall() for name in sorted(tables - {"source_cell"})]  # noqa: S608
    return repr(rows).encode()


def right_notebook(answers: dict[str, str]) -> dict[str, Any]:
    """The release with these answers in it."""
    chapter = load_chapter("99", COURSE)
    notebook: dict[str, Any] = json.loads(render(with_answers(chapter, answers), "release"))
    return notebook


def arena(home: Path, attacks: Iterable[Attack], whole: bool = False) -> Arena:
    """A class with these attackers; whole: with every cell of the release, as nbgrader needs it."""
    attacks = list(attacks)
    listener = socket.create_server(("127.0.0.1", 0))
    made = Arena(home, attacks, listener)
    new_class(made.root)
    made.outside.mkdir()
    (made.outside / "secret").write_text("OUTSIDE-SECRET")
    (made.outside / "kept").write_text("kept")
    for attack in attacks:
        _hand_in(made, attack, made.root / "submitted" / attack.name / CHAPTER, whole)
    return made


def _hand_in(made: Arena, attack: Attack, folder: Path, whole: bool) -> None:
    folder.mkdir(parents=True)
    path = folder / f"{CHAPTER}.ipynb"
    notebook = right_notebook({attack.exercise: made.text(attack)} if attack.answer else RIGHT)
    if attack.answer and not whole:
        ours = ("setup-1", attack.exercise, f"test-{attack.exercise}")
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] in ours]
    match attack.lay:
        case "link":
            path.symlink_to(made.outside / "secret")
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "name":
            (folder / "my work (1).ipynb").write_text(json.dumps(notebook))
        case _:
            forged = attack.forge(notebook) if attack.forge else notebook
            path.write_bytes(forged if isinstance(forged, bytes) else json.dumps(forged).encode())


def away(made: Arena) -> None:
    """Close and remove an arena."""
    made.listener.close()
    shutil.rmtree(made.home, ignore_errors=True)
