"""Where do the chapters lie, and how are they read from and written to disk?"""

from __future__ import annotations

from pathlib import Path

from course_lib.errors import BadArgument
from course_lib.exercises.notebook import render
from course_lib.exercises.source import Chapter, read_chapter
from course_lib.storage.atomic import write_text

ROOT = Path(__file__).resolve().parents[2]  # of the checkout


def chapter_names(root: Path = ROOT) -> list[str]:
    """The chapters in their order."""
    return sorted(path.parent.name for path in (root / "chapters").glob("*/exercises.toml"))


def load_chapter(name: str, root: Path = ROOT) -> Chapter:
    """The chapter `name`; a number or a unique beginning is enough. Raises BadArgument."""
    known = chapter_names(root)
    number = name.zfill(2) if name.isdigit() else name
    found = [chapter for chapter in known if chapter == name or chapter.startswith(number)]
    if len(found) != 1:
        raise BadArgument(f"there is no chapter {name!r}; there are {', '.join(known) or 'none yet'}")
    folder = root / "chapters" / found[0]
    source, about = folder / f"{found[0]}.py", folder / "exercises.toml"
    return read_chapter(found[0], source.read_text("utf-8"), about.read_text("utf-8"))


def notebook_path(name: str, root: Path = ROOT) -> Path:
    """Where the built notebook of a chapter lies."""
    return root / "chapters" / name / f"{name}.ipynb"


def build(names: list[str], root: Path = ROOT, check: bool = False) -> list[str]:
    """Write the notebooks of chapters from their sources; the names of those that differed.

    check  write nothing
    """
    changed = []
    for name in names or chapter_names(root):
        chapter = load_chapter(name, root)
        path, text = notebook_path(chapter.name, root), render(chapter, "source")
        if not path.exists() or path.read_text("utf-8") != text:
            changed.append(chapter.name)
            if not check:
                write_text(path, text)
    return changed
