"""Every error this course raises on purpose, in one tree.

    CourseError
    ├── BadArgument            the command was asked for something it cannot do   say what to type
    ├── InputError             an input cannot be read as trips                   mend, drop or skip the file
    │   ├── UnreadableFile         not the format it claims, cut short, garbage
    │   ├── SchemaDrift            a header nobody has registered
    │   └── NoTrips                a folder or file without a single trip
    ├── OutputError            the run folder cannot be used                      free it, or choose another
    │   ├── OutputUnwritable       no permission, no space, not a folder
    │   └── RunFolderBusy          another run is writing there now
    ├── StepFailed             a step died for a reason that is not its input     resume the run
    ├── CheckFailed            the audit refused what was built                   nothing was published
    ├── LateWrite              someone published before us                        re-read, then decide
    ├── FetchError             a published month could not be downloaded          retry, or choose another
    │   └── MonthNotPublished      the publisher has no such file
    ├── EngineUnavailable      this machine lacks a part                          skip, and say which
    ├── EngineFailed           an engine raised, died or took too long            read its log
    └── ContractBroken         an engine does not do what its kind must do        mend its adapter

A bad *row* is not an error: it is data with reasons, and it goes to quarantine.

Every class keeps its facts as attributes, so a test asks for the fact and not for the wording, and
`exit_code` is what the `course` command ends with: 1 for a check that failed, 2 for arguments or
input that cannot be used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_MOST = 6  # column names of each kind that a message lists; a wide table of another kind would fill the screen

# What a terminal obeys instead of showing it, what reorders the text around it, and what is no text at all.
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: object) -> str:
    r"""`text` as one line of valid Unicode, safe to show: names of files may hold any byte but two.

    >>> print(one_line("a\nb\x1b[31mred"), one_line(b"\xff".decode("utf-8", "surrogateescape")))
    a\nb\x1b[31mred \xff
    """

    def escaped(found: re.Match[str]) -> str:
        code = ord(found[0])
        return f"\\x{code - 0xDC00:x}" if 0xDC80 <= code <= 0xDCFF else found[0].encode("unicode_escape").decode()

    return _UNSHOWN.sub(escaped, str(text))


class CourseError(Exception):
    """What this course raises on purpose; `str(error)` is a sentence for the person at the terminal."""

    exit_code = 1

    def __reduce__(self) -> tuple:  # errors cross process borders (Dask workers), with their facts
        return _rebuild, (type(self), self.args, self.__dict__)


def _few(names: Sequence[str]) -> str:
    """The first few names, each cut at 60 characters, and how many more there are.

    >>> _few(["a", "b"]), _few(["a", "b", "c", "d", "e", "f", "g"])
    ("['a', 'b']", "['a', 'b', 'c', 'd', 'e', 'f'] and 1 more")
    """
    told = str([name if len(name) <= 60 else f"{name[:60]}…" for name in names[:_MOST]])
    return f"{told} and {len(names) - _MOST:,} more" if len(names) > _MOST else told


def _rebuild(kind: type[CourseError], args: tuple, facts: dict) -> CourseError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(facts)
    return error


class BadArgument(CourseError, ValueError):
    """The command was asked for something it cannot do."""

    exit_code = 2


class InputError(CourseError):
    """An input that cannot be read as trips: `path` as given, `why` it failed, the `remedy`."""

    exit_code = 2

    def __init__(self, path: str | Path, why: str, remedy: str):
        self.path, self.why, self.remedy = str(path), why, remedy
        super().__init__(one_line(f"{self.path}: {why}. {remedy}"))


class UnreadableFile(InputError):
    """Not the format it claims to be, cut short, or garbage."""


class NoTrips(InputError):
    """A folder or file that holds not a single trip."""


class SchemaDrift(InputError):
    """A header that no registered version explains.

    `nearest` names the version that shares most of it: `shared` of its columns. `new` are the columns that this
    version does not have, `missing` those of it that the file does not have: all of them, not only the few that the
    message lists.
    """

    def __init__(self, path: str | Path, *, nearest: str, shared: int, new: Sequence[str], missing: Sequence[str]):
        self.nearest, self.shared, self.new, self.missing = nearest, shared, tuple(new), tuple(missing)
        why = f"its header is not registered, and no registered one has any of its columns: {_few(self.new)}"
        if shared:
            near = f"nearest is {nearest!r}, with {shared} of its {shared + len(self.missing)} columns"
            why = f"its header is not registered; {near}: new {_few(self.new)}, missing {_few(self.missing)}"
        super().__init__(
            path,
            why,
            "If the publisher changed the file, register the header in course_lib/trips/headers.toml "
            "(CONTRIBUTING.md, 'Add a header version'); leave out the file otherwise.",
        )


class OutputError(CourseError):
    """The run folder `path` cannot be used."""

    exit_code = 2

    def __init__(self, path: str | Path, why: str, remedy: str):
        self.path, self.why, self.remedy = str(path), why, remedy
        super().__init__(one_line(f"{self.path}: {why}. {remedy}"))


class OutputUnwritable(OutputError):
    """No permission, no space, or not a folder."""


class RunFolderBusy(OutputError):
    """Another run is writing to the same folder now."""


class StepFailed(CourseError):
    """A step died for a reason that is not its input; what was finished before it is kept."""

    def __init__(self, step: str, why: str):
        self.step, self.why = step, why
        super().__init__(f"step {step}: {why}. What was finished is kept: run the same command again to resume.")


class CheckFailed(CourseError):
    """The audit refused what was built; `checks` names every check that failed. Nothing was published."""

    def __init__(self, checks: Sequence[tuple[str, str]]):
        self.checks = tuple(checks)
        told = "; ".join(f"{name}: {found}" for name, found in checks)
        super().__init__(f"nothing was published, because {told}")


class LateWrite(CourseError):
    """Someone published version `found` while we built on `expected`: re-read, then decide."""

    def __init__(self, expected: str | None, found: str | None):
        self.expected, self.found = expected, found
        super().__init__(f"version {found} was published after we read {expected}; re-read it, then decide")


class FetchError(CourseError):
    """A download of `url` failed; what came so far is kept beside the target and is resumed."""

    def __init__(self, url: str, why: str, remedy: str):
        self.url, self.why, self.remedy = url, why, remedy
        super().__init__(f"{url}: {why}. {remedy}")


class MonthNotPublished(FetchError):
    """The publisher answers that there is no such file."""

    exit_code = 2


class EngineUnavailable(CourseError):
    """This machine lacks `part`; `remedy` says how to get it."""

    def __init__(self, part: str, remedy: str):
        self.part, self.remedy = part, remedy
        super().__init__(f"{part} is not here. {remedy}")


class EngineFailed(CourseError):
    """`function` of an engine's adapter did not return: it raised `kind` (module and name), died or took too long.

    `log` is the file with all that its processes said.
    """

    def __init__(self, engine: str, function: str, kind: str, why: str, log: Path):
        self.engine, self.function, self.kind, self.why, self.log = engine, function, kind, why, log
        told = f"{kind.removeprefix('builtins.')}: {why}" if kind else why
        super().__init__(f"{engine}, {function}: {one_line(told)[:600]}. All that it said is in {one_line(log)}.")


class ContractBroken(CourseError):
    """An engine does not do what every engine of its kind must do: `what` should hold, and `found` says what does."""

    def __init__(self, what: str, found: str):
        self.what, self.found = what, found
        super().__init__(one_line(f"{what}: {found}"))
