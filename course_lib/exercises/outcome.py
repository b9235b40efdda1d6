"""What can one look at an answer find?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["passed", "failed", "error", "unwritten", "no answer", "no setup", "slow", "essay", "unknown"]


@dataclass(frozen=True)
class Outcome:
    """What one call of check() found."""

    kind: Kind
    exercise: str
    title: str = ""
    points: int = 0
    said: str = ""  # what is wrong, in words
    advice: str = ""  # what to look at next
    test: str = ""  # the statement of the tests that did not hold
    code: tuple[tuple[int, str, bool], ...] = ()  # lines of the answer: number in its cell, text, is it the one?
    where: str = ""  # whose lines these are
    held: int = 0  # asserts that came before and held
    asserts: int = 0
    borrowed: tuple[str, ...] = ()  # modules with the answer in them that this answer stands on
    seconds: float = 0.0  # the tests' own time

    @property
    def passed(self) -> bool:
        """Do the visible tests hold, by the learner's own work?"""
        return self.kind == "passed" and not self.borrowed
