"""Messages are cut out of a stream; a stream of something else is refused before it is believed."""

import contextlib
import socket
import struct
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.exercises.protocol.frames import Broken, Closed, Frames, TimeUp
from course_lib.exercises.protocol.values import Undecodable


def received(data: bytes, seconds: float = 5.0):
    """What a reader makes of bytes after which the stream ends."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        return Frames(ours, time.monotonic() + seconds).receive()


def sent(message, blobs=()) -> bytes:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Frames(ours).send(message, blobs)
        ours.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: theirs.recv(1 << 16), b""))


@given(st.lists(st.binary(max_size=100), max_size=4))
def test_a_message_arrives_with_its_blobs(blobs):
    message, came = received(sent(["value", 1, []], blobs))

    assert message == ["value", 1, []] and [bytes(blob) for blob in came] == blobs


@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_no_message(data):
    with pytest.raises((Broken, Closed)):
        received(data)


@given(st.data())
def test_a_message_with_changed_bytes_is_a_message_or_is_refused(data):
    whole = bytearray(sent(["value", ["list", ["ints", 0]], []], [b"12345678"]))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Broken, Closed):
        received(bytes(whole))


@pytest.mark.parametrize(
    "head",
    [(b"CRSE", 1 << 31, 0), (b"CRSE", 0, 1 << 62), (b"CRSE", 1 << 24, 1 << 28), (b"HTTP", 2, 0), (b"CRSE", 2, 0)],
)
def test_a_promise_takes_no_memory(head):
    tracemalloc.start()
    try:
        with pytest.raises((Broken, Closed)):
            received(struct.pack(">4sIQ", *head) + b"{}")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


def test_a_silent_end_is_left_at_the_deadline():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(TimeUp):
        Frames(ours, time.monotonic() + 0.05).receive()


def test_an_end_that_never_reads_is_left_at_the_deadline():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(TimeUp):
        Frames(ours, time.monotonic() + 0.2).send(["value"], [bytes(10_000_000)])


def test_a_message_that_would_be_refused_is_not_sent():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(Undecodable, match="too large"):
        Frames(ours).send(["value"], [bytes(300_000_000)])


@pytest.mark.parametrize(("length", "size"), [(1 << 31, 0), (2, 1 << 40)])
def test_a_message_too_long_is_refused_before_it_is_read(length: int, size: int):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack(">4sIQ", b"CRSE", length, size))
        with pytest.raises(Broken, match="MB came; at most"):
            Frames(ours, time.monotonic() + 5).receive()
