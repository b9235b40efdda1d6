"""How fast does `course grade` grade, beside `nbgrader autograde`?

    python -m benchmarks.grading --learners 20 --chapters 1 2 3
    python -m benchmarks.grading --many 500

Both get the same honest submissions, made of the answers that the graders' own tests know: references, other right
answers, wrong ones, and exercises left as they were released. They must give the same points for every exercise, or the
run ends with exit code 1 and says where they differ. `size` is "test" in every notebook: nbgrader runs the whole
notebook, and is not to be charged for the chapters' own computations. The second form grades many submissions of the
first chapter and says how the memory of the grader grew on the way.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import machine, meter, report
from benchmarks.batch import RESULTS, ROOT, WORK
from course_lib.exercises.answer_files import known_answers
from course_lib.exercises.chapters import load_chapter
from course_lib.exercises.graders import reference
from course_lib.exercises.notebook import render
from course_lib.exercises.source import Chapter, with_answers
from course_lib.grading.class_folder import ClassFolder, new_class, open_gradebook, private
from course_lib.grading.class_release import release_chapter

SEED = 7


def honest(chapter: Chapter, number: int) -> str:
    """The notebook of learner `number`: two thirds of the answers are right, the others wrong or not begun."""
    draw = random.Random(f"{SEED}/{chapter.name}/{number}")
    known = known_answers(ROOT / "tests" / "graders" / chapter.name)
    answers = {}
    for name, exercise in chapter.exercises.items():
        if exercise.is_essay:
            continue
        right = [reference(exercise), *(one.text for one in known if one.exercise == name and one.right)]
        wrong = [one.text for one in known if one.exercise == name and not one.right]
        kind = draw.random()
        if kind < 0.9:
            answers[name] = draw.choice(right if kind < 0.67 else wrong)
    notebook = json.loads(render(with_answers(chapter, answers), "release"))
    for cell in notebook["cells"]:
        if "parameters" in cell["metadata"].get("tags", ()):
            cell["source"] = ["".join(cell["source"]), '\nsize = "test"']
    return json.dumps(notebook)


def class_of(folder: Path, chapters: Sequence[Chapter], learners: int, secret: str) -> ClassFolder:
    """A class with released chapters and their submissions."""
    shutil.rmtree(folder, ignore_errors=True)
    made = new_class(folder, "benchmark")
    with private():
        made.secret.write_text(secret)
        for chapter in chapters:
            release_chapter(made, chapter.name)
            for number in range(learners):
                place = made.submitted(f"learner{number:03}", chapter.name)
                place.mkdir(parents=True)
                (place / f"{chapter.name}.ipynb").write_text(honest(chapter, number))
    return made


def points(of: ClassFolder, chapters: Sequence[Chapter]) -> dict[tuple[str, str, str], float]:
    """The points that the gradebook has: (chapter, learner, cell) -> points, 0 where a person gives them."""
    with open_gradebook(of) as gradebook:
        return {
            (chapter.name, submission.student.id, grade.name): grade.auto_score or 0.0
            for chapter in chapters
            for submission in gradebook.assignment_submissions(chapter.name)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def timed(name: str, commands: Sequence[list[str]], of: ClassFolder, cores: int) -> dict[str, Any]:
    """Run `commands` one after the other in the class's folder; what they took together."""
    used, log = [], of.root.parent / f"{name.replace(' ', '_')}.log"
    log.unlink(missing_ok=True)
    before = Path.cwd()
    os.chdir(of.root)
    try:
        for command in commands:
            used.append(meter.run(command, log, cores, {**os.environ, "PYTHONPATH": str(ROOT)}))
            if used[-1].code not in (0, 1):
                raise RuntimeError(f"{name} ended with code {used[-1].code}; see {log}")
    finally:
        os.chdir(before)
    return {
        "seconds": round(sum(one.wall_s for one in used), 1),
        "cpu_s": round(sum(one.cpu_s for one in used), 1),
        "peak_mb": round(max(one.peak_bytes for one in used) / 1e6, 1),
    }


