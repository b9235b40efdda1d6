"""How does the workshop frame what it says in a notebook?

A card: a coloured edge, a sign, a head, and parts below. Colours are JupyterLab's own variables with a fallback, so
they follow its theme; a sign and a word say the same as the colour.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

Tone = Literal["good", "bad", "warn", "calm"]

FAINT = Markup("var(--jp-layout-color2, #eef1f4)")
_INK = Markup("var(--jp-content-font-color1, #1a2028)")
_QUIET = Markup("var(--jp-content-font-color2, #56616e)")
_LINE = Markup("var(--jp-border-color2, #dde2e8)")
TONES: dict[Tone, Markup] = {
    "good": Markup("var(--jp-success-color1, #0f6b8f)"),
    "bad": Markup("var(--jp-error-color1, #a3123a)"),
    "warn": Markup("var(--jp-warn-color1, #cf5c00)"),
    "calm": Markup("var(--jp-info-color1, #1d5a9e)"),
}
_CARD = Markup(
    '<div style="border:1px solid {line};border-left:4px solid {colour};border-radius:4px;padding:10px 14px;'
    "margin:4px 0;max-width:820px;color:{ink};line-height:1.5;"
    'font-family:var(--jp-content-font-family, system-ui, sans-serif)">'
    '<div style="display:flex;gap:10px;align-items:baseline">'
    '<span aria-hidden="true" style="color:{colour};font-weight:bold">{sign}</span>'
    '<span style="flex:1">{head}</span>'
    '<span style="color:{quiet};white-space:nowrap">{right}</span></div>{body}</div>'
)
_PARAGRAPH = Markup('<p style="margin:6px 0 0;white-space:pre-wrap;color:{}">{}</p>')
_PRE = Markup(
    '<pre style="margin:6px 0 0;padding:6px 10px;background:{};border-radius:4px;overflow-x:auto;'
    "font-family:var(--jp-code-font-family, monospace);font-size:var(--jp-code-font-size, 13px);"
    'line-height:1.4">{}</pre>'
)
_NAME = Markup('<code style="background:{};padding:0 3px;border-radius:3px">{}</code>')
_FOLD = Markup(
    '<details style="margin:6px 0 0"><summary style="cursor:pointer;color:{}">{}</summary>'
    '<ol style="margin:0">{}</ol></details>'
)


@dataclass(frozen=True)
class Shown:
    """Something to read: HTML in a notebook, plain text everywhere else."""

    text: str
    html: Markup

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return str(self.html)


def card(sign: str, head: Markup, right: str, tone: Tone, parts: Iterable[Markup]) -> Markup:
    """A card with `parts` below its head."""
    return _CARD.format(
        line=_LINE, colour=TONES[tone], ink=_INK, quiet=_QUIET, sign=sign, head=head, right=right,
        body=Markup("").join(parts),
    )  # fmt: skip


def paragraph(text: str, quiet: bool = False) -> Markup:
    """A paragraph, its line ends kept; nothing where there is no text."""
    return _PARAGRAPH.format(_QUIET if quiet else "inherit", marked(text)) if text else Markup("")


def code(text: str) -> Markup:
    """Lines of code."""
    return _PRE.format(FAINT, text) if text else Markup("")


def numbered(lines: Iterable[tuple[int, str, bool]]) -> Markup:
    """Lines of code with their numbers; an arrow stands at those that are meant."""
    here, other = Markup("<strong>→ {:>3}  {}</strong>"), Markup("  {:>3}  {}")
    return _PRE.format(FAINT, Markup("\n").join((here if this else other).format(n, text) for n, text, this in lines))


def folded(summary: str, items: Iterable[Markup]) -> Markup:
    """A numbered list that opens on a click."""
    return _FOLD.format(_QUIET, summary, Markup("").join(Markup("<li>{}</li>").format(item) for item in items))


def prose(text: str) -> Markup:
    """Paragraphs with `names`, **words**, and code in ``` fences or indented by four.

    >>> str(prose("Sort:\\n\\n    sorted(values)")).count("<pre")
    1
    """
    pattern = re.compile(r"(```[\s\S]*?```|(?:^ {4}.*(?:\n|\Z)|^[ ]*\n(?= {4}))+)", re.MULTILINE)
    found = Markup("")
    for part in pattern.split(textwrap.dedent(text).strip("\n")):
        if part.startswith("```"):
            found += code(re.sub(r"\A```\w*\n?|\n?```\Z", "", part))
        elif part.lstrip("\n").startswith("    "):
            found += code(textwrap.dedent(part).strip("\n"))
        else:
            found += paragraph(part.strip())
    return found


def marked(text: str) -> Markup:
    """`names` as code and **words** in bold; everything else is escaped.

    >>> str(marked("a **b** <c>"))
    'a <strong>b</strong> &lt;c&gt;'
    """
    found = Markup("")
    for part in re.split(r"(`[^`\n]+`|\*\*[^*\n]+\*\*)", text):
        if part.startswith("`") and len(part) > 2:
            found += _NAME.format(FAINT, part[1:-1])
        elif part.startswith("**") and len(part) > 4:
            found += Markup("<strong>{}</strong>").format(part[2:-2])
        else:
            found += escape(part)
    return found
