"""How does an answer's process answer?

It stands on the setup cells (run without the modules that hold the answer), runs the learner's own cells, whose errors
are theirs, then the answer, and then does what the tests ask over one socket. Everything else it inherited is closed:
no hidden test, no secret, no way to a verdict. What it prints is kept, cut, and never mixes with the conversation.

`prepare` and `run` are the two ends of a fork (warm.py); a sandbox calls them the same way.
"""

from __future__ import annotations

import io
import os
import resource
import socket
import sys
import threading
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from course_lib.exercises.protocol.fixtures import Desk
from course_lib.exercises.protocol.frames import Frames
from course_lib.exercises.protocol.hiding import Blocker, Hidden, hide, without_imports_of
from course_lib.exercises.protocol.names import Names
from course_lib.exercises.protocol.peer import Peer
from course_lib.exercises.protocol.proxy import MOST_PRINTED, bound_memory
from course_lib.exercises.protocol.shell import Failed, new_shell, not_running, preload, run_cell, run_ours, told

MOST_WRITTEN = 1 << 30  # bytes of one file


class Printed(io.TextIOBase):
    """Keeps the first of what is printed, and counts the rest."""

    def __init__(self, most: int = MOST_PRINTED):
        self._most, self._kept, self._length = most, list[str](), 0

    def write(self, text: str) -> int:
        left = self._most - self._length
        if left > 0:
            self._kept.append(text[:left])
        self._length += len(text)
        return len(text)

    def writable(self) -> bool:
        return True

    def getvalue(self) -> str:
        """What was printed, and how much of it is missing."""
        cut = self._length - self._most
        return "".join(self._kept) + (f"\n… and {cut:,} characters more" if cut > 0 else "")


class State:
    """What a process of answers is forked with."""

    def __init__(self, shell: InteractiveShell, names: Names, blocker: Blocker):
        self.shell, self.names, self.blocker = shell, names, blocker


def prepare(spec: dict[str, Any]) -> State:
    """A shell in which the setup cells have run, without `spec["hides"]`.

    A process for several exercises hides what any of them hides, and its runs unhide what is not theirs:
    `spec["shared"]` asks that setup has not noticed.
    """
    blocker = hide(spec["hides"])
    shell = new_shell()
    cells = [(where, *without_imports_of(text, spec["hides"])) for where, text in spec["cells"]]
    if spec["shared"] and any(unbound for _, _, unbound in cells):
        raise Failed("a setup cell imports what an exercise hides")
    try:
        run_ours(shell, [(where, text) for where, text, _ in cells])
    except Failed as failed:
        if isinstance(failed.__cause__, Hidden):
            remedy = "setup cells do without what an exercise hides, and so does all that they import"
            raise Failed(f"{failed} ({remedy})") from failed
        raise
    preload(spec["imports"])
    return State(shell, Names(shell.user_ns), blocker)


def run(state: State, job: dict[str, Any], sockets: list[socket.socket]) -> None:
    """Run the answer, and answer the tests at the other end of the first socket until it closes."""
    printed = Printed()
    _alone(printed)
    state.blocker.names = tuple(job["hides"])
    os.chdir(job["folder"])
    peer = Peer(Frames(sockets[0]), state.names, "answers")
    remarks = [told(error) for text in job["extra"] if (error := run_cell(state.shell, text)) is not None]
    error = run_cell(state.shell, job["answer"])
    later = [run_cell(state.shell, text) for text in job.get("after", ())]  # cells between the answer and its tests
    remarks += [told(raised) for raised in later if raised is not None]
    desk = Desk(printed.getvalue, remarks)
    if error is not None:
        peer.send_value((not_running(error), {}, desk))
    else:
        found = {name: state.shell.user_ns[name] for name in job["names"] if name in state.shell.user_ns}
        peer.send_value((None, found, desk))
    peer.serve_for_ever()


def _alone(printed: Printed) -> None:
    """Cut what the process could still reach: terminal, input, unbounded memory and files."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    os.close(nowhere)
    sys.stdout = sys.stderr = printed
    threading.excepthook = lambda args: None
    bound_memory()
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
