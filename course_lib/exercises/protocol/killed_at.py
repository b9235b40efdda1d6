"""Does an answer survive being killed at any moment?

`run` calls a function in a child process and kills the child, as `kill -9` would, at a step that the test chooses: no
`finally`, no `except`, no buffered write survives. What is in memory is lost, what is on disk stays. Steps are the
calls of the functions that the test passed in (`at="calls"`), or the lines that the answer's own code runs
(`at="lines"`). Functions that were passed in run in the test's process, so what they note down is kept:

    killed = fixture("killed_at")
    for step in range(1, 100):
        if killed.run(consume, poll, write, commit, step=step) != "killed":
            break
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from functools import partial
from types import BuiltinFunctionType, FrameType, FunctionType, MethodType
from typing import Any, NoReturn

from course_lib.exercises.protocol.frames import Frames
from course_lib.exercises.protocol.handles import Handle
from course_lib.exercises.protocol.names import Names
from course_lib.exercises.protocol.peer import Peer, Stopped

KILLED, DONE, RAISED = "killed", "done", "raised"


class KilledAt:
    """Runs functions in children that do not live long.

    value  of the last run that was done, if it is a plain value
    error  of the last run that raised: type and message
    """

    def __init__(self) -> None:
        self.value: Any = None
        self.error = ""

    def run(
        self,
        function: Callable[..., Any],
        *args: Any,
        step: int,
        at: str = "calls",
        when: str = "before",
        **kwargs: Any,
    ) -> str:
        """`killed`; `done` if the function returned before that step came (see `value`); `raised` (see `error`).

        step  from 1; of `at`: "calls" of functions among the arguments, "lines" of the file of `function`
        when  kill "before" the call is made, or "after" it was made and before its result is known
        """
        if at not in ("calls", "lines") or when not in ("before", "after") or step < 1:
            raise ValueError(
                f"step {step} of {at!r}, {when!r}: a step from 1, of 'calls' or 'lines', 'before' or 'after'"
            )
        self.value, self.error = None, ""
        ours, theirs = socket.socketpair()
        with ours:
            watch = _Watch(Peer(Frames(ours), _names(), "answers", leaves=False), step if at == "calls" else 0, when)
            given = [watch.passed(value) for value in args]
            named = {key: watch.passed(value) for key, value in kwargs.items()}
            watch.pid = _forked()
            if watch.pid == 0:
                _child(theirs, function, given, named, step if at == "lines" else 0)
            theirs.close()
            try:
                self.value = watch.peer.answered()
                return DONE
            except Stopped as stop:
                if stop.ended == "died":  # nobody else kills it
                    return KILLED
                raise
            except Exception as error:
                self.error = f"{type(error).__name__}: {error}"
                return RAISED
            finally:
                watch.kill()
                os.waitpid(watch.pid, 0)

    def __enter__(self) -> KilledAt:
        return self

    def __exit__(self, *what: object) -> None:
        return None


class _Passed:
    """The number of a function that stays with the one who watches."""

    def __init__(self, number: int):
        self.number = number


class _Watch:
    """Counts the calls that the child asks for, and kills it at one of them."""

    def __init__(self, peer: Peer, step: int, when: str):
        self.peer, self.pid = peer, 0
        self._step, self._when, self._calls = step, when, 0

    def passed(self, value: Any) -> Any:
        """What the child is given in place of an argument."""
        function: Any = value
        if isinstance(value, Handle) and not callable(value):
            raise TypeError(
                "a child that is killed can be passed functions: pass the methods of an object, not the object"
            )
        if isinstance(value, FunctionType | MethodType | BuiltinFunctionType | partial | Handle):
            return _Passed(self.peer.give(partial(self._called, function)))
        return value

    def _called(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._calls += 1
        if self._calls == self._step and self._when == "before":
            return self.kill()
        result = function(*args, **kwargs)
        return self.kill() if self._calls == self._step else result

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def _child(
    sock: socket.socket, function: Callable[..., Any], given: list[Any], named: dict[str, Any], line: int
) -> NoReturn:
    """Run the function, tell what it gave, and end."""
    try:
        peer = Peer(Frames(sock), _names(), "answers")
        args = [peer.reach(value.number) if isinstance(value, _Passed) else value for value in given]
        kwargs = {
            key: peer.reach(value.number) if isinstance(value, _Passed) else value for key, value in named.items()
        }
        if line:
            sys.settrace(_killer(_file(function), line))
        try:
            told, result = "value", function(*args, **kwargs)
        except Exception as error:
            told, result = "failure", error
        sys.settrace(None)
        peer.send_last(told, result)
    finally:
        os._exit(0)


def _forked() -> int:
    """`os.fork` without the warning that a notebook's kernel has threads: the child uses none of theirs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _names() -> Names:
    return Names(vars(sys.modules["__main__"]))  # of the cells, in a notebook and in an answers' process alike


def _file(function: Any) -> str:
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None:
        raise TypeError("lines can be counted in a function or a method of Python only")
    return str(code.co_filename)


def _killer(file: str, line: int) -> Callable[..., Any]:
    seen = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal seen
        if frame.f_code.co_filename != file:
            return None
        if event == "line":
            seen += 1
            if seen == line:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace
