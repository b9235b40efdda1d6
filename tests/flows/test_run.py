"""What starts in the background of a run ends with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from course_lib.flows.run import _Starting


class Life:
    """A context that notes what happens to it, and waits before it is entered."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.go = threading.Event()

    @contextmanager
    def __call__(self) -> Iterator[str]:
        self.go.wait(60)
        self.happened.append("entered")
        yield "value"
        self.happened.append("left")


def test_what_is_started_is_there_when_asked_for_and_left_at_the_end():
    life = Life()
    with _Starting(life) as starting:
        life.go.set()

        assert starting.result() == "value"
        assert life.happened == ["entered"]
    assert life.happened == ["entered", "left"]


def test_what_is_still_starting_when_a_run_fails_is_waited_for_and_left():
    life = Life()
    with pytest.raises(ZeroDivisionError), _Starting(life):
        threading.Timer(0.1, life.go.set).start()
        raise ZeroDivisionError

    assert life.happened in (["entered", "left"], [])


def test_what_has_not_begun_when_a_run_fails_does_not_begin():
    life, made = Life(), threading.Event()
    life.go.set()

    def make() -> Any:
        made.wait(60)
        return life()

    with pytest.raises(ZeroDivisionError), _Starting(make) as starting:
        starting._over.set()  # as leaving does before it waits
        made.set()
        raise ZeroDivisionError

    assert life.happened == []


def test_an_error_while_starting_is_raised_where_the_result_is_asked_for():
    def make() -> Any:
        raise ZeroDivisionError

    with _Starting(make) as starting, pytest.raises(ZeroDivisionError):
        starting.result()
