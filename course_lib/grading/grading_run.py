"""How does a class get graded, quickly, and once?

    submitted ─> read, mend ─> judge each exercise ─> verdict ─> autograded notebook ─> gradebook
    (threads, `jobs` of them)                         (one writer, submission by submission)

Each of the last three is replaced in one step and names the file and the tests that it is of, the gradebook last: a run
that is killed at any moment and started again does what is left. What is graded already, on the same file by the same
tests, is not run again.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.errors import BadArgument, CourseError, RunFolderBusy, one_line
from course_lib.exercises.chapters import ROOT, load_chapter
from course_lib.exercises.source import Chapter, stub
from course_lib.grading import handed_in, marks
from course_lib.grading.autograded import autograded
from course_lib.grading.class_deadlines import read_extensions, settle
from course_lib.grading.class_folder import ClassFolder, open_gradebook, private, write_private
from course_lib.grading.handed_in import HandedIn
from course_lib.grading.judge import Bases, Judge, bases, tests_sha256
from course_lib.grading.repair import Submission
from course_lib.grading.verdict import ExerciseVerdict, Verdict, read_verdict, write_verdict
from course_lib.storage.atomic import sweep

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

Event = dict[str, Any]  # "event": begin, graded, kept, left_out, failed, end; then what that event says
Tell = Callable[[Event], None]
_MOST_FAILURES = 3  # in a row: then it is the machine


@dataclass(frozen=True)
class Summary:
    """What a run did."""

    graded: int
    kept: int  # graded before, on the same file by the same tests
    failed: int  # not graded, for a reason that is not the learner's


@dataclass(frozen=True)
class Options:
    """What is asked of a run."""

    chapters: tuple[str, ...]
    learners: tuple[str, ...] = ()  # all of them where none is named
    jobs: int = 1
    again: bool = False  # also what is graded already
    shut_in: bool = True
    root: Path = ROOT  # of the checkout that holds the chapters


def grade(of: ClassFolder, options: Options, tell: Tell) -> Summary:
    """Grade what was handed in. Raises BadArgument, NoSandbox, SandboxBroke, RunFolderBusy."""
    started, counts = time.monotonic(), dict.fromkeys(("graded", "kept", "failed"), 0)

    def count(event: Event) -> None:
        if event["event"] in counts:
            counts[event["event"]] += 1
        tell(event)

    with alone(of), private(), open_gradebook(of) as gradebook:
        chapters = [load_chapter(name, options.root) for name in options.chapters]
        plans = {chapter.name: _planned(of, chapter, options, tell) for chapter in chapters}
        tell({"event": "begin", "submissions": sum(map(len, plans.values())), "chapters": list(plans)})
        with _Late(options.shut_in) as late:
            for chapter in chapters:
                if plans[chapter.name]:
                    _grade_chapter(of, chapter, plans[chapter.name], options, gradebook, late, count)
    tell({"event": "end", **counts, "seconds": round(time.monotonic() - started, 1)})
    return Summary(**counts)


@contextmanager
def alone(of: ClassFolder) -> Iterator[None]:
    """Keep a second run out of this class. Raises RunFolderBusy."""
    place = of.root / "verdicts"
    with private():
        place.mkdir(exist_ok=True)
    lock = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunFolderBusy(of.root, "is being graded now", "Wait until that run has ended.") from None
        for written in (place, of.root / "autograded"):  # what a killed run was writing
            sweep(written)
        yield
    finally:
        os.close(lock)


class _Late:
    """Warm processes, started when the first submission needs them."""

    def __init__(self, shut_in: bool):
        self._shut_in = shut_in
        self._context: Any = None
        self._bases: Bases | None = None

    def get(self) -> Bases:
        if self._bases is None:
            self._context = bases(self._shut_in)
            self._bases = self._context.__enter__()
        return self._bases

    def __enter__(self) -> _Late:
        return self

    def __exit__(self, *what: object) -> None:
        if self._bases is not None:
            self._context.__exit__(None, None, None)


def _planned(of: ClassFolder, chapter: Chapter, options: Options, tell: Tell) -> list[str]:
    found, left_out = handed_in.learners(of.root, chapter.name)
    for why in left_out:
        tell({"event": "left_out", "chapter": chapter.name, "why": one_line(why)})
    if unknown := sorted(set(options.learners) - set(found)) if options.learners else []:
        raise BadArgument(f"{unknown[0]!r} handed in nothing for {chapter.name}; {len(found)} learners did.")
    return [learner for learner in found if not options.learners or learner in options.learners]


def _grade_chapter(
    of: ClassFolder,
    chapter: Chapter,
    learners: Sequence[str],
    options: Options,
    gradebook: Gradebook,
    late: _Late,
    tell: Tell,
) -> None:
    secret = of.secret.read_bytes()
    tests = tests_sha256(chapter, secret)
    marks.prepare(gradebook, chapter)
    known = marks.marked(gradebook, chapter.name)
    judge: Judge | None = None
    waiting = list(reversed(learners))
    running: dict[Future[_Found], str] = {}
    failures = 0
    with ThreadPoolExecutor(options.jobs, thread_name_prefix="grading") as pool:
        try:
            while waiting or running:
                while waiting and len(running) < options.jobs + 1:  # one is read while the others are judged
                    learner = waiting.pop()
                    file = handed_in.read(of.root, learner, chapter.name)
                    before = None if options.again else _earlier(of, chapter, learner, file, tests)
                    if (
                        before
                        and known.get(learner) == (file.sha256, tests)
                        and of.autograded(learner, chapter.name).exists()
                    ):
                        tell(_event("kept", before))
                        continue
                    judge = judge or Judge(chapter, late.get(), secret)
                    running[pool.submit(_found, judge, file, before, tests)] = learner
                if not running:
                    break
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    learner = running.pop(future)
                    try:
                        found = future.result()
                    except CourseError as error:
                        failures += 1
                        if failures >= _MOST_FAILURES:
                            raise
                        why = one_line(error)
                        tell({"event": "failed", "learner": learner, "chapter": chapter.name, "why": why})
                        continue
                    failures = 0
                    _write(of, chapter, gradebook, found)
                    tell(_event("graded", found.verdict))
        finally:
            for future in running:
                future.cancel()
            if judge is not None:
                judge.close()
    settle(gradebook, of.rules(), read_extensions(of.extensions), chapter.name)


@dataclass(frozen=True)
class _Found:
    file: HandedIn
    submission: Submission
    verdict: Verdict


def _earlier(of: ClassFolder, chapter: Chapter, learner: str, file: HandedIn, tests: str) -> Verdict | None:
    """The verdict on the same file by the same tests, where there is one."""
    try:
        verdict = read_verdict(of.root, chapter.name, learner)
    except CourseError:
        return None  # it is made again
    return verdict if verdict is not None and verdict.is_of(file.sha256, tests) else None


def _found(judge: Judge, file: HandedIn, before: Verdict | None, tests: str) -> _Found:
    """Judge a submission; what `before` found already is not judged again."""
    started = time.monotonic()
    submission = judge.read(file.data, file.why)
    if before is not None:
        return _Found(file, submission, before)
    exercises = []
    for name, exercise in judge.chapter.exercises.items():
        if exercise.is_essay:
            ended = "hand" if name in submission.essays else "missing"
            exercises.append(ExerciseVerdict(name, 0, exercise.points, ended))
        elif submission.broken:
            told = f"The notebook cannot be read: {submission.broken}."
            exercises.append(ExerciseVerdict(name, 0, exercise.points, "missing", message=told))
        else:
            exercises.append(judge.judge(name, submission.work.get(name)))
    repairs = (file.repair, *submission.repairs) if file.repair else submission.repairs
    verdict = Verdict(
        learner=file.learner,
        chapter=file.chapter,
        submission_sha256=file.sha256,
        tests_sha256=tests,
        repairs=repairs,
        exercises=tuple(exercises),
        seconds=round(time.monotonic() - started, 1),
    )
    return _Found(file, submission, verdict)


def _write(of: ClassFolder, chapter: Chapter, gradebook: Gradebook, found: _Found) -> None:
    """Verdict, notebook, gradebook, in this order: what the last one says, the others have."""
    verdict, file = found.verdict, found.file
    write_verdict(of.root, verdict)
    path = of.autograded(verdict.learner, verdict.chapter)
    write_private(path, autograded(found.submission.notebook, verdict))
    if file.timestamp:
        write_private(path.with_name("timestamp.txt"), file.timestamp)
    blank = {
        name
        for name, text in found.submission.essays.items()
        if text.strip() in ("", stub(chapter.exercises[name]).strip())
    }
    timestamp = file.timestamp if _is_time(file.timestamp) else ""
    marks.enter(gradebook, chapter, verdict, timestamp, frozenset(blank))


def _is_time(text: str) -> bool:
    from nbgrader.utils import parse_utc

    try:
        return bool(text) and parse_utc(text) is not None
    except (ValueError, OverflowError, TypeError):
        return False


def _event(kind: str, verdict: Verdict) -> Event:
    return {
        "event": kind,
        "learner": verdict.learner,
        "chapter": verdict.chapter,
        "points": verdict.points,
        "of": verdict.of,
        "by_hand": sum(found.of for found in verdict.exercises if found.by_hand),
        "ended": {found.exercise: found.ended for found in verdict.exercises},
        "repairs": list(verdict.repairs),
        "seconds": verdict.seconds,
    }