def compared(chapters: Sequence[Chapter], learners: int, cores: int, console: Console) -> list[dict[str, Any]]:
    """A record for each of the two. Raises AssertionError where their points differ."""
    place, binaries = WORK / "grading", Path(sys.executable).parent
    place.mkdir(parents=True, exist_ok=True)
    ours = class_of(place / "course", chapters, learners, "a benchmark\n")
    theirs = class_of(place / "nbgrader", chapters, learners, "a benchmark\n")
    load = machine.load()
    console.print(f"{learners * len(chapters)} submissions; course grade …", highlight=False)
    grade = [str(binaries / "course"), "grade", "--class", str(ours.root), "--jobs", str(cores)]
    took = {"course grade": timed("course grade", [grade], ours, cores)}
    console.print(f"{took['course grade']}; nbgrader autograde …", highlight=False)
    autograde = [[str(binaries / "nbgrader"), "autograde", chapter.name] for chapter in chapters]
    took["nbgrader autograde"] = timed("nbgrader autograde", autograde, theirs, cores)
    console.print(f"{took['nbgrader autograde']}", highlight=False)
    found, wanted = points(ours, chapters), points(theirs, chapters)
    unlike = sorted(key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key))
    assert not unlike, [(key, found.get(key), wanted.get(key)) for key in unlike[:10]]
    number = learners * len(chapters)
    return [
        {
            "kind": "grading",
            "tool": tool,
            "submissions": number,
            **used,
            "submissions_per_minute": round(60 * number / used["seconds"], 1),
            "times": round(took["nbgrader autograde"]["seconds"] / used["seconds"], 1),
            "equal_points": len(found),
            "load": load,
        }
        for tool, used in took.items()
    ]


def many(chapter: Chapter, learners: int, cores: int) -> dict[str, Any]:
    """A record of one run over many submissions: how much memory the grader's processes have on the way."""
    place = WORK / "grading-many"
    place.mkdir(parents=True, exist_ok=True)
    made = class_of(place / "course", [chapter], learners, "a benchmark\n")
    load = machine.load()
    command = [str(Path(sys.executable).parent / "course"), "grade", "--class", str(made.root), "--jobs", str(cores)]
    short = timed("first", [[*command, *(f"--learner=learner{n:03}" for n in range(min(learners, 20)))]], made, cores)
    used = timed("all", [[*command, "--again"]], made, cores)
    assert len(points(made, [chapter])) == learners * len(chapter.exercises)
    return {
        "kind": "grading many",
        "submissions": learners,
        **used,
        "peak_mb_of_20": short["peak_mb"],
        "submissions_per_minute": round(60 * learners / used["seconds"], 1),
        "load": load,
    }


def main(given: Sequence[str] | None = None) -> int:
    """Measure, print and save; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description=str(__doc__).splitlines()[0])
    parser.add_argument("--chapters", nargs="+", default=["1", "2", "3"])
    parser.add_argument("--learners", type=int, default=20, help="per chapter")
    parser.add_argument("--many", type=int, default=0, help="instead: so many submissions of the first chapter")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--results", type=Path, default=RESULTS, help=f"the folder of {report.PAGE}")
    chosen, console = parser.parse_args(given), Console(soft_wrap=True)
    chapters = [load_chapter(name) for name in chosen.chapters]
    try:
        if chosen.many:
            records = [many(chapters[0], chosen.many, chosen.cores)]
        else:
            records = compared(chapters, chosen.learners, chosen.cores, console)
    except (AssertionError, RuntimeError) as error:
        console.print(f"{type(error).__name__}: {error}", markup=False, highlight=False)
        return 1
    report.save(chosen.results, [{**record, "machine": machine.describe(chosen.cores)} for record in records])
    for record in records:
        console.print({key: value for key, value in record.items() if key != "machine"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
