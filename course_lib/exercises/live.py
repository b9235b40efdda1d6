"""What does a learner call in a notebook?

    check("psi")     run the visible tests on what the kernel holds now, and say in words what is wrong
    hint("psi")      the next of three hints
    progress()       chapters, points so far, the next step

All three read the untouched release (catalog.py), never the learner's own test cells: nothing depends on edited or
unsaved cells. None needs a network, and none raises: a notebook that runs from top to bottom is not stopped by them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.plots import alt

if TYPE_CHECKING:
    from course_lib.exercises.cards import Shown
    from course_lib.exercises.catalog import Catalog
    from course_lib.exercises.shown import Verdict

_UNKEPT: dict[str, int] = {}  # hints shown where there is no workspace to remember them


def check(exercise: str, names: Mapping[str, Any] | None = None) -> Verdict:
    """Run the visible tests of `exercise` on what the kernel holds now.

    names  a namespace to look in instead

    Returns what to read; `bool()` of it says whether the tests hold.
    """
    from course_lib.exercises.catalog import catalog
    from course_lib.exercises.outcome import Outcome
    from course_lib.exercises.shown import verdict
    from course_lib.exercises.trial import trial

    seen = catalog()
    found = seen.find(str(exercise))
    if found is None:
        return verdict(Outcome("unknown", str(exercise), said=_no_such(str(exercise), seen)))
    chapter, wanted = found
    outcome = trial(wanted, chapter, _live() if names is None else names)
    word = {"failed": "failed", "error": "failed", "slow": "failed", "unwritten": "unwritten"}.get(outcome.kind)
    if outcome.kind == "passed":
        word = "borrowed" if outcome.borrowed else "passed"
    return verdict(outcome, _note(seen, "check", chapter.name, wanted.name, word))


def hint(exercise: str) -> Shown:
    """The next hint for `exercise`: a question, then the idea, then almost the code."""
    from course_lib.exercises.catalog import catalog
    from course_lib.exercises.shown import hint_card, said

    seen = catalog()
    found = seen.find(str(exercise))
    if found is None:
        return said(_no_such(str(exercise), seen), "warn")
    chapter, wanted = found
    if not wanted.hints:
        return said(f"There are no hints for `{wanted.name}`.")
    number = min(_shown_so_far(seen, chapter.name, wanted.name) + 1, len(wanted.hints))
    _UNKEPT[wanted.name] = number
    _note(seen, "hint", chapter.name, wanted.name, str(number))
    return hint_card(wanted.name, wanted.title, wanted.hints, number)


def progress() -> Shown:
    """Chapters, points so far, hints used, and the next step."""
    from course_lib.exercises import ledger
    from course_lib.exercises.catalog import HIDDEN, catalog
    from course_lib.exercises.progress_shown import progress_card
    from course_lib.exercises.standing import next_step, standing

    seen = catalog()
    events = ledger.read(seen.workspace / HIDDEN / ledger.FILE) if seen.workspace else []
    now = standing(seen.chapters, events)
    kept = "" if seen.workspace else "Nothing is kept here: progress belongs to a workspace, which `make lab` opens."
    return progress_card(now, next_step(now), _chapter_here(seen), kept)


def _live() -> Mapping[str, Any]:
    """The namespace of the running kernel, or of the program."""
    shell = None
    if "IPython" in sys.modules:
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
    return shell.user_ns if shell is not None else vars(sys.modules["__main__"])


def _no_such(exercise: str, seen: Catalog) -> str:
    import difflib

    known = [card.name for chapter in seen.chapters for card in chapter.exercises]
    here = _chapter_here(seen)
    listed = [card.name for chapter in seen.chapters if chapter.name == here for card in chapter.exercises] or known
    near = difflib.get_close_matches(exercise, known, n=1)
    text = f"There is no exercise `{exercise}`. "
    text += f"Do you mean `{near[0]}`? " if near else ""
    text += f"{'In this chapter' if here else 'There'} are: {', '.join(f'`{name}`' for name in listed) or 'none'}."
    for name, why in seen.broken.items():
        text += f" (Chapter {name} cannot be read: {why})"
    return text


def _chapter_here(seen: Catalog) -> str:
    """The chapter in whose folder the kernel runs; empty elsewhere."""
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return ""
    names = {chapter.name for chapter in seen.chapters}
    return next((folder.name for folder in (here, *here.parents) if folder.name in names), "")


def _shown_so_far(seen: Catalog, chapter: str, exercise: str) -> int:
    from course_lib.exercises import ledger
    from course_lib.exercises.catalog import HIDDEN

    if seen.workspace is None:
        return _UNKEPT.get(exercise, 0)
    events = ledger.read(seen.workspace / HIDDEN / ledger.FILE)
    kept = [int(e.outcome) for e in events if (e.what, e.chapter, e.exercise) == ("hint", chapter, exercise)]
    return max([*kept, _UNKEPT.get(exercise, 0)])


def _note(seen: Catalog, what: str, chapter: str, exercise: str, outcome: str | None) -> str:
    """Write an event down; what to tell the learner when that fails."""
    from course_lib.errors import OutputError
    from course_lib.exercises import ledger
    from course_lib.exercises.catalog import HIDDEN
    from course_lib.exercises.workspace import write_index

    if seen.workspace is None or outcome is None:
        return ""
    try:
        ledger.append(seen.workspace / HIDDEN / ledger.FILE, ledger.Event(what, chapter, exercise, outcome))
        write_index(seen.workspace)
    except (OSError, OutputError) as error:
        return f"This could not be noted in your progress: {getattr(error, 'strerror', None) or error}."
    return ""


def _alt_of_cell(text: str) -> str | None:
    """What a chapter says about the picture of the cell with this text."""
    global _ALTS
    if _ALTS is None:
        from course_lib.exercises.catalog import catalog

        _ALTS = {cell: said for chapter in catalog().chapters for cell, said in chapter.alts.items()}
    return _ALTS.get(text)


_ALTS: dict[str, str] | None = None
alt.tell_cells(_alt_of_cell)
