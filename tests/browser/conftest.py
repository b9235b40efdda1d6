"""A browser, and where its pictures go.

The system's Chromium is driven by playwright; no browser is downloaded. Pictures lie in build/screenshots, or where
COURSE_ARTEFACTS says, for somebody to look at.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.places import ROOT

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not here: pip install -r requirements-test.lock"
    )
    if not CHROMIUM:
        pytest.skip("no Chromium is here: apt-get install chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A window of its own, in a size that people have; it may ask nobody but this machine."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    one = context.new_page()
    one.errors = []
    one.strangers = []
    one.on("pageerror", lambda error: one.errors.append(str(error)))
    one.on("response", lambda answer: one.strangers.append(answer.url) if _strange(answer.url) else None)
    yield one
    context.close()


@pytest.fixture
def picture() -> Callable[..., Path]:
    """Takes a picture of a page (or of a part of it) and keeps it under a name."""
    folder = Path(os.environ.get("COURSE_ARTEFACTS") or ROOT / "build") / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)

    def take(of: Any, name: str, **more: Any) -> Path:
        path = folder / f"{name}.png"
        of.screenshot(path=path, **more)
        return path

    return take


def _strange(url: str) -> bool:
    return url.startswith("http") and not url.startswith(("http://127.0.0.1", "http://localhost"))
