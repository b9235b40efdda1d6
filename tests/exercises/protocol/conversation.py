"""Two sides of the border in one process: the answers' side serves in a thread."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from course_lib.exercises.protocol.frames import Frames
from course_lib.exercises.protocol.names import Names
from course_lib.exercises.protocol.peer import Peer, Stopped


@contextmanager
def talking(things: dict[str, Any], namespace: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """What the tests' side gets for `things` of the answers' side; under "" its end of the conversation."""
    ours, theirs = socket.socketpair()
    names = Names(namespace)
    tests, answers = (
        Peer(Frames(ours, time.monotonic() + 30), names, "tests"),
        Peer(Frames(theirs), names, "answers", leaves=False),
    )

    def serve() -> None:
        try:
            answers.send_value(things)
            answers.serve_for_ever()
        except Stopped:  # the other side closed
            pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield {**tests.answered(), "": tests}
    finally:
        ours.close()
        thread.join()
        theirs.close()
