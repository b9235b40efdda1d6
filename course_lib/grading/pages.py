"""How do the course's pages for people come about: templates, escaped, with one style sheet?

A page is one file without a script and without anything fetched: its own content policy forbids both. Whatever people
wrote is escaped, and control signs are made visible.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from course_lib.plots import palette
from course_lib.plots.words import printable


def rendered(template: str, page: Any) -> str:
    """The page that `template` (a file beside this one) makes of `page`."""
    return _environment().from_string(_text(template)).render(page=page, css=Markup(palette.css() + _text("pages.css")))  # noqa: S704  our own


def shown(text: object, longest: int = 20_000) -> str:
    """`text` for a page: lines kept, control signs visible.

    >>> shown("a\\n\\tb\\x1b[31m\\u202e")
    'a\\n\\tb\\\\x1b[31m\\\\u202e'
    """
    cut = str(text)
    cut = cut if len(cut) <= longest else cut[:longest] + "\n…"
    lines = cut.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("\t".join(printable(part, longest + 2) for part in line.split("\t")) for line in lines)


def worded(text: object, longest: int = 4_000) -> Markup:
    """`text` for a page, with `names` as code and **words** in bold.

    >>> str(worded("`a<b` and **c**"))
    '<code>a&lt;b</code> and <strong>c</strong>'
    """
    found = Markup("")
    for part in re.split(r"(`[^`\n]+`|\*\*[^*\n]+\*\*)", shown(text, longest)):
        if part.startswith("`") and len(part) > 2:
            found += Markup("<code>{}</code>").format(part[1:-1])
        elif part.startswith("**") and len(part) > 4:
            found += Markup("<strong>{}</strong>").format(part[2:-2])
        else:
            found += escape(part)
    return found


@cache
def _environment() -> Environment:
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@cache
def _text(name: str) -> str:
    return (resources.files("course_lib.grading") / name).read_text("utf-8")
