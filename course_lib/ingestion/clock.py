"""What time is it in a rehearsal?

A virtual clock stands still until someone sleeps on it. A server that limits its rate and a client that waits can share
one, so a lesson about waiting for an hour takes a millisecond and comes out the same on every machine.
"""

from __future__ import annotations

import threading


class VirtualClock:
    """Seconds since the rehearsal began; safe to share between threads.

    >>> clock = VirtualClock()
    >>> clock.sleep(90)
    >>> clock.now()
    90.0
    """

    def __init__(self, at: float = 0.0):
        self._at, self._lock = float(at), threading.Lock()

    def now(self) -> float:
        """The present time, in seconds."""
        return self._at

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass at once. Raises ValueError for a negative number: no clock runs backwards."""
        if not seconds >= 0:
            raise ValueError(f"a sleep of {seconds} s: no clock runs backwards")
        with self._lock:
            self._at += seconds
