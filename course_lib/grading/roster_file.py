"""Who is in a class, by a table that somebody exported?

Learning platforms and registries each name their columns in their own way; the known names are listed below, in the
order of preference. Excel's habits are understood: a byte order mark, semicolons, tabs, a first line `sep=;`, UTF-16.
Pure: bytes in, learners out. Every mistake names the line.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from course_lib.errors import InputError


class Learner(NamedTuple):
    """A person who learns; `id` names their folders."""

    id: str
    first: str = ""
    last: str = ""
    email: str = ""
    platform: str = ""  # the number by which a learning platform names their files

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first, self.last) if part)


class RosterFile(NamedTuple):
    """What a table says."""

    learners: tuple[Learner, ...]
    columns: dict[str, str]  # field to the header it was read from
    told: tuple[str, ...]  # what a careful reader should know


_HEADERS: dict[str, tuple[str, ...]] = {
    "id": (
        "id", "learner id", "student id", "learner", "student number", "matriculation number", "matrikelnummer",
        "id number", "idnumber", "username", "user name", "user id", "login", "login id", "sis login id", "netid",
        "benutzername", "anmeldename", "identifiant", "usuario", "学号", "学籍番号", "sis user id",
    ),
    "first": ("first name", "firstname", "given name", "forename", "vorname", "prénom", "nombre", "名", "first"),
    "last": (
        "last name", "lastname", "surname", "family name", "nachname", "nom", "apellidos", "apellido", "姓", "last",
    ),
    "name": (
        "name", "full name", "fullname", "student name", "student", "vollständiger name", "nom complet", "姓名", "氏名",
    ),
    "email": ("email", "e mail", "email address", "e mail address", "mail", "e mail adresse", "correo", "邮箱"),
    "platform": ("lms user id", "platform id", "canvas id", "canvas user id", "moodle id", "identifier", "participant"),
}  # fmt: skip
_ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_LONGEST = 120  # bytes of an id: it names folders, and nbgrader keeps 128 characters
_MOST = 100_000  # learners


def read_roster(path: Path, content: bytes, encoding: str | None = None) -> RosterFile:
    """The learners in the table `content`, read from `path`.

    Raises InputError: not text, no column of ids, an id that can name no folder, one person told in two ways.
    """
    rows = list(_rows(path, _decoded(path, content, encoding)))
    if not rows:
        raise InputError(path, "is empty", "Export the table again, with its header.")
    header, body = rows[0][1], rows[1:]
    columns = _columns(header, [row for _, row in body])
    told = []
    if "id" not in columns:
        if "email" not in columns:
            raise InputError(
                path,
                f"none of its columns is an id: {', '.join(map(repr, header))}",
                "Name one of them `id`; others may be `first name`, `last name`, `email`.",
            )
        columns["id"] = columns["email"]
        told.append(f"There is no column of ids, so {header[columns['id']]!r} is one.")
    found: dict[str, tuple[int, Learner]] = {}
    repeated = 0
    for line, row in body:
        if row[0].casefold() == "points possible":  # Canvas's second header
            continue
        learner = _learner(path, line, _fields(row, columns))
        key = folded(learner.id)
        if key in found and found[key][1] != learner:
            first, other = found[key]
            raise InputError(
                path,
                f"lines {first} and {line} are one id in two ways: {other.id!r} {other.name!r} and "
                f"{learner.id!r} {learner.name!r}",
                "Keep the right one; nothing was changed.",
            )
        repeated += key in found
        found.setdefault(key, (line, learner))
    if not found:
        raise InputError(path, "has a header and no learner", "Export the table again.")
    if repeated:
        told.append(f"{repeated} line{'' if repeated == 1 else 's'} came twice.")
    learners = tuple(learner for _, learner in found.values())
    return RosterFile(learners, {name: header[at] for name, at in columns.items()}, tuple(told))


def folded(text: str) -> str:
    """`text` for comparison: neither case, width, nor the way accents are composed, tells people apart.

    >>> folded("  Jose\u0301  GARCÍA ") == folded("josé garcía")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def wrong_id(text: str) -> str:
    """Why `text` can be no learner's id; empty where it can.

    >>> wrong_id("../etc"), wrong_id("张三"), wrong_id("a*")
    ("holds '/'", '', "holds '*'")
    """
    bad = re.search(r"""[/\\*?\[\]{}<>|":+,\x00-\x1f\x7f]""", text)
    if bad:
        return f"holds {bad[0]!r}"
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in text):
        return "holds a sign that cannot be seen"
    if text.startswith((".", "-")) or text.endswith("."):
        return f"begins or ends with {text[0] if text[0] in '.-' else '.'!r}"
    return f"is longer than {_LONGEST} bytes" if len(text.encode()) > _LONGEST else ""


