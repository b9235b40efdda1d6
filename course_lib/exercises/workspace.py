"""Where does a learner work, and how does a new release get there without touching their work?

workspace/
  index.md                         the page that JupyterLab opens with
  01_introduction/                 their copies, one folder a chapter, as nbgrader wants them
  earlier/                         copies that were set aside, numbered
  .course/release/01_introduction/ the untouched release: what their copy began as
  .course/progress.tsv             the ledger
  .course/jupyter/                 settings of JupyterLab, so that the home folder stays as it is
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from course_lib.errors import BadArgument, OutputError
from course_lib.exercises import ledger
from course_lib.exercises.catalog import HIDDEN, released
from course_lib.exercises.chapters import ROOT, chapter_names, load_chapter
from course_lib.exercises.landing import page
from course_lib.exercises.merge import merge, parse, same_work
from course_lib.exercises.release import release
from course_lib.exercises.standing import ChapterStanding, standing
from course_lib.storage.atomic import write_text

INDEX = "index.md"
DEFAULT = ROOT / "workspace"

What = Literal["new", "same", "replaced", "merged", "beside"]


@dataclass(frozen=True)
class Change:
    """What happened to one chapter of a workspace, and the sentence that says so."""

    chapter: str
    what: What
    told: str = ""


def copy_of(workspace: Path, chapter: str) -> Path:
    """The learner's own notebook of a chapter."""
    return workspace / chapter / f"{chapter}.ipynb"


def update(workspace: Path, root: Path = ROOT) -> tuple[list[Change], dict[str, str]]:
    """Bring a workspace up to date with the chapters: what changed, and which chapters cannot be read and why.

    Raises OutputError for a folder that cannot be one, or holds something else.
    """
    changes, broken = [], {}
    _take(workspace)
    for name in chapter_names(root):
        try:
            files = release(load_chapter(name, root))
        except (ValueError, OSError) as error:
            broken[name] = str(error)
            continue
        changes.append(_bring(workspace, name, files))
    write_index(workspace)
    return changes, broken


def reset(workspace: Path, name: str) -> Path | None:
    """Begin a chapter anew; the copy there was stands in earlier/ now, under a number. Raises BadArgument."""
    chapter = the_chapter(workspace, name)
    text = (_untouched(workspace, chapter) / f"{chapter}.ipynb").read_text("utf-8")
    mine = copy_of(workspace, chapter)
    kept = _set_aside(workspace, chapter) if mine.exists() and mine.read_text("utf-8", "replace") != text else None
    write_text(mine, text)
    ledger.append(workspace / HIDDEN / ledger.FILE, ledger.Event("reset", chapter, "*", "-"))
    write_index(workspace)
    return kept


def the_chapter(workspace: Path, name: str) -> str:
    """The full name of a chapter that the workspace holds; a number or a beginning is enough. Raises BadArgument."""
    known = [chapter.name for chapter in released(workspace).chapters]
    number = name.zfill(2) if name.isdigit() else name
    found = [chapter for chapter in known if chapter == name or chapter.startswith(number)]
    if len(found) != 1:
        raise BadArgument(f"there is no chapter {name!r} in {workspace}; there are {', '.join(known) or 'none yet'}")
    return found[0]


def standings(workspace: Path) -> tuple[ChapterStanding, ...]:
    """Where the learner of a workspace stands."""
    return standing(released(workspace).chapters, ledger.read(workspace / HIDDEN / ledger.FILE))


def write_index(workspace: Path) -> None:
    """Write the landing page anew, with the progress so far."""
    text = page(standings(workspace))
    path = workspace / INDEX
    if not path.exists() or path.read_text("utf-8", "replace") != text:
        write_text(path, text)


def _take(workspace: Path) -> None:
    """Make a folder a workspace. Raises OutputError where it is somebody else's, or cannot be made."""
    try:
        if workspace.exists() and not (workspace / HIDDEN).is_dir() and any(workspace.iterdir()):
            raise OutputError(
                workspace,
                "holds something else",
                "A workspace needs a folder of its own: name a new one with --workspace.",
            )
        (workspace / HIDDEN / "release").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise OutputError(
            workspace, f"cannot be a workspace: {why}", "Name another folder with --workspace."
        ) from error


def _bring(workspace: Path, chapter: str, files: dict[str, str]) -> Change:
    """Bring one chapter up to date: the learner's copy first, so that a kill between the two loses nothing."""
    place, mine = _untouched(workspace, chapter), copy_of(workspace, chapter)
    text, before = files[f"{chapter}.ipynb"], _read(place / f"{chapter}.ipynb")
    change = Change(chapter, "same")
    if not mine.exists():
        write_text(mine, text)
        change = Change(chapter, "new")
    elif before != text:
        change = _renew(workspace, chapter, before, text)
    for name, content in files.items():
        if _read(place / name) != content:
            write_text(place / name, content)
    return change


def _renew(workspace: Path, chapter: str, before: str | None, text: str) -> Change:
    mine, new = copy_of(workspace, chapter), parse(text)
    try:
        theirs = parse(mine.read_text("utf-8"))
    except ValueError as error:
        beside = mine.with_name(f"{chapter}-new.ipynb")
        write_text(beside, text)
        return Change(
            chapter,
            "beside",
            f"your copy cannot be read ({error}), so it was left alone; {beside.name} is the new release",
        )
    if same_work(theirs, new):
        return Change(chapter, "same")
    if before is not None and same_work(theirs, parse(before)):
        write_text(mine, text)
        return Change(chapter, "replaced", "there is a new release, and you had not begun: your copy is the new one")
    kept = _set_aside(workspace, chapter)
    merged = merge(parse(before) if before is not None else new, new, theirs)
    write_text(mine, _dump(merged.notebook))
    told = [f"{len(merged.answers)} of your answers" if merged.answers else "", _own(merged.own)]
    return Change(
        chapter,
        "merged",
        f"there is a new release; it holds {_and(told)}. Your copy as it was: {kept.relative_to(workspace)}",
    )


def _set_aside(workspace: Path, chapter: str) -> Path:
    """Copy the learner's notebook to the next free number in earlier/."""
    folder, number = workspace / "earlier", 1
    while (folder / f"{chapter}-{number}.ipynb").exists():
        number += 1
    kept = folder / f"{chapter}-{number}.ipynb"
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(copy_of(workspace, chapter).read_bytes())
    return kept


def _untouched(workspace: Path, chapter: str) -> Path:
    return workspace / HIDDEN / "release" / chapter


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _dump(notebook: dict) -> str:
    import json

    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _own(cells: int) -> str:
    return f"{cells} cell{'' if cells == 1 else 's'} of your own" if cells else ""


def _and(parts: Iterable[str]) -> str:
    return " and ".join(part for part in parts if part) or "nothing of yours, because nothing in it was"
