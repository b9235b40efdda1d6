"""How is a hostile file read without the grader paying for it?

In a fork of a warm process inside the sandbox of the tests, with bounds on memory and time: a notebook of 32 MB that
breaks the parser costs that fork its life, and the learner a sentence. `prepare` and `run` are a role of
exercises/protocol/warm.py; `read_over` is the asking side.
"""

from __future__ import annotations

import gc
import json
import resource
import socket
import time
from dataclasses import asdict
from typing import Any

from course_lib.exercises.protocol.warm import Server
from course_lib.exercises.source import Cell, Chapter, Exercise
from course_lib.grading.repair import Submission, Work, submission

ROLE = "course_lib.grading.reader"
SECONDS = 30
MOST_MEMORY = 2 << 30  # bytes
MOST_REPLY = 128 << 20  # bytes


def prepare(spec: dict[str, Any]) -> Chapter:
    """The chapter that files are submissions of."""
    return unpacked(spec["chapter"])


def packed(chapter: Chapter) -> dict[str, Any]:
    """A chapter as values for JSON."""
    return asdict(chapter)


def unpacked(told: dict[str, Any]) -> Chapter:
    """The chapter of such values."""
    exercises = {
        name: Exercise(
            **{
                **found,
                "hides": tuple(found["hides"]),
                "hints": tuple(found["hints"]),
                "answer": Cell(**found["answer"]),
                "check": Cell(**found["check"]) if found["check"] else None,
            }
        )
        for name, found in told["exercises"].items()
    }
    return Chapter(told["name"], tuple(Cell(**cell) for cell in told["cells"]), exercises)


def run(state: Chapter, job: dict[str, Any], sockets: list[socket.socket]) -> None:
    """Read bytes from the socket to their end, and write back what was found in them."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    gc.disable()  # millions of small values are looked through again and again otherwise
    pieces = []
    while piece := sockets[0].recv(1 << 20):
        pieces.append(piece)
    found = submission(state, None if job["why"] else b"".join(pieces), job["why"])
    sockets[0].sendall(json.dumps(asdict(found)).encode())


def read_over(server: Server, chapter: Chapter, data: bytes | None, why: str) -> Submission:
    """The submission in `data` (None where there is no notebook, and `why`), whatever reading it does to the reader."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            pid = server.run({"why": why}, [theirs])
        try:
            reply = _exchange(ours, data or b"")
            told = json.loads(reply)
        except (OSError, ValueError):
            return submission(chapter, None, "the file cannot be read: reading it takes too long, or too much memory")
        finally:
            server.end(pid)
    work = {
        name: Work(found["answer"], tuple(found["before"]), tuple(found["after"]))
        for name, found in told["work"].items()
    }
    return Submission(work, told["essays"], tuple(told["repairs"]), told["notebook"], told["broken"])


def _exchange(sock: socket.socket, data: bytes) -> bytes:
    until = time.monotonic() + SECONDS + 5
    sock.settimeout(SECONDS)
    sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)
    pieces, size = list[bytes](), 0
    while True:
        sock.settimeout(max(until - time.monotonic(), 0.01))
        piece = sock.recv(1 << 20)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        size += len(piece)
        if size > MOST_REPLY:
            raise OSError("too large")
