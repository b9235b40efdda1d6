"""A notebook in JupyterLab, as a learner handles it."""

from typing import Any


def opened(page: Any, url: str) -> None:
    """Open a notebook and wait until its kernel waits."""
    page.goto(url)
    page.locator(".jp-NotebookPanel:visible .jp-Cell").first.wait_for()
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=120_000)


def run_all(page: Any, seconds: float = 240) -> None:
    """Run, Run All Cells; wait until nothing runs."""
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
    page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click()
    prompt = page.locator(".jp-NotebookPanel:visible .jp-CodeCell .jp-InputArea-prompt").first
    expect_number = "one => /[0-9]/.test(one.textContent)"
    page.wait_for_function(expect_number, arg=prompt.element_handle(), timeout=120_000)
    finished(page, seconds)


def finished(page: Any, seconds: float = 120) -> None:
    """Wait until every cell has run."""
    page.wait_for_timeout(300)
    page.wait_for_function(
        """() => { const all = [...document.querySelectorAll('.jp-Notebook .jp-InputArea-prompt')];
                   return !all.some(one => one.textContent.includes('*')) &&
                     document.querySelector('.jp-Notebook-ExecutionIndicator[data-status="idle"]') }""",
        timeout=seconds * 1000,
    )


def cell(page: Any, text: str) -> Any:
    """The code cell with this text in it."""
    return page.locator(".jp-CodeCell", has=page.locator(".jp-InputArea-editor", has_text=text)).first


def write(page: Any, text: str, instead: str) -> None:
    """Put `instead` into the cell that holds `text`, and run it."""
    found = cell(page, text)
    found.scroll_into_view_if_needed()
    found.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(instead)
    page.keyboard.press("Shift+Enter")
    finished(page)


def run(page: Any, text: str) -> Any:
    """Run the cell that holds `text`; its output."""
    found = cell(page, text)
    found.scroll_into_view_if_needed()
    found.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    finished(page)
    return found.locator(".jp-OutputArea").first


def saved(page: Any) -> None:
    """Save, until nothing is left to be saved: widgets go on telling their state for a moment after the last cell."""
    from playwright.sync_api import TimeoutError as Late

    for _ in range(6):
        page.keyboard.press("Escape")
        page.keyboard.press("Control+s")
        try:
            page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')", timeout=20_000)
        except Late:
            continue
        return
    raise TimeoutError("the notebook is still not saved")
