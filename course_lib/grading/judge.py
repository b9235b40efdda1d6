"""What is an answer worth, when it may be hostile?

A Judge holds the warm processes of one chapter: tests in one sandbox, answers in another. Each answer meets its tests
over the proxy protocol, both in forks that live for this one meeting. Whatever the answer does, the judge says in words
how it ended, and goes on with the next.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.exercises.bench import parts_of
from course_lib.exercises.graders import (
    GRACE,
    SEED,
    SIZE,
    answer_names,
    imported,
    outcome_of,
    setup_cells,
    too_slow,
)
from course_lib.exercises.protocol.warm import Server, ServerFailed, start_base
from course_lib.exercises.source import Chapter, Exercise
from course_lib.grading import reader, sandbox
from course_lib.grading.check_number import check_number
from course_lib.grading.repair import Submission, Work
from course_lib.grading.verdict import ExerciseVerdict, redacted

CUBICLE = "course_lib.grading.cubicle"
_BEGIN, _END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
_PATIENCE = 60.0  # s for a guard to end its answer: the kernel takes its time with a thousand processes
MOST_MESSAGE = 4_000  # characters
VERSION = 1  # of how answers are judged: raised when the same tests would judge otherwise


class SandboxBroke(CourseError):
    """A cubicle could not be made: no learner's doing, so nothing is graded on it."""

    exit_code = 2


@dataclass(frozen=True)
class Bases:
    """The warm processes that know no chapter yet, and the scratch folder that both sides see."""

    tests: Server
    answers: Server
    scratch: Path
    shut_in: bool


@contextlib.contextmanager
def bases(shut_in: bool = True) -> Iterator[Bases]:
    """Warm processes, for as long as the block lasts.

    Raises NoSandbox where submissions cannot be shut in, SandboxBroke where that is seen later.
    """
    with contextlib.ExitStack() as stack:
        within = sandbox.bubblewrap() if shut_in else ""
        scratch = stack.enter_context(sandbox.scratch_folder())
        words = sandbox.command(within, scratch) if shut_in else []
        started = [start_base(within=words, wait=False) for _ in ("tests", "answers")]
        for server in started:
            stack.callback(server.close)
        try:
            for server in started:
                server.ready()
        except ServerFailed as error:
            if not shut_in:
                raise
            raise SandboxBroke(f"a sandbox did not start, or ended: {error}. {sandbox.ALLOW}") from error
        yield Bases(started[0], started[1], scratch, shut_in)


