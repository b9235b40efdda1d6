"""What does stock nbgrader make of the same submissions? So that we know that an attack is one.

    python -m tests.redteam.plain                  grade all of them, two at a time, and write plain_results.toml
    python -m tests.redteam.plain history trace    grade these, and compare with what is written there
    python -m tests.redteam.plain trace --write    grade this one, and write what became of it

Every submission is graded by a `nbgrader autograde` of its own, in a class of its own, in a sandbox that sees the
machine read-only, one folder, and no network. What an attack reaches there, it reaches for the sake of this proof
alone; whoever takes too much of the machine or of time is ended, which is an outcome, too.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import SQLAlchemyError

from course_lib.exercises.chapters import load_chapter
from course_lib.exercises.notebook import render
from course_lib.grading import cubicle
from tests.places import ROOT
from tests.redteam.arena import CHAPTER, COURSE, SECRET_WORDS, Arena, arena, away
from tests.redteam.attacks import ATTACKS, Attack
from tests.redteam.opened import Opened
from tests.redteam.plain_found import CELL_SECONDS, RESULTS, RUN_SECONDS, Outcome, known, written

MOST_THREADS = 400
_TOGETHER = {"read_word": ("leave_word",)}  # whoever is graded before it in the same run
_CONFIG = """
c = get_config()
exec(open({config!r}).read())
c.CourseDirectory.root = {root!r}
c.CourseDirectory.source_directory = "source"
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"
c.CourseDirectory.db_url = "sqlite:///" + {root!r} + "/gradebook.db"
c.ExecutePreprocessor.timeout = {seconds}
"""
# Runs inside of the sandbox: nbgrader, and a look around after it.
_INSIDE = """
import json, os, socket, subprocess, sys, time
from pathlib import Path
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
codes = []
with open("/tmp/.said", "wb") as said:
    for command in json.loads(sys.argv[2]):
        words = [sys.executable, "-m", "nbgrader", *command]
        codes.append(subprocess.run(words, stdout=subprocess.DEVNULL, stderr=said, stdin=subprocess.DEVNULL).returncode)
def others():
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in (1, os.getpid()):
            try:
                state = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if state not in "ZX":
                yield int(name)
until = time.monotonic() + 3
while list(others()) and time.monotonic() < until:
    time.sleep(0.1)
server.settimeout(0)
try:
    server.accept()
    called = True
except OSError:
    called = False