def _decoded(path: Path, content: bytes, encoding: str | None) -> str:
    guess = encoding or next((name for mark, name in _ENCODINGS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(guess)
    except (UnicodeDecodeError, LookupError):
        raise InputError(
            path,
            f"is not {guess.upper().removesuffix('-SIG')}",
            "Save it as `CSV UTF-8`, or name what it is: --encoding cp1252.",
        ) from None
    if "\0" in text:
        raise InputError(path, "is no table: it holds zero bytes", "Export it as CSV.")
    return text.removeprefix("\ufeff")


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with something in them, with their lines."""
    sep = re.match(r"sep=(.)\r?\n", text)
    lines = text[sep.end() :] if sep else text
    first = next((line for line in lines.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    delimiter = sep[1] if sep else max(",;\t|", key=bare.count)
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if any(field.strip() for field in row):
                yield reader.line_num + bool(sep), [field.strip() for field in row]
            if reader.line_num > _MOST:
                raise InputError(path, f"has more than {_MOST:,} lines", "Is it the right file?")
    except csv.Error as error:
        raise InputError(
            path, f"line {reader.line_num + bool(sep)} is broken: {error}", "Export it again as CSV."
        ) from None


def _columns(header: Sequence[str], body: Sequence[Sequence[str]]) -> dict[str, int]:
    """Which column is which field: the earliest name of its list that every line fills, else the earliest."""
    plain = [re.sub(r"[\s_.\-]+", " ", folded(name)).strip() for name in header]
    found = {}
    canvas = "id" in plain and "sis login id" in plain  # whose `id` is the number in the names of files
    for field, names in _HEADERS.items():
        if canvas and field in ("id", "platform"):
            found[field] = plain.index("sis login id" if field == "id" else "id")
            continue
        there = [plain.index(name) for name in names if name in plain]
        full = [at for at in there if all(at < len(row) and row[at] for row in body)]
        if there:
            found[field] = (full or there)[0]
    return found


def _fields(row: Sequence[str], columns: Mapping[str, int]) -> dict[str, str]:
    return {field: row[at].strip() if at < len(row) else "" for field, at in columns.items()}


def _learner(path: Path, line: int, told: Mapping[str, str]) -> Learner:
    id = unicodedata.normalize("NFC", told.get("id", ""))
    if not id:
        raise InputError(path, f"line {line} has no id", "Give it one, or remove the line; nothing was changed.")
    if why := wrong_id(id):
        raise InputError(path, f"line {line}: the id {id!r} {why}", "It names folders: choose letters and digits.")
    first, last = told.get("first", ""), told.get("last", "")
    if not (first or last) and told.get("name"):
        last, comma, first = told["name"].partition(",")
        if not comma:
            first, _, last = told["name"].rpartition(" ")
    email, platform = (
        told.get("email", ""),
        re.sub(r"^participant\s*", "", told.get("platform", ""), flags=re.IGNORECASE),
    )
    return Learner(id, *(unicodedata.normalize("NFC", part.strip()) for part in (first, last, email, platform)))
