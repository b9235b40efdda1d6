"""What does a person, or a program, see while a class is graded?

On a terminal a bar with the time that is left; elsewhere a plain line per submission; with `--json-lines` one JSON
object per event and nothing else; nothing when quiet.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from course_lib.errors import one_line

Event = dict[str, Any]


class JsonLines:
    """One line of JSON per event."""

    def __call__(self, event: Event) -> None:
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *what: object) -> None:
        return None


class Shown:
    """A bar, or lines; use as a context manager, and call with each event."""

    def __init__(self, console: Console, quiet: bool = False):
        self._console, self._quiet = console, quiet
        self._bars: Progress | None = None
        if console.is_terminal and not quiet:
            self._bars = Progress(
                TextColumn("grading"),
                BarColumn(bar_width=32),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("[dim]{task.fields[note]}", markup=True),
                console=console,
            )

    def __enter__(self) -> Shown:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, *what: object) -> None:
        if self._bars:
            self._bars.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        text = line(event)
        if self._bars and event["event"] == "begin":
            self._bars.add_task("grading", total=event["submissions"], note="")
        elif self._bars and event["event"] in ("graded", "kept", "failed"):
            note = one_line(event["learner"]).replace("[", "\\[")
            self._bars.update(self._bars.task_ids[0], advance=1, note=note)
        if text and not self._quiet and (self._bars is None or event["event"] not in ("graded", "kept")):
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def line(event: Event) -> str:
    """An event as a line for people; "" for one that needs none."""
    match event:
        case {"event": "graded" | "kept" as kind, "learner": learner, "chapter": chapter}:
            hand = f", {event['by_hand']} by hand" if event["by_hand"] else ""
            seconds = "graded before" if kind == "kept" else f"{event['seconds']:.1f} s"
            mended = f", {len(event['repairs'])} repairs" if event["repairs"] else ""
            points = event["of"] - event["by_hand"]
            return f"{chapter}  {one_line(learner):<20} {event['points']:>3}/{points}{hand}  {seconds}{mended}"
        case {"event": "failed", "learner": learner, "chapter": chapter, "why": why}:
            return f"{chapter}  {one_line(learner):<20} not graded: {why}"
        case {"event": "left_out", "why": why}:
            return f"left out: {why}"
        case {"event": "end"}:
            failed = f", {event['failed']} not graded" if event["failed"] else ""
            return f"{event['graded']} graded, {event['kept']} graded before{failed}; {event['seconds']:.1f} s"
    return ""
