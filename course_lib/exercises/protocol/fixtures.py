"""Which parts of a test live beside the answer, and not beside the tests?

A server that an answer talks to, a clock it reads, a child process in which it is killed: `fixture(name, …)` makes one
where the answer lives, in both modes, and gives the test the thing itself or a handle of it:

    from course_lib.exercises.protocol.fixtures import fixture

    with fixture("virtual_clock", start=100.0) as clock:
        clock.advance(5)

A fixture is a context manager; leaving it, or the end of the process, ends what it started. FIXTURES names them all.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

# Name -> "module:factory"; the module is imported where the answer lives, when a test asks for it.
FIXTURES = {
    "virtual_clock": "course_lib.exercises.protocol.virtual_clock:VirtualClock",
    "killed_at": "course_lib.exercises.protocol.killed_at:KilledAt",
}

_desk: Any = None  # of the other process, when the answer lives there


def fixture(name: str, *args: Any, **kwargs: Any) -> Any:
    """The fixture of that name, made where the answer lives. Raises KeyError with the names there are."""
    if _desk is not None:
        return _desk.fixture(name, *args, **kwargs)
    return made(name, *args, **kwargs)


def made(name: str, *args: Any, **kwargs: Any) -> Any:
    """The fixture of that name, made in this process."""
    if name not in FIXTURES:
        raise KeyError(f"there is no fixture {name!r}; there are {', '.join(sorted(FIXTURES))}")
    module, _, factory = FIXTURES[name].partition(":")
    return getattr(import_module(module), factory)(*args, **kwargs)


def live_over_there(desk: Any) -> None:
    """From here on fixtures are made by the desk of the answers' process."""
    global _desk
    _desk = desk


class Desk:
    """What tests ask of an answer's process besides the answer."""

    def __init__(self, printed: Callable[[], str], remarks: list[str]):
        self._printed, self._remarks = printed, remarks

    def fixture(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """A fixture that lives here."""
        return made(name, *args, **kwargs)

    def printed(self) -> tuple[str, list[str]]:
        """What was printed here so far, and the errors of the learner's own cells."""
        return self._printed(), self._remarks
