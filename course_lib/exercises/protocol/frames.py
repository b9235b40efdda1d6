"""How are messages cut out of a stream of bytes, when the other end may be hostile?

A frame is `CRSE`, the length of its header (4 bytes) and of its blobs together (8 bytes), big-endian; then the header,
a JSON array [[length of each blob], message], then the blobs. Lengths are checked before anything is read, and reading
ends at a deadline. What is no frame raises Broken.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence

from course_lib.exercises.protocol.values import Blob, Tree, Undecodable, from_json, to_json

_MAGIC = b"CRSE"
_HEAD = struct.Struct(">4sIQ")
MOST_HEADER = 16 << 20  # bytes; as JSON arrays at most some 400 MB in memory
MOST_BLOBS = 256 << 20  # bytes
MOST_TOTAL = 2 << 30  # bytes from the other end in one conversation
MOST_MESSAGES = 2_000_000


class Broken(Exception):
    """The other end broke the rules of the conversation."""


class Closed(Exception):
    """The other end is closed."""


class TimeUp(Exception):
    """The deadline has passed."""


class Frames:
    """Frames over a socket. `deadline` is on `time.monotonic`'s clock; None waits for ever."""

    def __init__(self, sock: socket.socket, deadline: float | None = None):
        self._sock, self.deadline = sock, deadline
        self._total = self._messages = 0
        self._came = bytearray()

    def send(self, message: Tree, blobs: Sequence[Blob] = ()) -> None:
        """Write one frame. Raises Closed, TimeUp; Undecodable for a frame that the other end would refuse."""
        header = to_json([[len(blob) for blob in blobs], message])
        size = sum(len(blob) for blob in blobs)
        if len(header) > MOST_HEADER or size > MOST_BLOBS:
            raise Undecodable(f"too large to cross: {(len(header) + size) >> 20} MB")
        try:
            self._wait()
            self._sock.sendall(_HEAD.pack(_MAGIC, len(header), size) + header)
            for blob in blobs:
                self._wait()
                self._sock.sendall(blob)
        except TimeoutError as error:
            raise TimeUp from error
        except OSError as error:
            raise Closed from error

    def receive(self) -> tuple[Tree, list[Blob]]:
        """The message of the next frame, and its blobs. Raises Broken, Closed, TimeUp."""
        magic, length, size = _HEAD.unpack(self._exactly(_HEAD.size))
        self._total += length + size
        self._messages += 1
        if magic != _MAGIC:
            raise Broken(f"something else than a message came: {bytes(magic)!r}")
        if length > MOST_HEADER or size > MOST_BLOBS:
            raise Broken(f"a message of {(length + size) >> 20} MB came; at most {MOST_BLOBS >> 20} MB may")
        if self._total > MOST_TOTAL or self._messages > MOST_MESSAGES:
            raise Broken(f"more than {MOST_MESSAGES:,} messages or {MOST_TOTAL >> 20} MB came in all")
        try:
            header = from_json(self._exactly(length))
        except Undecodable as error:
            raise Broken(str(error)) from error
        match header:
            case [list(lengths), message] if all(type(n) is int and n >= 0 for n in lengths) and sum(lengths) == size:
                return message, self._cut(lengths, self._exactly(size))
        raise Broken("a message has no header")

    @staticmethod
    def _cut(lengths: list[int], data: bytearray) -> list[Blob]:
        view, start, blobs = memoryview(data), 0, list[Blob]()
        for length in lengths:
            blobs.append(view[start : start + length])
            start += length
        return blobs

    def _exactly(self, length: int) -> bytearray:
        while len(self._came) < length:  # grows with what came, not with what was promised
            try:
                self._wait()
                piece = self._sock.recv(min(max(length - len(self._came), 1 << 16), 1 << 20))
            except TimeoutError as error:
                raise TimeUp from error
            except OSError as error:
                raise Closed from error
            if not piece:
                raise Closed
            self._came += piece
        data = self._came[:length]
        del self._came[:length]
        return data

    def _wait(self) -> None:
        if self.deadline is not None:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeUp
            self._sock.settimeout(left)
