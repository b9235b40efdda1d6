"""What does a person who grades prose see in formgrader?

The answer without its scripts, and above it the mark scheme, which stands in the chapter's source and leaves it
nowhere. Both happen to the page, never to a file: `course formgrader` puts this preprocessor between nbgrader and the
browser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nbconvert.preprocessors import Preprocessor

from course_lib.errors import CourseError
from course_lib.exercises.chapters import load_chapter
from course_lib.exercises.release import card
from course_lib.exercises.source import SCHEME, Chapter

# Formgrader waits for MathJax, which its page wants from a network; this stands in its place, and formulas stay text.
_NO_MATHJAX = (
    "<script>window.MathJax={Hub:{Startup:{signal:{Interest:done=>window.setTimeout(()=>done('End'),0)}}}}</script>"
)

_TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p",
    "pre", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_DATA = {"text/plain", "image/png", "image/jpeg"}


class ShowMarkSchemes(Preprocessor):
    """Pages of formgrader: mark schemes in front of answers in prose, and nothing of a learner's that acts."""

    enabled = True

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """The notebook as a grader may look at it; any other than that of a page of formgrader as it is."""
        from nbformat.v4 import new_markdown_cell

        if "submission_id" not in resources:  # a page for a learner, not for a grader
            return nb, resources
        try:
            chapter = load_chapter(str(resources.get("assignment_id", "")))
            schemes, own = mark_schemes(chapter), _prose(chapter)
        except (CourseError, OSError):
            schemes, own = {}, set()
        cells = [new_markdown_cell(_NO_MATHJAX)]
        for cell in nb.cells:
            told = cell.get("metadata", {}).get("nbgrader", {})
            scheme = schemes.get(told.get("grade_id", "")) if told.get("solution") else None
            if scheme:
                quoted = "\n".join(f"> {line}" for line in scheme.splitlines())
                cells.append(new_markdown_cell(f"> **Mark scheme** (you see it, the learner never does)\n>\n{quoted}"))
            cells.append(cell if cell.source in own else harmless(cell))
        nb.cells = cells
        return nb, resources


def harmless(cell: Any) -> Any:
    """A learner's cell with nothing in it that acts: prose as cleaned HTML, outputs as text and pictures.

    Markdown is rendered first and cleaned afterwards, because a link may hide its scheme from whoever reads the source.
    """
    import bleach
    from nbconvert.filters.markdown import markdown2html

    cell.pop("attachments", None)
    if cell.cell_type in ("markdown", "raw"):
        html = markdown2html(cell.source)
        clean = bleach.clean(html, tags=_TAGS, attributes={"a": ["href"]}, protocols={"http", "https", "mailto"})
        # A blank line would end the block, and what follows would be read as markdown again.
        cell.source = "<div>" + re.sub(r"\n\s*\n", "\n&#8203;\n", clean.strip()) + "</div>"
        cell.cell_type = "markdown"
    for output in cell.get("outputs", ()):
        if "data" in output:
            output["data"] = {kind: data for kind, data in output["data"].items() if kind in _DATA}
    return cell


def mark_schemes(chapter: Chapter) -> Mapping[str, str]:
    """The mark schemes of a chapter by exercise."""
    found = {}
    for name, exercise in chapter.exercises.items():
        if exercise.is_essay:
            lines = exercise.answer.text.split("\n")
            begin = next((n for n, line in enumerate(lines) if line.strip() == f"### BEGIN {SCHEME}"), None)
            end = next((n for n, line in enumerate(lines) if line.strip() == f"### END {SCHEME}"), None)
            if begin is not None and end is not None:
                found[name] = "\n".join(lines[begin + 1 : end]).strip()
    return found


def _prose(chapter: Chapter) -> set[str]:
    """The prose of the chapter itself, which may hold what a learner's may not."""
    return {cell.text for cell in chapter.cells if cell.kind == "prose"} | {one.stub for one in card(chapter).exercises}
