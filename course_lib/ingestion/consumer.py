"""How is each message counted once by a consumer that may die at any moment?

A log is delivered at least once: a consumer that dies between its work and its checkpoint sees messages again. One that
checkpoints before its work loses messages instead. So: work, then checkpoint, and a sink that passes over what it has.

    exactly once  =  at least once (checkpoint after the work)  +  an idempotent sink

The sink tells messages apart by the key of what they are about, not by their place: a producer that repeats a message
after a lost acknowledgement puts it at two places. What cannot be read has no key that could be trusted, so dead
letters are told apart by their place.

Pure: log and sink are objects that the caller brings. topics.py is the same for Kafka.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from course_lib.ingestion.changes import Message


class Log(Protocol):
    """A log and the checkpoint of one consumer."""

    def poll(self, offset: int) -> Sequence[Message]:
        """The next few messages from `offset` on, in order; none at the end."""

    def committed(self) -> int:
        """The checkpoint: everything before this offset is done."""

    def commit(self, offset: int) -> None:
        """Make `offset` the checkpoint."""


class Store(Protocol):
    """Where messages go; what was stored is safe when the call returns."""

    def keys(self) -> Collection[int]:
        """The keys that are stored."""

    def store(self, message: Message) -> None:
        """Add one."""

    def buried(self) -> Collection[int]:
        """The offsets of the dead letters."""

    def bury(self, message: Message) -> None:
        """Add a dead letter."""


def consume(log: Log, sink: Store) -> int:
    """Store every message after the checkpoint, each key once, and bury what cannot be read; how many were stored."""
    known, dead, offset, added = set(sink.keys()), set(sink.buried()), log.committed(), 0
    while messages := log.poll(offset):
        for message in messages:
            if message.value is None:
                if message.offset not in dead:
                    sink.bury(message)
                    dead.add(message.offset)
            elif message.key not in known:
                sink.store(message)
                known.add(message.key)
                added += 1
        offset = messages[-1].offset + 1
        log.commit(offset)
    return added
