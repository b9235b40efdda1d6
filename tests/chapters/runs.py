"""Running a chapter from a clean kernel, as its author, as somebody who has not begun, and as somebody who is done."""

import contextlib
import json
import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from course_lib.exercises.chapters import ROOT, chapter_names, load_chapter
from course_lib.exercises.lab import settle
from course_lib.exercises.notebook import render
from course_lib.exercises.source import Chapter, unmarked, with_answers
from course_lib.exercises.workspace import update
from tests.exercises.workshop import FIXTURE, NAME

State = Literal["source", "stub", "solved"]

# The fixture proves that these tests can pass and fail, whatever chapters there are.
EVERY = [(FIXTURE, NAME), *((ROOT, name) for name in chapter_names())]
every_run = pytest.mark.parametrize(("root", "name"), EVERY, ids=[name for _, name in EVERY])
every_chapter = pytest.mark.parametrize("name", chapter_names())


@dataclass(frozen=True)
class Run:
    """An executed notebook."""

    chapter: Chapter
    cells: list[dict[str, Any]]
    seconds: float

    def errors(self, cell: dict[str, Any]) -> list[tuple[str, str]]:
        """Name and message of what a cell raised."""
        return [
            (output["ename"], output["evalue"])
            for output in cell.get("outputs", [])
            if output["output_type"] == "error"
        ]

    def stderr(self) -> list[str]:
        """What cells wrote to the red part of the page."""
        return [
            output["text"]
            for cell in self.cells
            for output in cell.get("outputs", [])
            if output["output_type"] == "stream" and output["name"] == "stderr"
        ]


def run(root: Path, name: str, state: State, folder: Path, size: str = "test", seed: int = 7) -> Run:
    """Run a chapter in a learner's folder of its own below `folder`. Raises papermill's error where a cell does."""
    chapter = load_chapter(name, root)
    if state == "source":
        notebook = json.loads(render(chapter, "source"))
    elif state == "stub":
        notebook = json.loads(render(chapter, "release"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code" and "nbgrader" in cell["metadata"] and cell["id"][:6] != "setup-":
                cell["metadata"]["tags"] = ["raises-exception"]
    else:
        answers = {key: unmarked(exercise.answer.text) for key, exercise in chapter.exercises.items()}
        notebook = json.loads(render(with_answers(chapter, answers), "release"))
    update(folder, root)
    place = folder / name
    source, done = place / f"{state}.ipynb", place / f"{state}-done.ipynb"
    source.write_text(json.dumps(notebook), encoding="utf-8")
    start, used = time.perf_counter(), _cpu()
    with pytest.MonkeyPatch.context() as patch:
        for key, value in {**settle(folder), "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "2")}.items():
            patch.setenv(key, value)
        # papermill runs past a tagged cell that raises, writes the notebook, and tells of it at the end
        with contextlib.suppress(*([PapermillExecutionError] if state == "stub" else [])):
            papermill.execute_notebook(
                str(source),
                str(done),
                {"size": size, "seed": seed},
                progress_bar=False,
                request_save_on_cell_execute=False,  # to save after every cell takes longer than to run them
                cwd=str(place),
            )
    taken = time.perf_counter() - start
    print(f"\n{name} {state}, size {size}, seed {seed}: {taken:.1f} s, {_cpu() - used:.1f} CPU s")
    return Run(chapter, json.loads(done.read_text("utf-8"))["cells"], taken)


def _cpu() -> float:
    """CPU seconds of processes that were started here and have ended: kernels. Another's load does not change them."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
