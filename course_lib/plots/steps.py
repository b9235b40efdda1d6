"""Where did the time go?

One bar a step, on the clock of the run: a step begins where its record says so, or else after the one before it. Steps
that together took longer than the run overlapped, and then all begin at zero, as nobody knows better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from course_lib.plots.bars import Bar, horizontal
from course_lib.plots.picture import Picture, nothing
from course_lib.plots.words import compact, count, known, percent, plural, seconds, spoken


def time_per_step(steps: Sequence[Mapping[str, Any]], total_s: float | None) -> Picture:
    """Steps in order, each {"name", "seconds"}, and where known "started" (s after the run began), "tasks" (or
    "partitions"), "reused" (tasks done by an earlier run) and "rows"; `total_s` is the time of the whole run."""
    timed = [step for step in steps if known(step.get("seconds"))]
    if not timed:
        return nothing("No step was timed", "The run kept no times of its steps.")
    summed = sum(step["seconds"] for step in timed)
    total = total_s if known(total_s) and total_s > 0 else summed
    overlap = summed > total * 1.05
    bars, clock = [], 0.0
    for step in timed:
        begins = step.get("started") if known(step.get("started")) else 0.0 if overlap else clock
        bars.append(
            Bar(step["name"], step["seconds"], f"{seconds(step['seconds'])}{_more(step)}", "kept", begins or 0.0)
        )
        clock += step["seconds"]
    longest = max(timed, key=lambda step: step["seconds"])
    share = percent(min(longest["seconds"], total), total)
    name = spoken(longest["name"]).capitalize()
    title = f"{name} took longest: {seconds(longest['seconds'])} of {seconds(total)} ({share})"
    if len(timed) == 1:
        title = f"The one step took {seconds(summed)}"
    since = "since the run began"
    if overlap and "started" not in timed[0]:
        since = "from each step's own begin, because they overlap"
    other = total - summed
    rows = tuple(
        (
            step["name"],
            seconds(step["seconds"]),
            *(count(number) for number in (_tasks(step), step.get("reused"), step.get("rows"))),
        )
        for step in timed
    )
    return Picture(
        title,
        f"Time of {plural(len(timed), 'step')}, in seconds {since}.",
        horizontal(bars, "seconds", title),
        ("step", "time", "tasks", "of which reused", "rows"),
        rows,
        f"{seconds(other)} of the run passed outside these steps." if other > max(0.1, total * 0.02) else "",
    )


def _tasks(step: Mapping[str, Any]) -> int | None:
    return step.get("tasks", step.get("partitions"))


def _more(step: Mapping[str, Any]) -> str:
    """What else is told at the end of a bar: work that an earlier run did, or else how fast the rows went."""
    if step.get("reused"):
        return f" · {count(step['reused'])} of {plural(_tasks(step) or step['reused'], 'task')} reused"
    rows, took = step.get("rows"), step["seconds"]
    if not known(rows) or not rows or took < 0.001:
        return ""
    return f" · {compact(float(f'{rows / took:.2g}'))} rows/s"
