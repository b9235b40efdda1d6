"""A learner's hour: open a chapter, fail a check, take a hint, mend it, see progress, validate."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser import notebook
from tests.browser.servers import serving
from tests.exercises.test_lab import START
from tests.exercises.workshop import NAME, answer_of, checkout, practice

pytestmark = pytest.mark.full

WRONG = """def middle(values: list[float]) -> float:
    if not values:
        raise ValueError("no values have no middle")
    return sorted(values)[len(values) // 2]"""


def test_a_learner_works_through_a_chapter(page: Any, picture: Callable[..., Path], tmp_path: Path):
    workspace = tmp_path / "workspace"
    with serving(
        ["-c", START, str(workspace), str(checkout(tmp_path / "checkout"))], tmp_path, tmp_path / "home"
    ) as lab:
        assert lab.listening() == {"127.0.0.1"}
        page.goto(lab.url("/lab/tree/index.md"))
        page.get_by_text("Begin with").first.wait_for()
        picture(page, "learner-1-landing")

        notebook.opened(page, lab.url(f"/lab/tree/{NAME}/{NAME}.ipynb"))
        notebook.run_all(page)  # as far as it comes: the first exercise is not written
        page.locator(".jp-Notebook").evaluate("one => one.scrollTo(0, 0)")
        page.locator(".jp-WindowedPanel-outer").first.evaluate("one => one.scrollTo(0, 0)")
        picture(page, "learner-2-chapter")

        stub = notebook.run(page, 'check("middle")')
        assert "not written yet" in stub.inner_text() or "run the answer cell first" in stub.inner_text()

        notebook.write(page, "def middle(", WRONG)
        failed = notebook.run(page, 'check("middle")')
        assert "a test does not hold" in failed.inner_text()
        assert "the mean of the two in the middle, 2.5; yours is 3" in failed.inner_text()
        picture(page, "learner-3-failed")

        hint = notebook.run(page, 'hint("middle")')
        assert "hint 1 of 3" in hint.inner_text()
        picture(page, "learner-4-hint")

        notebook.write(page, "def middle(", answer_of(practice(), "middle"))
        assert "visible tests hold" in notebook.run(page, 'check("middle")').inner_text()
        picture(page, "learner-5-mended")

        progress = notebook.run(page, "progress()")
        assert "20 of 40 points" in progress.inner_text()
        picture(page, "learner-6-progress")

        notebook.saved(page)
        page.get_by_role("button", name="Validate").first.click()
        dialog = page.locator(".jp-Dialog")
        dialog.get_by_text("trimmed", exact=False).first.wait_for(timeout=120_000)
        picture(page, "learner-7-validate")
        page.locator(".jp-Dialog button").first.click()

        assert page.errors == []
        assert page.strangers == [], "nothing is fetched from elsewhere"
        kept = json.loads((workspace / NAME / f"{NAME}.ipynb").read_text("utf-8"))
        assert any("half = len(ordered) // 2" in "".join(cell["source"]) for cell in kept["cells"])
