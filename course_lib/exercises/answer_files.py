"""Which answers are known to be right, and which to be wrong?

They lie in `tests/graders/NN_topic/` as `EXERCISE__right_NAME.py` and `EXERCISE__wrong_NAME.py`: the text of an answer
cell. A wrong one begins with the words that its failure must contain; what follows ` -- ` is for readers:

    # must fail: the last batch is lost -- the loop ends one too early
    # hidden only

`# hidden only` claims that the visible tests pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from course_lib.exercises.source import ChapterError

_FILE = re.compile(r"(?P<exercise>.+?)__(?P<kind>right|wrong)_(?P<name>\w+)")
_MUST_FAIL = re.compile(r"^# must fail:(?P<words>.*)$")


@dataclass(frozen=True)
class Answer:
    """One known answer."""

    exercise: str
    name: str
    right: bool
    text: str
    words: str = ""  # that must occur in the message of its failure
    hidden_only: bool = False

    def found_in(self, message: str) -> bool:
        """Whether the failure is the one that was foretold, whatever the case and the spacing."""
        return _plain(self.words) in _plain(message)


def known_answers(folder: Path) -> list[Answer]:
    """The answers of a chapter's folder, by file name. Raises ChapterError for a file that keeps no rule."""
    return [read_answer(path.name, path.read_text("utf-8")) for path in sorted(folder.glob("*__*.py"))]


def read_answer(file: str, text: str) -> Answer:
    """The answer in a file of that name.

    >>> read_answer("psi__wrong_swapped.py", "# must fail: 0.3 was expected -- swapped\\npass").words
    '0.3 was expected'
    """
    found = _FILE.fullmatch(file.removesuffix(".py"))
    if found is None:
        raise ChapterError(f"{file}: a file of answers is named EXERCISE__right_NAME.py or EXERCISE__wrong_NAME.py")
    lines = text.splitlines()
    right = found["kind"] == "right"
    said = _MUST_FAIL.match(lines[0]) if lines else None
    words = said["words"].partition(" -- ")[0].strip() if said else ""
    if not right and not words:
        raise ChapterError(f"{file}: its first line says `# must fail: <words of the message>`")
    return Answer(
        exercise=found["exercise"],
        name=found["name"],
        right=right,
        text=text,
        words=words,
        hidden_only=not right and any(line.strip() == "# hidden only" for line in lines),
    )


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
