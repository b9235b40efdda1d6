"""What do formgrader and the feedback show of a submission?

The release with the learner's answers and own cells in it, and under each test what the verdict says, as the output of
that cell. Outputs that were handed in are left out: they are whatever somebody wrote there. Pure.
"""

from __future__ import annotations

import json
from typing import Any

from course_lib.grading.verdict import ExerciseVerdict, Verdict

_TITLES = {
    "failed": "Check failed",
    "slow": "Too slow",
    "died": "Process ended",
    "refused": "Refused",
    "missing": "No answer",
}


def autograded(notebook: dict[str, Any], verdict: Verdict) -> str:
    """The text of the notebook, `notebook` being that of the mended submission."""
    found = {f"test-{exercise.exercise}": exercise for exercise in verdict.exercises}
    cells = [
        {**cell, "outputs": outputs(found[cell["id"]])} if cell["cell_type"] == "code" and cell["id"] in found else cell
        for cell in notebook["cells"]
    ]
    return json.dumps({**notebook, "cells": cells}, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def outputs(found: ExerciseVerdict) -> list[dict[str, Any]]:
    """What stands under a test: nothing when it passed, else the message as an error."""
    if found.ended == "passed":
        return []
    title = _TITLES.get(found.ended, found.ended)
    lines = [f"{title}{f' ({found.check})' if found.check else ''}: {found.message}"]
    lines += [f"Hint: {found.hint}"] if found.hint else []
    lines += [f"In a cell of your own that ran before: {remark}" for remark in found.remarks]
    return [{"output_type": "error", "ename": title, "evalue": found.message, "traceback": lines}]
