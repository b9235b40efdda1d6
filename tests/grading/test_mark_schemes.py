"""A grader sees the mark scheme and the answer, and nothing that a learner wrote acts in the grader's browser."""

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbconvert.filters.markdown import markdown2html
from nbformat.v4 import new_markdown_cell

from course_lib.exercises.chapters import chapter_names, load_chapter
from course_lib.grading.mark_schemes import ShowMarkSchemes, harmless, mark_schemes
from tests.grading.classroom import submission

CHAPTER = load_chapter("1")
ESSAY = "batch_or_stream"


def page(tmp_path: Path, essay: str, outputs: list | None = None, **more: str) -> BeautifulSoup:
    """What formgrader makes of a hand-in."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config import Config

    notebook = json.loads(submission(CHAPTER, **{ESSAY: essay}))
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] in (ESSAY, "known_by", "test-known_by")]
    if outputs:
        notebook["cells"][1]["outputs"] = outputs
    (tmp_path / "x.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    config = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    config.HTMLExporter.preprocessors = [ShowMarkSchemes]
    told = {
        "submission_id": "x", "assignment_id": CHAPTER.name, "notebook_id": CHAPTER.name, "base_url": "", "index": 0,
        "total": 1,
    }  # fmt: skip
    html, _ = HTMLExporter(config=config).from_filename(str(tmp_path / "x.ipynb"), resources=told)
    return BeautifulSoup(html, "html.parser")


def test_the_mark_scheme_stands_above_the_answer_and_the_answer_is_rendered(tmp_path: Path):
    essay = "A batch, **every** five minutes.\n\n- one\n- two\n\nthen\n\n    x < 1\n\n    y"
    found = page(tmp_path, f"{essay}\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    text = found.get_text()

    assert text.index(mark_schemes(CHAPTER)[ESSAY][:12]) < text.index("A batch, every five minutes.")
    assert found.find("strong", string="every")
    assert [one.get_text().strip() for one in found.find_all("li")][-2:] == ["one", "two"]
    assert "x < 1" in text
    assert found.find("td", string="2")


@pytest.mark.parametrize(
    "essay",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "<iframe srcdoc='<script>alert(1)</script>'>",
        "[a](javascript:alert(1))",
        "[a](JaVa&#115;cript:alert(1))",
        "[a](java\tscript:alert(1))",
        "<a href='javascript&colon;alert(1)'>a</a>",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "![a](javascript:alert(1))",
        "<javascript:alert(1)>",
        "```\n</code></pre><script>alert(1)</script>\n```",
        "</textarea></div></body><script>alert(1)</script>",
        "<style>*{display:none}</style>",
        "<form action=//evil.example><input name=x></form>",
        "    code\n\n    \n\n[a](javascript:alert(1))\n\n<p onclick=alert(1)>x",
        "<!-- --><p\nonclick=alert(1)>x",
        "<div\n\n[a](javascript:alert(1))\n\n</div>",
        "&lt;script&gt;alert(1)&lt;/script&gt;\n\n`[a](javascript:alert(1))`",
    ],
)
def test_nothing_that_a_learner_wrote_acts(essay: str):
    found = BeautifulSoup(markdown2html(harmless(new_markdown_cell(essay)).source), "html.parser")

    assert not dangerous(found)


def dangerous(page: BeautifulSoup) -> list[str]:
    """What would act."""
    found = [str(one) for one in page.find_all(["script", "style", "iframe", "form", "object", "embed", "meta", "svg"])]
    for one in page.find_all(True):
        found += [name for name in one.attrs if name.startswith("on")]
        for name in ("href", "src", "action", "srcdoc"):
            where = "".join(str(one.attrs.get(name, "")).split()).casefold()
            found += [where] * where.startswith(("javascript:", "data:", "vbscript:"))
    return found


def test_the_search_for_danger_finds_some():
    assert len(dangerous(BeautifulSoup("<a href=' java\nscript:x' onclick=y>z</a><svg/>", "html.parser"))) == 3


def test_a_whole_page_has_nothing_of_it_either(tmp_path: Path):
    essay = "<script>alert(1)</script>\n\n<p onclick=alert(1)>x\n\n[a](javascript:alert(1))"

    assert dangerous(page(tmp_path, essay)) == dangerous(page(tmp_path, "plain"))


def test_outputs_are_text_and_pictures(tmp_path: Path):
    data = {"text/html": "<script>alert(1)</script>", "image/svg+xml": "<svg onload=alert(1)/>", "text/plain": "<b>x"}
    outputs = [{"output_type": "display_data", "metadata": {}, "data": data}]
    found = page(tmp_path, "x", outputs)

    assert len(found.find_all("script")) == len(page(tmp_path, "x").find_all("script"))
    assert "<b>x" in found.get_text()


def test_other_pages_are_left_alone():
    nb = object()

    assert ShowMarkSchemes().preprocess(nb, {}) == (nb, {})


def test_every_essay_has_its_scheme():
    schemes = [mark_schemes(load_chapter(name)) for name in chapter_names()]

    assert all(len(found) == 1 for found in schemes), "one answer of each chapter is read by a person"
    assert not [text for found in schemes for text in found.values() if "### " in text or len(text) < 100]
