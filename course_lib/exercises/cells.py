"""What are the cells of a chapter's source?

Percent format: a line `# %%` starts a cell, and options follow on it (source.py lists them). Every mistake is a
ChapterError that begins with file and line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from course_lib.errors import BadArgument

Kind = Literal["prose", "code", "parameters", "setup", "answer", "check", "essay"]

_START = re.compile(r"^# %%(?:\s+(?P<markdown>\[markdown\]))?(?P<options>.*)$")
_OPTION = re.compile(r"""\s+(\w+)=(?:"([^"]*)"|(\d+))(?=\s|$)""")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")  # of an exercise: also the id of its cell, and a part of file names
BEGIN, END = "### BEGIN {}", "### END {}"
SOLUTION, HIDDEN, SCHEME = "SOLUTION", "HIDDEN TESTS", "MARK SCHEME"
_OPTIONS = {"tags", "answer", "check", "points", "alt"}
ALLOWED: dict[str, tuple[str, ...]] = {  # the markers that may stand in each kind of cell
    "answer": (SOLUTION,), "check": (HIDDEN,), "essay": (SOLUTION, SCHEME),
}  # fmt: skip


class ChapterError(BadArgument):
    """The source of a chapter breaks its own rules: `where` is file and line, `why` what is wrong."""

    def __init__(self, where: str, why: str = ""):
        self.where, self.why = where, why
        super().__init__(f"{where}: {why}" if why else where)


@dataclass(frozen=True)
class Cell:
    """One cell of a chapter."""

    kind: Kind
    text: str  # without the marker line; prose without its leading "# "
    line: int  # of the marker, from 1
    name: str = ""  # of the exercise, for answer, check and essay
    points: int = 0
    alt: str = ""  # what the picture shows that the cell draws

    @property
    def is_prose(self) -> bool:
        return self.kind in ("prose", "essay")


def read_cells(file: str, source: str) -> Iterator[Cell]:
    """The cells of the `source` text of `file`, in their order. Raises ChapterError."""
    lines = source.replace("\r\n", "\n").split("\n")
    starts = [number for number, line in enumerate(lines) if re.match(r"# ?%%", line)]
    for number, line in enumerate(lines[: starts[0] if starts else len(lines)], 1):
        if line.strip() and not line.startswith("#"):
            raise ChapterError(f"{file}:{number}", "stands before the first cell; begin it with a line '# %%'")
    for first, after in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield _cell(file, lines[first], lines[first + 1 : after], first + 1)


def _cell(file: str, marker: str, lines: list[str], line: int) -> Cell:
    where = f"{file}:{line}"
    options, prose = _options(where, marker)
    kind, name = _kind(where, options, prose)
    if prose:
        lines = [_uncommented(f"{file}:{number}", text) for number, text in enumerate(lines, line + 1)]
    blank = next((number for number, text in enumerate(lines) if text.strip()), 0)
    text = "\n".join(lines).strip("\n")
    _regions(file, line + 1 + blank, text, kind)
    if not prose:
        try:
            ast.parse(text)
        except SyntaxError as error:
            raise ChapterError(f"{file}:{line + blank + (error.lineno or 1)}", f"is no Python: {error.msg}") from None
    return Cell(kind, text, line, name, int(options.get("points", 0)), alt=options.get("alt", ""))


def _options(where: str, marker: str) -> tuple[dict[str, str], bool]:
    """The options of a marker line, and whether it starts prose."""
    found = _START.match(marker)
    if found is None:
        raise ChapterError(where, f"{marker!r} starts no cell; write '# %%' with one space")
    pairs = _OPTION.findall(found["options"])
    options = {key: text or number for key, text, number in pairs}
    left = _OPTION.sub("", found["options"]).strip()
    if left:
        raise ChapterError(where, f'{left!r} is not an option of a cell; write key="value" or key=number')
    if unknown := options.keys() - _OPTIONS:
        raise ChapterError(
            where, f"{min(unknown)!r} is not an option of a cell; there are {', '.join(sorted(_OPTIONS))}"
        )
    if len(options) < len(pairs):
        raise ChapterError(where, "an option stands twice")
    if not all(options.values()):
        raise ChapterError(where, f"option {next(key for key in options if not options[key])!r} is empty")
    return options, found["markdown"] is not None


def _kind(where: str, options: dict[str, str], prose: bool) -> tuple[Kind, str]:
    """What a cell with these options is, and the name of its exercise."""
    if len(roles := options.keys() & {"tags", "answer", "check"}) > 1:
        raise ChapterError(where, f"a cell is one of {', '.join(sorted(roles))}, not all of them")
    kind: Kind = "prose" if prose else "code"
    name = options.get("answer") or options.get("check") or ""
    if name and not _NAME.fullmatch(name):
        raise ChapterError(where, f"{name!r} names no exercise; use small letters, digits, - and _")
    if name.startswith("test-"):
        raise ChapterError(where, f"{name!r}: the cells of tests are called test-..., so no exercise is")
    if "answer" in options:
        kind = "essay" if prose else "answer"
    elif "check" in options:
        kind = "check"
    elif "tags" in options:
        match options["tags"]:
            case "parameters":
                kind = "parameters"
            case "setup":
                kind = "setup"
            case tags:
                raise ChapterError(where, f"{tags!r} is not a tag of a cell; there are parameters and setup")
    if prose and kind not in ("prose", "essay"):
        raise ChapterError(where, f"prose cannot be {kind}; leave out [markdown]")
    graded = kind in ("check", "essay")
    if ("points" in options) != graded or (graded and not options["points"].isdecimal()):
        raise ChapterError(where, f"points={options.get('points', '')}: a check and an answer in prose have them as "
                                  "a whole number, no other cell has any")  # fmt: skip
    if graded and int(options["points"]) < 1:
        raise ChapterError(where, "points are 1 or more")
    if "alt" in options and kind != "code":
        raise ChapterError(where, f"alt tells of a picture; a cell of {kind} shows none")
    return kind, name


def _uncommented(where: str, text: str) -> str:
    if text.strip() and not text.startswith("#"):
        raise ChapterError(where, "prose stands in comments: begin the line with '# '")
    return text[2:] if text.startswith("# ") else text.removeprefix("#")


def _regions(file: str, first: int, text: str, kind: Kind) -> None:
    """Raises where markers are not what they should be: nbgrader and this file must read them alike."""
    inside = ""
    seen: set[str] = set()
    for number, line in enumerate(text.split("\n"), first):
        found = re.search(rf"(BEGIN|END) ({SOLUTION}|{HIDDEN}|{SCHEME})", line)
        if not found:
            continue
        where, side, part = f"{file}:{number}", found[1], found[2]
        if line.strip() != f"### {side} {part}":
            raise ChapterError(where, f"a marker is a line '### {side} {part}' and nothing else")
        if part not in ALLOWED.get(kind, ()):
            raise ChapterError(where, f"### {side} {part} has no place in a cell of {kind}")
        if (side == "BEGIN") == bool(inside) or (side == "END" and inside != part):
            raise ChapterError(where, f"### {side} {part} " + (f"inside of {inside}" if inside else "ends nothing"))
        if side == "BEGIN" and part in seen:
            raise ChapterError(where, f"### {side} {part} stands twice in one cell")
        if kind == "answer" and not line.startswith(" "):
            raise ChapterError(where, "a solution stands inside a function or class: its stub would stop the notebook")
        inside = part if side == "BEGIN" else ""
        seen.add(part)
    if inside:
        raise ChapterError(f"{file}:{first}", f"### BEGIN {inside} has no end")
