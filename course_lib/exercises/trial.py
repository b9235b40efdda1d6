"""Do an exercise's visible tests hold in this namespace, and what is wrong in words if not?

The tests run in a copy of the namespace, so that their names stay out of the learner's way; functions of the learner
keep their own globals. Nothing is raised: whatever goes wrong becomes an Outcome.
"""

from __future__ import annotations

import ast
import linecache
import re
import signal
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from types import FrameType, TracebackType
from typing import Any

from course_lib.exercises.bindings import bound, callables, needed
from course_lib.exercises.borrowing import borrows
from course_lib.exercises.outcome import Outcome
from course_lib.exercises.release import ChapterCard, ExerciseCard

PATIENCE = 3.0  # times the budget of seconds before the tests are stopped
_LONGEST = 600  # characters of somebody else's message


class _OutOfTime(BaseException):  # a BaseException, so that no `except Exception` of an answer eats it
    pass


def trial(of: ExerciseCard, chapter: ChapterCard, names: Mapping[str, Any]) -> Outcome:
    """Run the visible tests of `of` on the names of a live namespace."""
    about: dict[str, Any] = {"exercise": of.name, "title": of.title, "points": of.points}
    if of.test is None:
        return Outcome(
            "essay", **about, said="This answer is prose. A person reads it, against a rubric; there is nothing to run."
        )
    tree = ast.parse(of.test)
    answers = bound(of.stub)
    if missing := sorted((needed(tree) - answers) & _bound_by(chapter) - names.keys()):
        return Outcome(
            "no setup", **about,
            said=f"The tests need {_listed(missing)}, which the set-up {_cells(chapter)} of this chapter "
            f"make{'s' if len(chapter.setup) == 1 else ''}.",
            advice="Run the locked cells near the top of the notebook first, then check again.",
        )  # fmt: skip
    if missing := sorted(answers - names.keys()):
        return Outcome(
            "no answer", **about,
            said=f"There is no {_listed(missing)} here yet.",
            advice=f"Run the answer cell of {of.name!r} first (Shift+Enter), then check again.",
        )  # fmt: skip
    if broken := sorted(name for name in callables(of.stub) if not callable(names[name])):
        return Outcome(
            "error", **about,
            said=f"{_listed(broken)} is no longer what the answer cell defines: it now holds a "
            f"{type(names[broken[0]]).__name__}.",
            advice="Run the answer cell again; a later cell seems to have used the name for something else.",
        )  # fmt: skip
    return _run(of, chapter, tree, names, about, answers)


def _run(
    of: ExerciseCard,
    chapter: ChapterCard,
    tree: ast.Module,
    names: Mapping[str, Any],
    about: dict[str, Any],
    answers: set[str],
) -> Outcome:
    test = of.test or ""
    file = f"<tests of {of.name}>"
    linecache.cache[file] = (len(test), None, test.splitlines(keepends=True), file)  # so that tracebacks show it
    about["asserts"] = sum(map(_is_test, ast.walk(tree)))
    about["borrowed"] = borrows(answers, names, of.hides)
    start = perf_counter()
    try:
        with _patience(of.seconds * PATIENCE):
            exec(compile(tree, file, "exec"), dict(names))  # noqa: S102  the tests of our own release
    except KeyboardInterrupt:
        raise
    except _OutOfTime as error:
        statement, _ = _failing(tree, error.__traceback__, file)
        code, where = _lines_of_answer(error.__traceback__, names)
        return Outcome(
            "slow", **about, seconds=perf_counter() - start, test=statement, code=code, where=where,
            said=f"The tests were stopped after {of.seconds * PATIENCE:.0f} s; {of.seconds:.0f} s is their budget.",
            advice="Does a loop in the answer never end?",
        )  # fmt: skip
    except BaseException as error:
        return _failure(of, chapter, tree, names, {**about, "seconds": perf_counter() - start}, error)
    taken = perf_counter() - start
    slow = f"They took {taken:.0f} s; when graded they have {of.seconds:.0f} s." if taken > of.seconds else ""
    return Outcome("passed", **about, held=about["asserts"], seconds=taken, advice=slow)


