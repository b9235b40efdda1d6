"""How many points does an answer get, and why?

A Grader judges answers to the exercises of one chapter, each in a fresh fork of a process that ran the chapter's setup
cells: in the notebook's way (`notebook`: tests beside the answer) or in that of `course grade` (`wire`: the answer in
another process, without the modules that hold it). Points are all or nothing.

    python -m course_lib.exercises.graders 3            all known answers of chapter 3, both ways, and the mutants
    python -m course_lib.exercises.graders 3 psi        one exercise
"""

from __future__ import annotations

import ast
import contextlib
import json
import socket
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from course_lib.exercises.bench import parts_of
from course_lib.exercises.protocol.warm import Server, ServerFailed, start_base
from course_lib.exercises.source import Chapter, Exercise, stub, unmarked

Mode = Literal["notebook", "wire"]
MODES: tuple[Mode, ...] = ("notebook", "wire")
SIZE, SEED = "test", 7
GRACE = 3.0  # seconds that the tests' side has to say that time was up
_BEGIN, _END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


@dataclass(frozen=True)
class Verdict:
    """What an answer to an exercise is worth, in words too."""

    exercise: str
    mode: Mode
    points: int
    of: int
    ended: str  # passed, failed, slow, died, refused (the answer's process broke the rules of the border)
    part: str  # where it failed: answer, visible or hidden; "" when it passed
    message: str
    readable: bool
    hint: str  # the exercise's first
    seconds: float
    printed: str = ""  # what the answer printed, cut (over the wire only)
    remarks: tuple[str, ...] = ()  # errors of the learner's own cells, which ran before the answer (over the wire only)
    silent: tuple[int, ...] = ()  # lines of visible tests that an unsolved exercise passes (of `probe` only)

    @property
    def passed(self) -> bool:
        return self.ended == "passed"

    @property
    def visible_passed(self) -> bool:
        """Whether the learner's own check is content."""
        return self.passed or self.part == "hidden"


class Grader:
    """Judges answers to one chapter, for several threads at once; holds warm processes until it is closed."""

    def __init__(self, chapter: Chapter, base: Server | None = None, size: str = SIZE):
        self.chapter, self.size = chapter, size
        self._base = base or start_base()
        self._owns_base = base is None
        self._servers: dict[tuple[object, ...], Server] = {}
        self._lock = threading.Lock()
        self._apart = False  # whether every exercise needs an answers' process of its own

    def judge(
        self,
        exercise: str,
        answer: str,
        mode: Mode = "notebook",
        *,
        seed: int = SEED,
        secret: Path | None = None,
        seconds: float | None = None,
        extra: Iterable[str] = (),
        probe: bool = False,
    ) -> Verdict:
        """The verdict on `answer`, the text of an answer cell.

        seed     of the parameters cell
        secret   file of the class's secret, from which hidden seeds derive
        seconds  instead of the exercise's own budget
        extra    the learner's own cells, which run before the answer; their errors are theirs
        probe    run every statement of the visible tests, whatever the others did
        """
        asked = self.chapter.exercises[exercise]
        assert asked.check is not None, f"{exercise} is prose: a human grades it"
        budget = asked.seconds if seconds is None else seconds
        with tempfile.TemporaryDirectory(prefix="course-answer-") as folder:
            job = {
                "mode": mode,
                "exercise": exercise,
                "answer": answer,
                "names": answer_names(asked),
                "parts": list(parts_of(asked.check.text, _BEGIN, _END)),
                "extra": list(extra),
                "folder": folder,
                "secret": str(secret.resolve()) if secret else "",
                "seconds": budget,
                "probe": probe,
            }
            found = self._run(asked, job, seed)
        return Verdict(
            exercise=exercise,
            mode=mode,
            points=asked.points if found["ended"] == "passed" else 0,
            of=asked.points,
            ended=found["ended"],
            part=found.get("part", ""),
            message=found.get("message", ""),
            readable=found.get("readable", True),
            hint="" if found["ended"] == "passed" else next(iter(asked.hints), ""),
            seconds=found["seconds"],
            printed=found.get("printed", ""),
            remarks=tuple(found.get("remarks", ())),
            silent=tuple(found.get("silent", ())),
        )

    def _run(self, asked: Exercise, job: dict[str, Any], seed: int) -> dict[str, Any]:
        tests = self._server("tests", seed)
        answers = self._server("answers", seed, asked.hides) if job["mode"] == "wire" else None
        with contextlib.ExitStack() as stack:
            reply, theirs = _connected(stack)
            sockets, started = [theirs], time.monotonic()
            if answers is not None:
                wire, other = _connected(stack)
                side = {key: job[key] for key in ("exercise", "answer", "extra", "folder", "names")}
                side["hides"] = list(asked.hides)
                pid = answers.run(side, [other])
                other.close()
                stack.callback(answers.end, pid)
                sockets.append(wire)
            pid = tests.run(job, sockets)
            stack.callback(tests.end, pid)
            for sock in sockets:
                sock.close()
            # Over the wire the tests' side keeps the time itself, and says so in the same words.
            found = outcome_of(reply, job["seconds"] + (GRACE if answers is not None else 0))
            took = time.monotonic() - started
        if "ended" in found:
            return found
        part = found.get("part", "answer")
        if found["why"] == "slow":
            return {"ended": "slow", "part": part, "message": too_slow(job["seconds"]), "seconds": took}
        message = "the process ended in the middle of the answer"
        return {"ended": "died", "part": part, "message": message, "seconds": took}

    def _server(self, role: str, seed: int, hides: tuple[str, ...] = ()) -> Server:
        """The warm process for a role; all exercises share that of answers, if setup does without all they hide."""
        with self._lock:
            if role == "answers" and not self._apart:
                union = {module for exercise in self.chapter.exercises.values() for module in exercise.hides}
                try:
                    return self._started(role, seed, tuple(sorted(union)), shared=True)
                except ServerFailed:
                    self._apart = True
            return self._started(role, seed, hides)

    def _started(self, role: str, seed: int, hides: tuple[str, ...], shared: bool = False) -> Server:
        key = (role, seed, hides)
        if key in self._servers and not self._servers[key].alive():
            self._servers.pop(key).close()  # an answer that is not in a sandbox can kill it
        if key not in self._servers:
            imports = imported(self.chapter, tests=role == "tests")
            cells = setup_cells(self.chapter, self.size, seed)
            spec = {"cells": cells, "hides": list(hides), "shared": shared, "imports": imports}
            try:
                self._servers[key] = self._base.server(role, spec)
            except ServerFailed as error:
                hidden = f", hiding {', '.join(hides)}" if hides else ""
                raise ServerFailed(f"{self.chapter.name}, on the side of the {role}{hidden}: {error}") from error
        return self._servers[key]

    def close(self) -> None:
        """End all processes that this grader started."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()
        if self._owns_base:
            self._base.close()

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()


def too_slow(seconds: float) -> str:
    """The words for an answer that ran out of its time."""
    return f"took longer than {seconds:g} s"


def reference(exercise: Exercise) -> str:
    """The answer that the source of the chapter gives."""
    return unmarked(exercise.answer.text)


def unsolved(exercise: Exercise) -> str:
    """The answer cell as it is released."""
    return stub(exercise)


def answer_names(exercise: Exercise) -> list[str]:
    """What an answer cell is to define: the names that its reference binds at the top."""
    names: list[str] = []
    for node in ast.parse(reference(exercise)).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.append(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
    return [name for name in dict.fromkeys(names) if not name.startswith("_")]


def imported_answers(exercise: Exercise) -> Iterator[tuple[str, str]]:
    """Answers that take the library's own: (module, text of an answer cell)."""
    for module in exercise.hides:
        lines = ["import importlib", f"_found = importlib.import_module({module!r})"]
        lines += [f"{name} = getattr(_found, {name!r}, {name})" for name in answer_names(exercise)]
        yield module, unsolved(exercise) + "\n\n" + "\n".join(lines) + "\n"


