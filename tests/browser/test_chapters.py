"""Every chapter opens in JupyterLab as `course lab` starts it, runs to its end, and is a pleasure to look at."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from course_lib.exercises.chapters import chapter_names, load_chapter
from course_lib.exercises.notebook import render
from course_lib.exercises.source import unmarked, with_answers
from course_lib.exercises.workspace import copy_of, update
from tests.browser import notebook
from tests.browser.servers import serving
from tests.places import ROOT

pytestmark = pytest.mark.full

TALL = {"width": 1120, "height": 2600}  # px: few pictures of a long page
# A table or picture that is wider than its column, where a reader cannot even scroll.
SPILT = """() => [...document.querySelectorAll('.jp-OutputArea-output :is(table, svg, img)')]
  .filter(one => {
    const area = one.closest('.jp-OutputArea');
    if (one.getBoundingClientRect().right <= area.getBoundingClientRect().right + 2) return false;
    for (let at = one.parentElement; at !== area.parentElement; at = at.parentElement)
      if (['auto', 'scroll'].includes(getComputedStyle(at).overflowX)) return false;
    return true; })
  .map(one => one.outerHTML.slice(0, 120))"""
# Text that lies over other text: the cells of a table, whose content is wider than they are.
OVERLAID = """() => [...document.querySelectorAll('.jp-OutputArea-output td')]
  .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent.slice(0, 80))"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A learner who has solved everything."""
    folder = tmp_path_factory.mktemp("browser") / "workspace"
    update(folder)
    for name in chapter_names():
        chapter = load_chapter(name)
        answers = {key: unmarked(one.answer.text) for key, one in chapter.exercises.items()}
        text = render(with_answers(chapter, answers), "release").replace('size = \\"default\\"', 'size = \\"test\\"')
        copy_of(folder, name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", chapter_names())
def test_a_chapter_runs_in_jupyterlab(name: str, workspace: Path, page: Any, picture: Callable[..., Path]):
    with serving(
        ["-m", "course_lib.cli", "lab", "--workspace", str(workspace), "--no-browser"], ROOT, workspace.parent / name
    ) as lab:
        page.set_viewport_size(TALL)
        notebook.opened(page, lab.url(f"/lab/tree/{name}/{name}.ipynb"))
        page.keyboard.press("Control+b")  # the list of files makes room
        notebook.run_all(page)
        notebook.saved(page)

        assert unrun(page, copy_of(workspace, name)) == [], "each cell has run"
        wrong = page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").all_inner_texts()
        failed = page.locator(".jp-Notebook .jp-RenderedText[data-mime-type='application/vnd.jupyter.error']")
        assert failed.all_inner_texts() == []
        assert [text for text in wrong if "Error" in text] == []
        pages(page, name, picture)
        assert page.evaluate(SPILT) == []
        assert page.evaluate(OVERLAID) == []
        assert page.errors == []
        assert page.strangers == [], "nothing is fetched from elsewhere"


def unrun(page: Any, path: Path) -> list[str]:
    """The code cells of a saved notebook that have no number; it is looked at again while it is being saved."""
    found = [""]
    for _ in range(50):
        kept = json.loads(path.read_text("utf-8"))
        found = [cell["id"] for cell in kept["cells"] if cell.get("execution_count", 1) is None]
        if not found:
            break
        page.wait_for_timeout(200)
    return found


def pages(page: Any, name: str, picture: Callable[..., Path]) -> None:
    """Pictures of the whole notebook, from its top."""
    panel = page.locator(".jp-NotebookPanel:visible .jp-WindowedPanel-outer").first
    long, window = panel.evaluate("one => [one.scrollHeight, one.clientHeight]")
    for number in range(-(-long // window)):
        panel.evaluate("(one, at) => one.scrollTo(0, at)", number * window)
        page.wait_for_timeout(200)
        picture(panel, f"{name}-{number + 1:02}")
