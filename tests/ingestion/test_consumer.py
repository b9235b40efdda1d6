"""Is each message counted once, wherever the consumer dies?"""

from collections.abc import Callable
from typing import Any

import pytest

from course_lib.ingestion.changes import Message
from course_lib.ingestion.consumer import consume

# Trips 1 and 2 were sent twice, offset 4 was removed by the broker, two messages cannot be read.
LOG = [
    Message(0, 1, "a"),
    Message(1, 2, "b"),
    Message(2, 2, "b"),
    Message(3, 9, None),
    Message(5, 4, "d"),
    Message(6, 1, "a"),
    Message(7, 9, None),
    Message(8, 5, "e"),
]


class Killed(BaseException):
    """Not an Exception: a kill is not caught."""


class World:
    """A log, a sink and a checkpoint that outlive the consumer, which is killed before or after step `die_at`."""

    def __init__(self, die_at: int, after: bool):
        self.steps, self.die_at, self.after = 0, die_at, after
        self.stored: list[Message] = []
        self.dead: list[Message] = []
        self.checkpoint = 0

    def step(self, effect: Callable[[], Any]) -> Any:
        self.steps += 1
        if self.steps == self.die_at and not self.after:
            raise Killed
        found = effect()
        if self.steps == self.die_at:
            raise Killed
        return found

    def poll(self, offset: int) -> list[Message]:
        return self.step(lambda: [message for message in LOG if message.offset >= offset][:3])

    def committed(self) -> int:
        return self.step(lambda: self.checkpoint)

    def commit(self, offset: int) -> None:
        done = {message.key for message in self.stored}
        assert all(m.key in done or m in self.dead for m in LOG if m.offset < offset), "committed before it was done"
        self.step(lambda: setattr(self, "checkpoint", offset))

    def keys(self) -> set[int]:
        return self.step(lambda: {message.key for message in self.stored})

    def store(self, message: Message) -> None:
        self.step(lambda: self.stored.append(message))

    def buried(self) -> set[int]:
        return self.step(lambda: {message.offset for message in self.dead})

    def bury(self, message: Message) -> None:
        self.step(lambda: self.dead.append(message))


def test_a_run_without_a_kill_stores_each_key_once():
    world = World(die_at=0, after=False)

    assert consume(world, world) == 4
    assert [message.key for message in world.stored] == [1, 2, 4, 5]
    assert [message.offset for message in world.dead] == [3, 7]
    assert world.checkpoint == 9


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("die_at", range(1, 17))
def test_a_kill_at_any_step_loses_and_repeats_nothing(die_at: int, after: bool):
    world = World(die_at, after)
    with pytest.raises(Killed):
        consume(world, world)
    consume(world, world)

    assert [message.key for message in world.stored] == [1, 2, 4, 5]
    assert [message.offset for message in world.dead] == [3, 7]
