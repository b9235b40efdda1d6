"""How do tests call an answer that lives in another process?

`judged_over` listens until the answers' side says that its cells ran, binds the answer's names to what asks that side,
and lets the tests run on them. Whoever wants points must return right values: nothing that comes is trusted with more
than being a value, and time, size and number of what comes are bounded.
"""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Callable
from typing import Any

from course_lib.exercises.protocol import fixtures
from course_lib.exercises.protocol.frames import Frames
from course_lib.exercises.protocol.names import Names
from course_lib.exercises.protocol.peer import Peer, Stopped

MOST_PRINTED = 20_000  # characters
MOST_MEMORY = 4 << 30  # bytes of the process that holds the tests, and of the one that holds the answer


def judged_over(
    sock: socket.socket, job: dict[str, Any], names: Names, tests: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """The outcome of `tests(names of the answer)` on an answer at the other end of a socket.

    A broken border overrules whatever the tests thought of it: an answer cannot pass after it.
    """
    bound_memory()
    frames = Frames(sock, time.monotonic() + job["seconds"])
    peer = Peer(frames, names, "tests", slow=f"took longer than {job['seconds']:g} s")
    try:
        found = peer.answered()
        match found:
            case (None, dict(bound), desk):
                fixtures.live_over_there(desk)
                outcome = tests({name: bound[name] for name in job["names"] if name in bound})
                if peer.stopped is None:  # all that was asked was answered: what comes now decides nothing
                    with contextlib.suppress(Stopped):
                        outcome |= _aside(desk)
                    return outcome
            case (str(words), *_):
                outcome = {"ended": "failed", "part": "answer", "message": words[:4_000]}
            case _:
                outcome = {"ended": "refused", "part": "answer", "message": "the answer's process did not begin"}
    except Stopped as stop:
        outcome = {"ended": stop.ended, "part": "answer", "message": stop.message}
    if peer.stopped is not None:
        outcome |= {"ended": peer.stopped.ended, "message": peer.stopped.message, "readable": True}
        outcome["part"] = outcome.get("part") or "hidden"
    return outcome


def _aside(desk: Any) -> dict[str, Any]:
    """What the answer printed, and the errors of the learner's own cells."""
    match desk.printed():
        case (str(text), list(remarks)) if all(type(remark) is str for remark in remarks):
            return {"printed": text[:MOST_PRINTED], "remarks": [remark[:1_000] for remark in remarks[:50]]}
    return {}


def bound_memory() -> None:
    """Let this process fail with MemoryError rather than take the machine's memory."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = MOST_MEMORY if hard == resource.RLIM_INFINITY else min(MOST_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
