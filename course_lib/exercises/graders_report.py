"""What does an author of exercises see while writing tests?

    python -m course_lib.exercises.graders CHAPTER [EXERCISE ...] [--mode notebook|wire] [--no-mutants] [--seeds]

CHAPTER is a chapter's number or name, or a folder that holds one. Its known answers lie in tests/graders/NN_topic/, or
in the same folder if a folder was named.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.exercises.chapters import ROOT, load_chapter
from course_lib.exercises.graders import MODES, Grader
from course_lib.exercises.proofs import Proof, prove
from course_lib.exercises.protocol.warm import ServerFailed
from course_lib.exercises.source import Chapter, ChapterError, read_chapter


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every proof holds, 1 when one does not, 2 when the chapter cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.exercises.graders", description=__doc__)
    parser.add_argument("chapter")
    parser.add_argument("exercise", nargs="*")
    parser.add_argument("--mode", choices=MODES, help="one of the two modes only")
    parser.add_argument("--no-mutants", action="store_true")
    parser.add_argument("--seeds", action="store_true", help="the reference on five seeds, too")
    asked = parser.parse_args(arguments)
    try:
        chapter, folder = find(asked.chapter)
        unknown = set(asked.exercise) - chapter.exercises.keys()
        if unknown:
            raise ChapterError(
                f"{chapter.name} has no exercise {min(unknown)!r}; it has {', '.join(chapter.exercises)}"
            )
        return _report(chapter, folder, asked)
    except (CourseError, ChapterError) as error:
        print(error, file=sys.stderr)
        return 2


def find(name: str) -> tuple[Chapter, Path]:
    """A chapter and the folder of its known answers."""
    folder = Path(name)
    if (folder / "exercises.toml").is_file() and folder.resolve().parent != ROOT / "chapters":
        source, about = folder / f"{folder.resolve().name}.py", folder / "exercises.toml"
        return read_chapter(folder.resolve().name, source.read_text("utf-8"), about.read_text("utf-8")), folder
    chapter = load_chapter(folder.resolve().name if folder.is_dir() else name)
    return chapter, ROOT / "tests" / "graders" / chapter.name


def _report(chapter: Chapter, folder: Path, asked: argparse.Namespace) -> int:
    held, started = True, time.monotonic()
    with Grader(chapter) as grader:
        for name, exercise in chapter.exercises.items():
            if exercise.is_essay or (asked.exercise and name not in asked.exercise):
                continue
            print(f"\n{name}  ({exercise.points} points)", flush=True)
            modes = [asked.mode] if asked.mode else MODES
            try:
                for proof in prove(grader, name, folder, modes, mutants=not asked.no_mutants, seeds=asked.seeds):
                    held &= proof.holds
                    print(_line(proof), flush=True)
            except ServerFailed as error:
                held = False
                print(f"  NOT {error}", flush=True)
    print(f"\n{'all proofs hold' if held else 'NOT ALL PROOFS HOLD'}, {time.monotonic() - started:.1f} s")
    return 0 if held else 1


def _line(proof: Proof) -> str:
    mark = "ok " if proof.holds else "NOT"
    return f"  {mark} {proof.what:<44} {proof.found[:300]}"
