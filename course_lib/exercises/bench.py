"""What happens on the side of the tests, once per answer?

A fork of a process that ran the chapter's setup cells runs the visible tests, then the hidden ones, in one namespace:
beside the answer (`notebook`), or with the answer's names bound to proxies of another process (`wire`). It says in a
line of JSON which part failed and with which words.
"""

from __future__ import annotations

import ast
import json
import linecache
import os
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from types import CodeType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from course_lib.exercises import seeds
from course_lib.exercises.protocol.names import Names
from course_lib.exercises.protocol.peer import Stopped
from course_lib.exercises.protocol.proxy import judged_over
from course_lib.exercises.protocol.shell import new_shell, not_running, preload, run_cell, run_ours, told
from course_lib.exercises.seeds import WHERE

Outcome = dict[str, Any]  # ended, part, message, readable, seconds, printed, silent: see graders.Verdict


class State:
    """What a process of tests is forked with."""

    def __init__(self, shell: InteractiveShell, names: Names):
        self.shell, self.names = shell, names


def prepare(spec: dict[str, Any]) -> State:
    """A shell in which the setup cells have run."""
    shell = new_shell()
    run_ours(shell, [(where, text) for where, text in spec["cells"]])
    preload(spec["imports"])
    return State(shell, Names(shell.user_ns))


def run(state: State, job: dict[str, Any], sockets: list[socket.socket]) -> None:
    """Judge one answer, and write the outcome to the first socket. The second, if any, leads to the answers."""
    silence()
    os.chdir(job["folder"])
    if job.get("secret"):
        os.environ[WHERE] = job["secret"]
    if job.get("secret_hex"):
        seeds.given = bytes.fromhex(job["secret_hex"])
    if job.get("tmp"):  # a folder of temporary files that the answer's process sees too
        tempfile.tempdir = job["tmp"]
    started, names = time.monotonic(), state.shell.user_ns
    if job["mode"] == "wire":

        def tests(bound: dict[str, Any]) -> Outcome:
            names.update(bound)
            return _tests(job, names, sockets[0])

        outcome = judged_over(sockets[1], job, state.names, tests)
    else:
        outcome = _beside(state.shell, job, sockets[0])
    outcome["seconds"] = time.monotonic() - started
    _say(sockets[0], outcome)


def _beside(shell: InteractiveShell, job: dict[str, Any], reply: socket.socket) -> Outcome:
    for text in job["extra"]:
        run_cell(shell, text)
    error = run_cell(shell, job["answer"])
    if error is not None:
        return _failed("answer", not_running(error))
    return _tests(job, shell.user_ns, reply)


def _tests(job: dict[str, Any], names: dict[str, Any], reply: socket.socket) -> Outcome:
    if job.get("probe"):
        return _probed(job, names)
    for part, text in job["parts"]:
        _say(reply, {"part": part})
        code, file = compiled(text, f"<{part} tests of {job['exercise']}>")
        try:
            exec(code, names)  # noqa: S102  the text is the course's own
        except Exception as error:
            return _failed(part, *explained(error, file, text)) | {"line": _line(error, file)}
        except SystemExit as error:
            return _failed(part, f"the answer wants to end the process: {told(error)}")
        except Stopped as stop:
            return {"ended": stop.ended, "part": part, "message": stop.message}
        except BaseException as error:
            return _failed(part, *explained(error, file, text))
    return {"ended": "passed"}


def _say(reply: socket.socket, found: Outcome) -> None:
    """A line to whoever waits: where the tests are, and at last the outcome, which says how it ended."""
    reply.sendall(json.dumps(found).encode() + b"\n")


def _failed(part: str, message: str, readable: bool = True) -> Outcome:
    return {"ended": "failed", "part": part, "message": message, "readable": readable}


def _probed(job: dict[str, Any], names: dict[str, Any]) -> Outcome:
    """Every statement of the visible tests for itself: those that pass on an unsolved exercise check nothing."""
    part, text = job["parts"][0]
    silent, first = [], None
    for node in ast.parse(text).body:
        code, file = compiled(text, f"<{part} tests of {job['exercise']}>", node)
        try:
            exec(code, names)  # noqa: S102  as above
        except Exception as error:
            first = first or explained(error, file, text)
        else:
            if claims(node):
                silent.append(node.lineno)
    found = _failed(part, *first) if first else {"ended": "passed"}
    return found | {"silent": silent}


def compiled(text: str, file: str, only: ast.stmt | None = None) -> tuple[CodeType, str]:
    """Code of a test, whose tracebacks can show its lines, and the name of its file."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    tree = ast.parse(text) if only is None else ast.Module([only], [])
    return compile(tree, file, "exec"), file


def claims(node: ast.stmt) -> bool:
    """Whether a statement can fail as a test: it asserts, or it expects an error."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return False
    return any(isinstance(inner, ast.Assert | ast.Try | ast.Raise) for inner in ast.walk(node))


def explained(error: BaseException, file: str, text: str) -> tuple[str, bool]:
    """A failure in the words that a learner reads, and whether they are words."""
    if isinstance(error, AssertionError):
        if str(error).strip():
            return str(error), True
        line = _line(error, file)
        shown = text.split("\n")[line - 1].strip() if line else "?"
        return f"AssertionError at: {shown}", False
    if isinstance(error, NotImplementedError) and str(error):
        return str(error), True
    return f"{told(error)}{_during(error, file, text)}", True


def _during(error: BaseException, file: str, text: str) -> str:
    line = _line(error, file)
    if not line:
        return ""
    called = text.split("\n")[line - 1].strip()
    return f"  (the test was at: {called})" if called else ""


def _line(error: BaseException, file: str) -> int:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return (lines[0] or 0) if lines else 0


def parts_of(text: str, begin: str, end: str) -> Iterator[tuple[str, str]]:
    """The visible and the hidden part of a test cell, each with its lines where they stand in the cell."""
    lines, inside = text.split("\n"), False
    visible, hidden = [""] * len(lines), [""] * len(lines)
    for number, line in enumerate(lines):
        if line.strip() in (begin, end):
            inside = line.strip() == begin
        else:
            (hidden if inside else visible)[number] = line
    yield "visible", "\n".join(visible)
    yield "hidden", "\n".join(hidden)


def silence() -> None:
    """Nothing that is printed from here on goes anywhere, whoever prints it."""
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    os.close(nowhere)
