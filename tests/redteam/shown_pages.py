"""What acts in the browser of somebody who opens what a submission left: feedback, statistics, formgrader's page?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

_ACTIVE = ["script", "iframe", "frame", "form", "object", "embed", "applet", "link", "base", "img", "video", "audio"]
_ACTIVE += ["math", "portal", "template", "noscript", "input", "button", "textarea"]
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_METAS = {"viewport", "robots"}


def acting(html: str) -> list[str]:
    """What acts, or is fetched, in a page of ours, which needs nothing of the kind; empty when all is well."""
    page = BeautifulSoup(html, "html.parser")
    found = [str(one)[:200] for one in page.find_all(_ACTIVE)]
    found += [f"{len(page.find_all('style'))} style sheets"] * (len(page.find_all("style")) != 1)
    policies = [one["content"] for one in page.find_all("meta", attrs={"http-equiv": True})]
    found += ["no content policy"] * (policies != [_POLICY])
    found += [str(one) for one in page.find_all("meta", attrs={"name": True}) if one["name"] not in _METAS]
    return found + _handlers(page)


def acting_for_graders(path: Path) -> list[str]:
    """What acts in formgrader's page of a notebook, formgrader's own scripts included."""
    page = BeautifulSoup(_formgrader(path), "html.parser")
    kinds = ["script", "iframe", "form", "object", "embed", "meta", "svg", "base"]
    return [str(one)[:200] for one in page.find_all(kinds)] + _handlers(page)


def _handlers(page: BeautifulSoup) -> list[str]:
    found = []
    for one in page.find_all(True):
        found += [f"{one.name} {name}" for name in one.attrs if name.startswith("on") or name == "srcdoc"]
        for name in ("href", "src", "action", "xlink:href", "formaction"):
            where = "".join(str(one.attrs.get(name, "")).split()).casefold()
            found += [where] * where.startswith(("javascript:", "data:", "vbscript:"))
    return found


def _formgrader(path: Path) -> str:
    """The page that `course formgrader` makes of a graded notebook."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config import Config

    config: Any = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    config.HTMLExporter.preprocessors = ["course_lib.grading.mark_schemes.ShowMarkSchemes"]
    name = path.stem
    about = {"submission_id": "x", "assignment_id": name, "notebook_id": name, "base_url": "", "index": 0, "total": 1}
    html, _ = HTMLExporter(config=config).from_filename(str(path), resources=about)
    return str(html)