words = [str(path) for path in map(Path, ("/tmp/word", "/dev/shm/word", "/tmp/forged_verdicts.json")) if path.exists()]
log = Path("/tmp/.said").read_text(errors="replace")[-3000:] if Path("/tmp/.said").exists() else ""
print(json.dumps({"codes": codes, "stay": len(list(others())), "called": called, "words": words, "log": log}))
"""


@dataclass(frozen=True)
class _Run:
    """What a run of nbgrader left to be known."""

    codes: tuple[int, ...] = ()  # of its commands; none where nobody came back to say
    stay: int = 0  # processes that were still there
    reached: bool = False  # a server, or folders that all submissions share
    over: str = ""  # what it took too much of
    slow: bool = False
    log: str = ""


def base_class(home: Path) -> Arena:
    """A class without submissions whose release stock nbgrader made."""
    home.mkdir()
    made = _plain(arena(home, [], whole=True))
    source = made.root / "source" / CHAPTER
    source.mkdir(parents=True)
    (source / f"{CHAPTER}.ipynb").write_text(render(load_chapter("99", COURSE), "source"))
    try:
        ran = _nbgrader(made, ["generate_assignment", CHAPTER])
    finally:
        made.listener.close()  # nobody attacks from here; an open one would be told of in whatever test comes later
    assert ran.codes == (0,), f"{ran} (is the checkout below /tmp? That is not seen in this sandbox)"
    return made


def outcome(home: Path, attack: Attack, like: Arena) -> Outcome:
    """Grade one submission in a class of its own below `home`; `like` is the class to begin with."""
    place = home / attack.name
    place.mkdir()
    before = [one for one in ATTACKS if one.name in _TOGETHER.get(attack.name, ())]
    made = _plain(arena(place, [*before, attack], whole=True))
    try:
        shutil.copytree(like.root / "source", made.root / "source")
        shutil.copyfile(like.root / "gradebook.db", made.root / "gradebook.db")
        feedback = [["generate_feedback", CHAPTER]] if "script" in attack.name else []
        with Opened(made.outside / "secret") as opened:
            ran = _nbgrader(made, ["autograde", CHAPTER], *feedback)
            read = opened.seen()
        return _judged(made, attack, ran, read)
    finally:
        away(made)


def outcomes(home: Path, attacks: Iterable[Attack], jobs: int = 2) -> Iterator[tuple[Attack, Outcome]]:
    """Grade them, `jobs` at a time, each in a class of its own; in their order."""
    like = base_class(home / "base")
    with ThreadPoolExecutor(jobs) as pool:
        found = [(attack, pool.submit(outcome, home, attack, like)) for attack in attacks]
        try:
            for attack, future in found:
                yield attack, future.result()
        finally:
            for _, future in found:
                future.cancel()
    away(like)


def _plain(made: Arena) -> Arena:
    """The class without what `course` writes into one."""
    for name in ("class.toml", "secret", "gradebook.db", "nbgrader_config.py", ".gitignore"):
        (made.root / name).unlink()
    text = _CONFIG.format(config=str(ROOT / "nbgrader_config.py"), root=str(made.root), seconds=CELL_SECONDS)
    (made.root / "nbgrader_config.py").write_text(text)
    return made


def _judged(made: Arena, attack: Attack, ran: _Run, read: bool) -> Outcome:
    points = _points(made, attack)
    path = made.root / "autograded" / attack.name / CHAPTER / f"{CHAPTER}.ipynb"
    outputs = _outputs(path)
    said = json.dumps(outputs)
    errors = [str(one.get("evalue")) for one in outputs if one.get("output_type") == "error"]
    other = bool(attack.says and errors and not any(attack.says in error for error in errors))
    if ran.over:
        return Outcome("eats", points, ran.over)
    if points is not None and points > attack.deserved:
        return Outcome("points", points)
    if read or other or ran.reached or _strangers(made):
        return Outcome("outside", points)
    if "OUTSIDE-SECRET" in said or "FROM-A-NEIGHBOUR" in said:
        return Outcome("outside", points)
    if any("<script>alert" in page.read_text() for page in (made.root / "feedback").rglob("*.html")):
        return Outcome("script", points)
    if any(word in said for word in SECRET_WORDS):
        return Outcome("leak", points)
    if ran.slow:
        return Outcome("forever", points)
    if not ran.codes or ran.codes[0]:
        return Outcome("abort")
    if ran.stay:
        return Outcome("stays", points)
    points = points or 0.0  # it says nothing, and none is what there is
    return Outcome("lost" if points < attack.deserved else "holds", points)


def _nbgrader(made: Arena, *commands: list[str]) -> _Run:
    settings = {"HOME": made.home, "TMPDIR": made.home, "IPYTHONDIR": made.home / ".i", "PYTHONPATH": ROOT}
    settings["JUPYTER_RUNTIME_DIR"] = made.home / ".r"
    words = [str(shutil.which("bwrap")), "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    words += ["--size", str(256 << 20), "--tmpfs", "/tmp", "--bind", str(made.home), str(made.home)]  # noqa: S108
    words += ["--unshare-all", "--new-session", "--die-with-parent", "--chdir", str(made.root)]
    for name, place in settings.items():
        words += ["--setenv", name, str(place)]
    port = made.listener.getsockname()[1]  # of this machine; in the sandbox the same number is another's
    words += ["--", "prlimit", f"--as={12 << 30}", f"--fsize={512 << 20}", "--core=0", "nice", "-n", "10"]
    words += [sys.executable, "-c", _INSIDE, str(port), json.dumps(commands)]
    programs = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"  # nbgrader calls alembic
    environment = {**os.environ, "PATH": programs, "PYTHONWARNINGS": ""}
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            words, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.DEVNULL
        )
        slow, over = _watched(child, made.home)
        said.seek(0)
        lines = said.read().decode(errors="replace").splitlines()
    told: dict[str, Any] = json.loads(lines[-1]) if lines and lines[-1].startswith('{"codes"') else {"codes": ()}
    reached = bool(told.get("called") or told.get("words"))
    return _Run(tuple(told["codes"]), told.get("stay", 0), reached, over, slow, told.get("log", ""))


def _watched(child: subprocess.Popen[bytes], home: Path) -> tuple[bool, str]:
    """Wait for a run; end it when it takes too long, or too much, as the guard of `course grade` would."""
    until, over, looks = time.monotonic() + RUN_SECONDS, "", 0
    try:
        while child.poll() is None and time.monotonic() < until and not over:
            time.sleep(0.05)
            looks += 1
            over = cubicle.too_much(child.pid, 0) or _too_many_threads(child.pid)
            if not over and looks % 5 == 0:
                over = cubicle.too_many_files(str(home))
        return child.poll() is None and not over, over
    finally:
        for pid in cubicle.descendants(child.pid)[1:2]:  # process 1 of the sandbox: the kernel ends all others with it
            os.kill(pid, signal.SIGKILL)
        child.kill()
        child.wait()


def _too_many_threads(pid: int) -> str:
    threads = 0
    for process in cubicle.descendants(pid):
        try:
            threads += len(list(Path(f"/proc/{process}/task").iterdir()))
        except OSError:
            continue
    return f"it started more than {MOST_THREADS} threads" if threads > MOST_THREADS else ""


def _points(made: Arena, attack: Attack) -> float | None:
    if not (made.root / "gradebook.db").is_file():
        return None
    try:
        with Gradebook(f"sqlite:///{made.root}/gradebook.db", "data_pipelines") as gradebook:
            grades = gradebook.find_submission(CHAPTER, attack.name).notebooks[0].grades
            tests = [one for one in grades if one.name != "why"]
            if all(one.auto_score is None and one.manual_score is None for one in tests):
                return None
            return float(sum(one.score for one in tests))
    except (MissingEntry, SQLAlchemyError, IndexError):
        return None


def _strangers(made: Arena) -> bool:
    """Whether something lies, or says, what nbgrader and we have not put there."""
    try:
        if (made.outside / "kept").read_text() != "kept" or len(list(made.outside.iterdir())) != 2:
            return True
    except OSError:
        return True
    ours = {"nbgrader_config.py", "gradebook.db", "source", "release", "submitted", "autograded", "feedback"}
    found = {path.name for path in made.root.iterdir() if not path.name.startswith(".")} - ours
    grades = made.root / "autograded"
    names = {attack.name for attack in made.attacks}
    return bool(found or ({path.name for path in grades.iterdir()} - names if grades.is_dir() else set()))


def _outputs(path: Path) -> list[dict[str, Any]]:
    """What the cells of a graded notebook put out; nothing where there is none."""
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return []
    return [output for cell in cells for output in cell.get("outputs", [])]


def main(words: list[str]) -> int:
    """Grade those that are named, or all of them; how many are not as written down, or 0."""
    names = [word for word in words if word != "--write"]
    unknown = set(names) - {attack.name for attack in ATTACKS}
    if unknown:
        sys.exit(f"no such attack: {', '.join(sorted(unknown))}")
    before = known() if RESULTS.exists() else {}
    found, others = {}, 0
    home = Path(tempfile.mkdtemp(prefix="plain-"))
    try:
        for attack, told in outcomes(home, [one for one in ATTACKS if one.name in names or not names]):
            found[attack.name] = told
            other = before.get(attack.name) != told
            others += other
            points = "-" if told.points is None else f"{told.points:g}"
            print(f"{attack.name:32} {told.kind:8} {points:>4} {told.why} {'*' if other else ''}", flush=True)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if names and "--write" not in words:
        return others
    now = before | found
    RESULTS.write_text(written({one.name: now[one.name] for one in ATTACKS if one.name in now}), encoding="utf-8")
    print(f"written: {RESULTS.name}; * is new or another outcome than before. Then: python -m tests.redteam.page")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