def imported(chapter: Chapter, tests: bool) -> list[str]:
    """The modules that the references of a chapter import, and its tests, too."""
    texts = [e.answer.text for e in chapter.exercises.values() if not e.is_essay]
    texts += [e.check.text for e in chapter.exercises.values() if e.check and tests]
    names: set[str] = set()
    for node in (node for text in texts for node in ast.walk(ast.parse(text))):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                names |= {module, *(f"{module}.{alias.name}" for alias in aliases)}  # some of them are no modules
    return sorted(names)


def setup_cells(chapter: Chapter, size: str, seed: int) -> list[tuple[str, str]]:
    """The cells that answers and tests both stand on: (where, text)."""
    cells: list[tuple[str, str]] = []
    for cell in chapter.cells:
        if cell.kind == "parameters":
            cells.append((f"the parameters cell (line {cell.line})", f"{cell.text}\nsize, seed = {size!r}, {seed}"))
        elif cell.kind == "setup":
            cells.append((f"the setup cell at line {cell.line}", cell.text))
    return cells


def _connected(stack: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
    one, other = socket.socketpair()
    return stack.enter_context(one), stack.enter_context(other)


def outcome_of(sock: socket.socket, seconds: float) -> dict[str, Any]:
    """The last line that came; without `ended`, but with `why`, if time was up (slow) or the process died first."""
    deadline, data, found = time.monotonic() + seconds, bytearray(), dict[str, Any]()
    while "ended" not in found:
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            piece = sock.recv(1 << 16)
        except TimeoutError:
            return found | {"why": "slow"}
        except ConnectionError:
            piece = b""
        if not piece or len(data) > 1 << 20:
            return found | {"why": "died"}
        data += piece
        *lines, rest = bytes(data).split(b"\n")
        data = bytearray(rest)
        for line in lines:
            found |= json.loads(line)
    return found


if __name__ == "__main__":
    from course_lib.exercises.graders_report import main

    raise SystemExit(main())