def _failure(
    of: ExerciseCard,
    chapter: ChapterCard,
    tree: ast.Module,
    names: Mapping[str, Any],
    about: dict[str, Any],
    error: BaseException,
) -> Outcome:
    file = f"<tests of {of.name}>"
    statement, held = _failing(tree, error.__traceback__, file)
    about |= {"test": statement, "held": held}
    said = _told(error)
    if isinstance(error, NotImplementedError) and said.startswith(f"{of.name}:"):
        return Outcome(
            "unwritten", **about,
            said=f"{of.name!r} is not written yet: it still ends in its line `raise NotImplementedError`.",
            advice="Write the answer in its cell in place of that line, run the cell, then check again.",
        )  # fmt: skip
    code, where = _lines_of_answer(error.__traceback__, names)
    if isinstance(error, AssertionError) and not code:
        return Outcome("failed", **about, said=said or f"This does not hold: {statement}")
    kind = type(error).__name__
    if code:
        return Outcome(
            "error", **about, code=code, where=where,
            said=f"{kind}: {said}" if said else kind,
            advice=_advice(error, chapter),
        )  # fmt: skip
    return Outcome(
        "error", **about,
        said=f"The test could not use what came back. {kind}: {said}" if said else f"The test met {kind}.",
        advice="Does every path through the answer return what its signature and docstring say?",
    )  # fmt: skip


def _advice(error: BaseException, chapter: ChapterCard) -> str:
    if isinstance(error, NameError):
        name = getattr(error, "name", None)
        if name in _bound_by(chapter):
            return f"{name!r} comes from a set-up cell: run the locked cells near the top, then check again."
        return "Is the name spelled as in the cell that makes it, and was that cell run?"
    if isinstance(error, RecursionError):
        return "The answer calls itself without an end: which case stops it?"
    if isinstance(error, SystemExit):
        return "An answer returns or raises; it never leaves the program."
    return ""


def _failing(tree: ast.Module, trace: TracebackType | None, file: str) -> tuple[str, int]:
    """The statement of the tests at which it ended, and how many asserts stand before it."""
    lines = [line for frame, line in traceback.walk_tb(trace) if frame.f_code.co_filename == file]
    if not lines:
        return "", 0
    asserts = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and _is_test(node)]
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt)
        and not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For | ast.While | ast.With | ast.Try | ast.If)
        and node.lineno <= lines[-1] <= (node.end_lineno or node.lineno)
    ]
    held = sum((node.end_lineno or node.lineno) < lines[-1] for node in asserts)
    if not around:
        return linecache.getline(file, lines[-1]).strip(), held
    found = max(around, key=lambda node: node.lineno)
    if isinstance(found, ast.Raise):  # `else: raise AssertionError` of a try: what was tried says more
        tried = [node for node in ast.walk(tree) if isinstance(node, ast.Try) and found in node.orelse]
        return "\n".join(ast.unparse(node) for node in (tried[0].body if tried else [found])), held
    return ast.unparse(found.test) if isinstance(found, ast.Assert) else ast.unparse(found), held


def _is_test(node: ast.AST) -> bool:
    """An assert, or a `raise AssertionError(...)`."""
    if isinstance(node, ast.Raise):
        called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return isinstance(called, ast.Name) and called.id == "AssertionError"
    return isinstance(node, ast.Assert)


def _lines_of_answer(
    trace: TracebackType | None, names: Mapping[str, Any]
) -> tuple[tuple[tuple[int, str, bool], ...], str]:
    """The lines around the deepest place that is the learner's own: code whose globals are the live namespace."""
    own = [(frame, line) for frame, line in traceback.walk_tb(trace) if frame.f_globals is names]
    if not own:
        return (), ""
    frame, line = own[-1]
    file = frame.f_code.co_filename
    around = range(max(line - 2, 1), line + 2)
    shown = [(number, linecache.getline(file, number).rstrip(), number == line) for number in around]
    shown = [part for part in shown if part[1] or part[2]]
    return tuple(shown), frame.f_code.co_qualname if hasattr(frame.f_code, "co_qualname") else frame.f_code.co_name


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Stops the block after `seconds`, where that can be done: in a main thread, on a system with alarms."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)  # again, should something swallow the first
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _bound_by(chapter: ChapterCard) -> set[str]:
    return set().union(*(bound(text) for text in chapter.setup)) if chapter.setup else set()


def _listed(names: list[str]) -> str:
    shown = [f"`{name}`" for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _cells(chapter: ChapterCard) -> str:
    return "cell" if len(chapter.setup) == 1 else "cells"


def _told(error: BaseException) -> str:
    """The message of somebody's exception, which may be long, or no message at all."""
    try:
        text = str(error)
    except Exception:  # theirs, and may raise whatever it likes
        return "its message cannot be shown"
    text = re.sub(r"\n{3,}", "\n\n", text.strip())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
