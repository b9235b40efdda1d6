"""What stock nbgrader makes of the same submissions: so that we know that an attack is one.

nbgrader runs in a sandbox that sees the machine read-only, and one folder: what an attack reaches there, it reaches for
the sake of this proof alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from course_lib.exercises.chapters import load_chapter
from course_lib.exercises.notebook import render
from tests.places import ROOT
from tests.redteam.arena import CHAPTER, COURSE, SECRET_WORDS, Arena, arena, away
from tests.redteam.attacks import Attack

_CONFIG = """
c = get_config()
exec(open({config!r}).read())
c.CourseDirectory.root = {root!r}
c.CourseDirectory.source_directory = "source"
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.db_url = "sqlite:///" + {root!r} + "/gradebook.db"
c.ExecutePreprocessor.timeout = 10
"""


def plain_class(home: Path, attacks: list[Attack], like: Arena | None = None) -> Arena:
    """The class, for stock nbgrader: with whole notebooks, and a release, which `like` may have already."""
    made = arena(home, attacks, whole=True)
    for name in ("class.toml", "secret", "gradebook.db", "nbgrader_config.py", ".gitignore"):
        (made.root / name).unlink()
    text = _CONFIG.format(config=str(ROOT / "nbgrader_config.py"), root=str(made.root))
    (made.root / "nbgrader_config.py").write_text(text)
    if like is not None:
        shutil.copytree(like.root / "source", made.root / "source")
        shutil.copyfile(like.root / "gradebook.db", made.root / "gradebook.db")
        return made
    source = made.root / "source" / CHAPTER
    source.mkdir(parents=True)
    (source / f"{CHAPTER}.ipynb").write_text(render(load_chapter("99", COURSE), "source"))
    assert _nbgrader(made, "generate_assignment", CHAPTER) == 0
    return made


def outcomes(home: Path, attacks: list[Attack]) -> dict[str, str]:
    """What became of each submission: points, leak, outside, abort or none; see Attack.plain.

    Those that may end nbgrader itself, or write elsewhere, are graded alone; the others in one run.
    """
    alone = [attack for attack in attacks if attack.plain in ("abort", "outside")]
    rest = [attack for attack in attacks if attack not in alone]
    for place in (home / "rest", *(home / attack.name for attack in alone)):
        place.mkdir()
    together = plain_class(home / "rest", rest)
    found = {}
    for attack in alone:
        made = plain_class(home / attack.name, [attack], together)
        code = _nbgrader(made, "autograde", CHAPTER)
        found[attack.name] = "outside" if _outside(made) else "abort" if code else outcome(made, attack)
        away(made)
    _nbgrader(together, "autograde", CHAPTER)
    found |= {attack.name: outcome(together, attack) for attack in rest}
    away(together)
    return found


def outcome(made: Arena, attack: Attack) -> str:
    """What became of one submission that was graded."""
    path = made.root / "autograded" / attack.name / CHAPTER / f"{CHAPTER}.ipynb"
    points = _points(made, attack)
    if points is None or not path.exists() or points < attack.deserved:  # what was earned is lost
        return "abort"
    if points > attack.deserved:
        return "points"
    return "leak" if _leaks(path) else "none"


def _nbgrader(made: Arena, *words: str) -> int:
    settings = {"HOME": made.home, "TMPDIR": made.home, "IPYTHONDIR": made.home / ".i", "PYTHONPATH": ROOT}
    settings["JUPYTER_RUNTIME_DIR"] = made.home / ".r"
    within = [str(shutil.which("bwrap")), "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]  # noqa: S108
    within += ["--bind", str(made.home), str(made.home), "--unshare-all", "--new-session", "--chdir", str(made.root)]
    for name, place in settings.items():
        within += ["--setenv", name, str(place)]
    within.append("--")
    programs = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"  # nbgrader calls alembic
    environment = {**os.environ, "PATH": programs, "PYTHONWARNINGS": ""}
    command = [*within, sys.executable, "-m", "nbgrader", *words]
    try:
        run = subprocess.run(command, capture_output=True, timeout=600, check=False, env=environment)
    except subprocess.TimeoutExpired:
        return 124
    return run.returncode


def _points(made: Arena, attack: Attack) -> float | None:
    with Gradebook(f"sqlite:///{made.root}/gradebook.db", "data_pipelines") as gradebook:
        try:
            found = gradebook.find_submission(CHAPTER, attack.name)
        except MissingEntry:
            return None
        return float(sum(one.score for one in found.notebooks[0].grades if one.name != "why"))


def _outside(made: Arena) -> bool:
    if not made.outside.is_dir() or {path.name for path in made.outside.iterdir()} != {"secret", "kept"}:
        return True
    read = b"OUTSIDE-SECRET" in b"".join(path.read_bytes() for path in (made.root / "autograded").rglob("*.ipynb"))
    return read or any((made.root / name).exists() for name in ("verdict.json", "forged_verdicts.json"))


def _leaks(path: Path) -> bool:
    """Whether what is hidden stands in an output, or a script in what a grader opens."""
    cells = json.loads(path.read_text())["cells"]
    said = json.dumps([cell.get("outputs", []) for cell in cells])
    scripts = any("<script>" in "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return any(word in said for word in SECRET_WORDS) or scripts
