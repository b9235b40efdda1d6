"""What time is it, when nobody waits?

A clock that moves when it is told to, for exercises that take a clock or a sleep as an argument.
"""

from __future__ import annotations


class VirtualClock:
    """Seconds since `start`, moved by `advance` and `sleep` alone.

    >>> with VirtualClock(start=10.0) as clock:
    ...     clock.sleep(2.5)
    ...     clock.now(), clock.slept()
    (12.5, [2.5])
    """

    def __init__(self, start: float = 0.0):
        self._now, self._slept = float(start), list[float]()

    def now(self) -> float:
        """Seconds."""
        return self._now

    def advance(self, seconds: float) -> float:
        """Let time pass; the new time. Raises ValueError for a negative span."""
        if not seconds >= 0:
            raise ValueError(f"time does not go back: {seconds} s")
        self._now += seconds
        return self._now

    def sleep(self, seconds: float) -> None:
        """What an answer does that waits: time passes at once, and is written down."""
        self.advance(seconds)
        self._slept.append(float(seconds))

    def slept(self) -> list[float]:
        """Every sleep so far, in seconds."""
        return list(self._slept)

    def __enter__(self) -> VirtualClock:
        return self

    def __exit__(self, *what: object) -> None:
        return None
