"""Which promises does the data keep?

Metrics have different units and directions, so each is drawn as the part of what its target allows that was used up:
the line at 100 % is the target, a bar beyond it is a miss, whichever way the metric points.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from course_lib.plots.picture import Picture, nothing
from course_lib.plots.svg import COMPACT, SMALL, box, drawing, joined, label, rule, scale, text_width, tip
from course_lib.plots.words import DASH, THIN, compact, decimal, known, listed, percent, plural, seconds, spoken
from course_lib.validation.metrics import QualityTarget, Verdict, judge


def value(of: QualityTarget, number: float | None) -> str:
    """`number` in the unit of the metric."""
    if not known(number):
        return DASH if number is None else "∞"
    if of.unit == "share":
        return percent(number)
    if of.unit == "s":
        return seconds(number)
    if of.unit == "ratio":
        return decimal(number, 3)
    return f"{compact(number)}{THIN}{of.unit}"


def asked(of: QualityTarget) -> str:
    """The target with its direction."""
    return f"{'≥' if of.direction == 'at_least' else '≤'} {value(of, of.target)}"


def outcome(verdict: Verdict) -> str:
    """The verdict in a sign and a word, so that it does not hang on a colour."""
    return "not measured" if verdict.met is None else "✓ met" if verdict.met else "✗ missed"


def _used(verdict: Verdict) -> str:
    if verdict.used is None:
        return DASH
    return percent(verdict.used) if known(verdict.used) and verdict.used < 100 else f">9,999{THIN}%"


def allowance(targets: Sequence[QualityTarget]) -> Picture:
    """Each target and how much of its allowance is used."""
    verdicts = judge(targets)
    measured = [verdict for verdict in verdicts if verdict.met is not None]
    if not measured:
        return nothing("No quality metric could be measured", "There are no rows to measure.")
    missed = [verdict for verdict in measured if not verdict.met]
    if missed:
        title = (
            f"{len(missed)} of {plural(len(measured), 'target')} {'is' if len(missed) == 1 else 'are'} missed: "
            f"{listed([spoken(verdict.of.name) for verdict in missed])}"
        )
    else:
        tight = max(measured, key=lambda verdict: verdict.used or 0.0)
        title = "The one target is met" if len(measured) == 1 else f"All {len(measured)} targets are met"
        if tight.used:
            title += f"; {spoken(tight.of.name)} is nearest to a miss, with {_used(tight)} of its allowance used"

    full = 2.0 if missed else 1.25  # parts of the allowance: where the axis ends

    def draw(width: float, key: str) -> Markup:
        phone = width < COMPACT
        row, head = (42.0 if phone else 30.0), 24.0
        told = [(value(v.of, v.of.value), asked(v.of), outcome(v)) for v in verdicts]
        wide = [max(text_width(cells[i]) for cells in told) + 14 for i in range(3)]
        names = 0.0 if phone else max(text_width(spoken(v.of.name)) for v in verdicts) + 14
        tail = 0.0 if phone else sum(wide) + 10
        at = scale(0, full, names, width - tail - 8)
        foot = head + row * len(verdicts)
        parts = [] if phone else [rule(at(0), head - 4, at(0), foot)]
        parts.append(rule(at(1), head - 6, at(1), head if phone else foot, strong=True, dash=None if phone else "5 3"))
        parts.append(label(at(1), head - 10, "target", anchor="middle", size=SMALL, muted=True))
        for i, (verdict, cells) in enumerate(zip(verdicts, told, strict=True)):
            y = head + i * row + (20 if phone else 6)
            name = spoken(verdict.of.name)
            if phone:
                parts.append(rule(at(1), y - 2, at(1), y + 16, strong=True))
            if verdict.used is not None:
                words = tip(f"{name}: {' '.join(cells)}, {_used(verdict)} of the allowance used")
                long = max(at(min(verdict.used, full)) - at(0), 2.0)
                parts.append(box(at(0), y, long, 14, "met" if verdict.met else "missed", words, rx=1.5))
                if verdict.used > full:
                    parts.append(label(at(full) + 2, y + 11.5, "»", bold=True))
            if phone:
                text = " ".join(cells)
                parts.append(label(width, y - 5, text, anchor="end", size=SMALL))
                parts.append(label(0, y - 5, name, size=SMALL, within=width - text_width(text, SMALL) - 6))
                continue
            parts.append(label(names - 8, y + 11.5, name, anchor="end"))
            edge = width - tail + 10
            parts.append(label(edge + wide[0] - 14, y + 11.5, cells[0], anchor="end", bold=True))
            parts.append(label(edge + wide[0], y + 11.5, cells[1], muted=True))
            parts.append(label(edge + wide[0] + wide[1], y + 11.5, cells[2]))
        parts += [
            label(at(part), foot + 14, f"{part * 100:.0f}{THIN}%", anchor="start" if not part and phone else "middle",
                  size=SMALL, muted=True)
            for part in (0.0, 0.5, 1.0, 1.5, 2.0)
            if part <= full
        ]  # fmt: skip
        unit = "part of the allowance used"
        middle = max((at(0) + at(full)) / 2, text_width(unit, SMALL) / 2)
        parts.append(label(middle, foot + 31, unit, anchor="middle", size=SMALL, muted=True))
        return drawing(width, foot + 40, title, joined(parts))

    rows = tuple(
        (spoken(v.of.name), value(v.of, v.of.value), asked(v.of), outcome(v), _used(v), v.of.meaning) for v in verdicts
    )
    return Picture(
        title,
        "How much of what each target allows was used, in per cent: beyond 100 the target is missed.",
        draw,
        ("metric", "value", "target", "outcome", "used", "what it measures, and why this target"),
        rows,
    )
