"""How do the outcome of a check and a hint read, in a notebook and in plain text?"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from markupsafe import Markup

from course_lib.exercises.cards import Shown, Tone, card, code, folded, marked, numbered, paragraph, prose
from course_lib.exercises.outcome import Kind, Outcome

_HEADS: dict[Kind, tuple[str, str, Tone]] = {
    "passed": ("✓", "visible tests hold", "good"),
    "failed": ("✗", "a test does not hold", "bad"),
    "error": ("✗", "stopped by an error", "bad"),
    "slow": ("✗", "took too long", "bad"),
    "unwritten": ("○", "not written yet", "calm"),
    "no answer": ("○", "run the answer cell first", "calm"),
    "no setup": ("○", "run the set-up first", "calm"),
    "essay": ("✎", "read by a person", "calm"),
    "unknown": ("?", "no such exercise", "warn"),
}
_BORROWED: tuple[str, str, Tone] = ("!", "visible tests hold, on borrowed code", "warn")


@dataclass(frozen=True)
class Verdict(Shown):
    """What check() found; `bool()` says whether the visible tests hold by the learner's own work."""

    outcome: Outcome

    __repr__ = Shown.__repr__

    def __bool__(self) -> bool:
        return self.outcome.passed


def verdict(of: Outcome, kept: str = "") -> Verdict:
    """An outcome for people; `kept` says what became of it where it could not be noted."""
    sign, words, tone = _BORROWED if of.kind == "passed" and of.borrowed else _HEADS[of.kind]
    points = f"{of.points} points" if of.points else ""
    told = [*_what(of), *_why(of)]
    if kept:
        told.append(_sentence(kept, quiet=True))
    head = Markup("<strong>{}</strong> · {}").format(of.title or of.exercise, words)
    first = f"{sign} {of.exercise}: {words}{f' ({points})' if points else ''}"
    text = "\n".join([first, *(plain for plain, _ in told if plain)])
    return Verdict(text, card(sign, head, points, tone, (html for _, html in told)), of)


def hint_card(of: str, title: str, hints: tuple[str, ...], number: int) -> Shown:
    """Hint `number` (from 1) of an exercise; the earlier ones folded away."""
    tail = "That was the last one." if number == len(hints) else f'`hint("{of}")` shows the next.'
    parts = [prose(hints[number - 1])]
    if number > 1:
        before = hints[: number - 1]
        parts.append(folded("The hint before" if number == 2 else "The hints before", map(prose, before)))
    parts.append(paragraph(tail, quiet=True))
    head = Markup("<strong>{}</strong> · hint {} of {}").format(title or of, number, len(hints))
    text = f"{of}: hint {number} of {len(hints)}\n{hints[number - 1]}\n{_bare(tail)}"
    return Shown(text, card("?", head, "", "calm", parts))


def said(text: str, tone: Tone = "calm") -> Shown:
    """A sentence, framed."""
    return Shown(_bare(text), card("?" if tone == "warn" else "○", marked(text), "", tone, []))


Part = tuple[str, Markup]  # the same in plain text and in HTML


def _what(of: Outcome) -> list[Part]:
    """What happened, and where."""
    told = [_sentence(of.said)]
    if of.kind == "failed":
        told += [_lines("What has to hold:", of.test), _sentence(_count(of), quiet=True)]
    elif of.kind in ("error", "slow"):
        if of.code:
            where = "In this cell:" if of.where in ("", "<module>") else f"In `{of.where}`, numbered as in its cell:"
            plain = "\n".join(f"  {'→' if this else ' '} {number:3}  {text}" for number, text, this in of.code)
            told.append((f"{_bare(where)}\n{plain}", paragraph(where, quiet=True) + numbered(of.code)))
        told.append(_lines("While this test ran:", of.test))
    elif of.kind == "passed":
        every = f"{of.asserts} of {of.asserts} visible tests hold." if of.asserts > 1 else "The visible test holds."
        told.append(_sentence(f"{every} Hidden tests decide the grade."))
    return told


def _why(of: Outcome) -> list[Part]:
    """What to think of it, and what to do next."""
    told = []
    if of.borrowed:
        modules = ", ".join(f"`{name}`" for name in of.borrowed)
        told.append(
            _sentence(
                f"**Careful:** this answer stands on {modules}, where the answer itself can be found. Grading takes "
                "that away, and the answer fails there; no points are counted for it here."
            )
        )
    told.append(_sentence(of.advice))
    if of.kind in ("failed", "error", "slow"):
        told.append(_sentence(f'Stuck? `hint("{of.exercise}")` gives a hint.', quiet=True))
    return told


def _count(of: Outcome) -> str:
    if of.asserts < 2:
        return ""
    before = {0: "", 1: "; the one before it holds"}.get(of.held, f"; the {of.held} before it hold")
    return f"Test {of.held + 1} of {of.asserts}{before}."


def _sentence(text: str, quiet: bool = False) -> Part:
    return _bare(text), paragraph(text, quiet)


def _lines(head: str, text: str) -> Part:
    if not text:
        return "", Markup("")
    return f"{head}\n{textwrap.indent(text, '    ')}", paragraph(head, quiet=True) + code(text)


def _bare(text: str) -> str:
    return text.replace("`", "").replace("**", "")
