"""Whose is a file, by the names that a learning platform gave it?

    Ana García_123456_assignsubmission_file_/01_introduction.ipynb      Moodle, a folder for each
    Ana García_123456_assignsubmission_file_01_introduction.ipynb       Moodle, flat
    garciaana_LATE_4711_90210_01_introduction.ipynb                     Canvas
    Week 1_ana_attempt_2026-11-30-21-15-00_01_introduction.ipynb        Blackboard
    ana+01_introduction+2026-11-30 21:15:00 UTC+x7/01_introduction.ipynb    nbgrader's exchange
    ana/01_introduction/01_introduction.ipynb, ana/anything.ipynb, ana.ipynb, ana_01_introduction.ipynb

Inside a learner's own folder the learner chose the names, so only the folder's name counts there. Names are compared
without case, width or composition of accents; a name that two learners share belongs to neither. Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from course_lib.grading.roster_file import Learner, folded


class Clue(NamedTuple):
    """What a name says about its owner: words to try in this order, and when it was handed in."""

    words: tuple[str, ...]
    platform: str = ""
    at: datetime | None = None  # None: the name does not say; without offset: in the class's zone
    origin: str = ""  # whose place this is, in the platform's own words; two places are two people


class Owner(NamedTuple):
    """The learner, or why there is none."""

    learner: str = ""
    why: str = ""


_MOODLE = re.compile(r"^(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?", re.DOTALL)
_BLACKBOARD = re.compile(r"_(?P<id>[^_]+)_attempt_(?P<at>\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)")
_CANVAS = re.compile(r"^(?P<name>[^\W_]+)_(?:LATE_)?(?P<number>\d+)_\d+_", re.IGNORECASE)
_EXCHANGE = re.compile(r"^(?P<id>[^+]+)\+[^+]+\+(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) UTC(?:\+.*)?$")


class Roster:
    """The learners of a class, to be found by what files are called."""

    def __init__(self, learners: Iterable[Learner]):
        self._by_word: defaultdict[str, set[str]] = defaultdict(set)
        self._by_platform: defaultdict[str, set[str]] = defaultdict(set)
        self._ids: dict[str, str] = {}
        for learner in learners:
            self._ids[folded(learner.id)] = learner.id
            first, last, email = learner.first, learner.last, learner.email
            words = [email, email.partition("@")[0]]
            if first or last:
                words += [f"{first} {last}", f"{last} {first}", f"{last}, {first}", f"{last}{first}", f"{first}{last}"]
            for word in words:
                if key := _key(word):
                    self._by_word[key].add(learner.id)
            if learner.platform:
                self._by_platform[learner.platform].add(learner.id)

    def __contains__(self, id: str) -> bool:
        return folded(id) in self._ids

    def owner(self, clue: Clue) -> Owner:
        """Whose file this is."""
        if len(found := self._by_platform.get(clue.platform, ())) == 1:
            return Owner(next(iter(found)))
        for word in clue.words:
            if id := self._ids.get(folded(word)):
                return Owner(id)
        for word in clue.words:
            known = self._by_word.get(_key(word), set())
            if len(known) == 1:
                return Owner(next(iter(known)))
            if known:
                return Owner(why=f"{word!r} may be any of {', '.join(sorted(known))}")
        return Owner(why=f"no learner is called {clue.words[0]!r}" if clue.words else "its name says nobody")


def clue(parts: Sequence[str], chapters: Iterable[str]) -> Clue:
    """What the place of a file says; `parts` are its folders and its name, `chapters` the names of all chapters."""
    known = {folded(name) for name in chapters}
    folders = [part for part in parts[:-1] if folded(part) not in known]
    if folders:
        return _clue(folders[0], known, stem=False)
    return _clue(parts[-1], known, stem=True)


def unwrapped(paths: Sequence[Sequence[str]], roster: Roster, chapters: Sequence[str]) -> int:
    """How many leading folders all files share that are nobody's: a zip's own folder, `submitted`, an assignment's.

    A folder with nothing but files in it is nobody's only if the files belong to two learners at least: otherwise it
    may be that of a learner whom the roster does not know, who chose the names of the files.
    """
    depth = 0
    while paths and all(len(path) > depth + 1 for path in paths) and len({path[depth] for path in paths}) == 1:
        here = clue(paths[0][depth:], chapters)
        if roster.owner(here).learner or _platform(paths[0][depth]) is not None:
            break
        left = [path[depth + 1 :] for path in paths]
        if all(len(path) == 1 for path in left):
            owners = {roster.owner(clue(path, chapters)).learner for path in left} - {""}
            return depth + (len(owners) > 1)
        depth += 1
    return depth


def _clue(name: str, chapters: set[str], stem: bool) -> Clue:
    if (told := _platform(name)) is not None:
        return told
    if not stem:
        return Clue((name,), origin=name)
    bare = re.sub(r"\.ipynb$", "", name, flags=re.IGNORECASE)
    words = [bare]
    for chapter in chapters:  # ana_01_introduction, 01_introduction-ana
        patterns = (rf"^{re.escape(chapter)}[\s_\-.+]+(.+)$", rf"^(.+?)[\s_\-.+]+{re.escape(chapter)}$")
        found = (re.match(pattern, bare, re.IGNORECASE | re.DOTALL) for pattern in patterns)
        words += [match[1] for match in found if match]
    return Clue(tuple(words))


def _platform(name: str) -> Clue | None:
    """What a name says that a known platform made; None for any other."""
    if found := _MOODLE.match(name):
        name = re.sub(r"^participant\s+", "", found["name"], flags=re.IGNORECASE)
        return Clue((name,), found["number"], origin=found["number"])
    if found := _EXCHANGE.match(name):
        return Clue((found["id"],), at=_time(found["at"], "%Y-%m-%d %H:%M:%S", UTC), origin=found["id"])
    if found := _BLACKBOARD.search(name):
        return Clue((found["id"],), at=_time(found["at"], "%Y-%m-%d-%H-%M-%S", None), origin=found["id"])
    if found := _CANVAS.match(name):
        return Clue((found["name"],), found["number"], origin=found["number"])
    return None


def _time(text: str, form: str, zone: tzinfo | None) -> datetime | None:
    try:
        return datetime.strptime(text.partition(".")[0], form).replace(tzinfo=zone)
    except ValueError:
        return None


def _key(word: str) -> str:
    """Letters and digits alone: `García, Ana` is `garcíaana`."""
    return re.sub(r"[\W_]+", "", folded(word))