class Judge:
    """Judges submissions of one chapter, for several threads at once; holds warm processes until it is closed."""

    def __init__(self, chapter: Chapter, of: Bases, secret: bytes = b""):
        self.chapter, self._bases, self._secret = chapter, of, secret
        self._servers: dict[tuple[str, tuple[str, ...]], Server] = {}
        self._lock = threading.Lock()
        self._apart = False  # whether every exercise needs an answers' process of its own
        self._kept = [place for place in (*sandbox.interpreter_places(), *sandbox.ours()) if place.startswith("/tmp/")]  # noqa: S108
        self._covered = {name: covered(found.hides) for name, found in chapter.exercises.items()}

    def read(self, data: bytes | None, why: str = "") -> Submission:
        """The submission in the bytes of a file."""
        return reader.read_over(self._server("reader"), self.chapter, data, why)

    def judge(self, name: str, work: Work | None) -> ExerciseVerdict:
        """The verdict on one exercise of a submission; `work` None where its answer is missing.

        Raises SandboxBroke, ServerFailed: what is not the learner's doing.
        """
        exercise = self.chapter.exercises[name]
        hint = next(iter(exercise.hints), "")
        if work is None:
            message = "There is no answer cell of this exercise in the notebook."
            return ExerciseVerdict(name, 0, exercise.points, "missing", message=message, hint=hint)
        found = self._tried(exercise, work)
        if found["ended"] == "slow" and _overloaded():
            found = self._tried(exercise, work)
        passed = found["ended"] == "passed"
        part = "" if passed else found.get("part", "answer")
        verdict = ExerciseVerdict(
            exercise=name,
            points=exercise.points if passed else 0,
            of=exercise.points,
            ended=found["ended"],
            part=part,
            check=check_number(exercise, part, found.get("line", 0)),
            message="" if passed else found.get("message", "")[:MOST_MESSAGE],
            hint="" if passed else hint,
            seconds=round(found["seconds"], 1),
            remarks=() if passed else tuple(found.get("remarks", ())),
        )
        return redacted(verdict)

    def _tried(self, exercise: Exercise, work: Work) -> dict[str, Any]:
        folder = Path(tempfile.mkdtemp(prefix="", dir=self._bases.scratch))
        try:
            (folder / "work").mkdir()
            (folder / "tmp").mkdir()
            return self._meet(exercise, work, folder)
        finally:
            sandbox.remove(folder)

    def _meet(self, exercise: Exercise, work: Work, folder: Path) -> dict[str, Any]:
        assert exercise.check is not None
        tests = self._server("tests")
        answers = self._server("answers", exercise.hides)
        shared = {"exercise": exercise.name, "names": answer_names(exercise), "folder": str(folder / "work")}
        shared["tmp"] = str(folder / "tmp")
        job = {
            **shared,
            "mode": "wire",
            "parts": list(parts_of(exercise.check.text, _BEGIN, _END)),
            "secret_hex": self._secret.hex(),
            "seconds": exercise.seconds,
        }
        side = {
            **shared,
            "answer": work.answer,
            "extra": list(work.before),
            "after": list(work.after),
            "hides": list(exercise.hides),
            "bound": str(folder),
            "scratch": str(self._bases.scratch),
            "covered": self._covered[exercise.name],
            "kept": self._kept,
        }
        started = time.monotonic()
        with contextlib.ExitStack() as stack:
            leash, held = _pair(stack)
            wire, other = _pair(stack)
            pid = answers.run(side, [other, held] if self._bases.shut_in else [other])
            held.close()
            other.close()
            stack.callback(answers.end, pid)
            reply, theirs = _pair(stack)
            judging = tests.run(job, [theirs, wire])
            stack.callback(tests.end, judging)
            wire.close()
            theirs.close()
            found = outcome_of(reply, exercise.seconds + GRACE)
            took = time.monotonic() - started
            told = _let_go(leash) if self._bases.shut_in else {}
        if "unusable" in told:
            raise SandboxBroke(f"an answer could not be shut in: {told['unusable']}. {sandbox.ALLOW}")
        if "ended" not in found:
            slow = found["why"] == "slow"
            message = too_slow(exercise.seconds) if slow else "the tests of this answer ran out of memory or were ended"
            found = {**found, "ended": "slow" if slow else "died", "message": message, "seconds": took}
        if "over" in told and found["ended"] != "passed":
            found = {**found, "ended": "refused", "message": f"the answer was stopped: {told['over']}"}
        return found

    def _server(self, role: str, hides: tuple[str, ...] = ()) -> Server:
        """The warm process for a role; all exercises share that of answers, if setup does without all they hide."""
        with self._lock:
            if role == "answers" and not self._apart:
                union = {module for exercise in self.chapter.exercises.values() for module in exercise.hides}
                try:
                    return self._started(role, tuple(sorted(union)), shared=True)
                except ServerFailed:
                    self._apart = True
            return self._started(role, hides)

    def _started(self, role: str, hides: tuple[str, ...], shared: bool = False) -> Server:
        key = (role, hides)
        if key in self._servers and not self._servers[key].alive():
            self._servers.pop(key).close()  # where nothing shuts it in, an answer can kill it
        if key not in self._servers:
            base = self._bases.answers if role == "answers" else self._bases.tests
            module = {"answers": CUBICLE if self._bases.shut_in else "answers", "reader": reader.ROLE}.get(role, role)
            try:
                self._servers[key] = base.server(module, self._spec(role, hides, shared))
            except ServerFailed as error:
                raise ServerFailed(f"{self.chapter.name}, on the side of the {role}: {error}") from error
        return self._servers[key]

    def _spec(self, role: str, hides: tuple[str, ...], shared: bool) -> dict[str, Any]:
        if role == "reader":
            return {"chapter": reader.packed(self.chapter)}
        return {
            "cells": setup_cells(self.chapter, SIZE, SEED),
            "imports": imported(self.chapter, tests=role == "tests"),
            "hides": list(hides),
            "shared": shared,
        }

    def close(self) -> None:
        """End the processes of this chapter."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()


def tests_sha256(chapter: Chapter, secret: bytes) -> str:
    """Equal for verdicts that the same tests, set-up and seeds would give again."""
    told = [
        [e.name, e.points, e.seconds, list(e.hides), e.check.text if e.check else "", answer_names(e)]
        if not e.is_essay
        else [e.name, e.points]
        for e in chapter.exercises.values()
    ]
    everything = [VERSION, chapter.name, told, setup_cells(chapter, SIZE, SEED)]
    return hashlib.sha256(json.dumps(everything).encode() + hashlib.sha256(secret).digest()).hexdigest()


def covered(modules: tuple[str, ...]) -> list[str]:
    """The files and folders that hold `modules`, compiled ones too."""
    places: list[str] = []
    for name in modules:
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            continue
        if spec is None:
            continue
        places += spec.submodule_search_locations or []
        if spec.origin and not spec.submodule_search_locations and Path(spec.origin).is_file():
            compiled = Path(importlib.util.cache_from_source(spec.origin)).parent.glob(f"{Path(spec.origin).stem}.*")
            places += [spec.origin, *(str(path) for path in compiled)]
    return places


def _overloaded() -> bool:
    """Whether this machine has so much else to do that an answer may have been slow through no fault of its own."""
    return os.getloadavg()[0] > 1.5 * len(os.sched_getaffinity(0)) + 1


def _pair(stack: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
    one, other = socket.socketpair()
    return stack.enter_context(one), stack.enter_context(other)


def _let_go(leash: socket.socket) -> dict[str, str]:
    """Let the guard end its answer, and wait until it has; what it has to say."""
    with contextlib.suppress(OSError):
        leash.shutdown(socket.SHUT_WR)
    leash.settimeout(_PATIENCE)
    said = b""
    try:
        while piece := leash.recv(1 << 16):
            said += piece
    except OSError as error:
        raise SandboxBroke(f"an answer could not be ended: {error}") from error
    told: dict[str, str] = {}
    for line in said.splitlines():
        told |= json.loads(line)
    return told
