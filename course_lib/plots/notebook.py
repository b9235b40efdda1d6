"""How do the chapters' matplotlib figures look, and how do they keep their words?

`style()` in a set-up cell sets the house style and makes every figure show itself as `<img alt="...">`: JupyterLab's
own renderer of images drops an alt text, so the picture goes out as HTML, with the plain PNG (and the same words in
its metadata) beside it for what shows no HTML. Pictures are white in dark themes too: they are made for print.
"""

from __future__ import annotations

import base64
import io
import sys
from typing import Any

from markupsafe import Markup

from course_lib.plots import alt
from course_lib.plots.palette import COLOURS, GROUND, INK, MUTED, RULE

WIDTH = 7.6  # inches, the text column of a notebook
HEIGHT = 3.6
_SCREEN, _SHARP = 100, 1.6  # CSS pixels an inch; image pixels a CSS pixel

# The order in which lines take their colours: apart in lightness too, so they survive grey and colour blindness.
CYCLE = tuple(COLOURS[name].light for name in ("kept", "refused", "repeated", "lost", "warned", "met"))
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (3, 1)))

_current: dict[str, str] = {"cell": ""}  # the text of the cell that runs now


def colour(name: str) -> str:
    """The light colour of a meaning in course_lib/plots/palette.py: "kept", "refused", "model", ...

    >>> colour("kept")
    '#1d5a9e'
    """
    named = {**COLOURS, "ink": INK, "muted": MUTED, "rule": RULE, "ground": GROUND}
    if name not in named:
        raise ValueError(f"no colour {name!r}; there are {', '.join(named)}")
    return named[name].light


def settings() -> dict[str, Any]:
    """The house style as matplotlib's rcParams."""
    from cycler import cycler

    return {
        "figure.figsize": (WIDTH, HEIGHT),
        "figure.dpi": _SCREEN,
        "figure.facecolor": GROUND.light,
        "figure.constrained_layout.use": True,
        "savefig.facecolor": GROUND.light,
        "savefig.dpi": _SCREEN * _SHARP,
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],  # matplotlib's own, so that pictures are alike everywhere
        "font.size": 10,
        "text.color": INK.light,
        "axes.titlesize": 12,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlecolor": INK.light,
        "axes.titlepad": 10,
        "axes.labelsize": 10,
        "axes.labelcolor": MUTED.light,
        "axes.edgecolor": MUTED.light,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "grid.color": RULE.light,
        "grid.linewidth": 0.8,
        "xtick.color": MUTED.light,
        "ytick.color": MUTED.light,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "lines.linewidth": 2.0,
        "lines.markersize": 5,
        "patch.linewidth": 0.0,
        "image.cmap": "cividis",  # made to be the same to colour-blind eyes
        "axes.prop_cycle": cycler(color=CYCLE) + cycler(linestyle=_DASHES),
        "axes.formatter.useoffset": False,
        "svg.hashsalt": "course",
    }


def style() -> None:
    """Set the house style for this notebook's matplotlib figures, and give every figure its alt text."""
    import matplotlib as mpl

    mpl.rcParams.update(settings())  # type: ignore[arg-type]  # the stub knows the names only as literals
    if "IPython" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        return
    from matplotlib.figure import Figure

    shell.display_formatter.mimebundle_formatter.for_type(Figure, bundle)
    if _remember not in shell.events.callbacks["pre_run_cell"]:
        shell.events.register("pre_run_cell", _remember)


def describe(figure: Any, words: str) -> None:
    """Say what `figure` shows, for who does not see it; goes before the words made of its title and axes."""
    figure._course_alt = " ".join(words.split())


def words(figure: Any) -> str:
    """The alt text of a figure: what describe() said, else what its cell says, else its own title and axes."""
    said = getattr(figure, "_course_alt", None) or alt.of_cell(_current["cell"])
    return said or alt.of_figure(figure)


def png(figure: Any) -> tuple[bytes, int]:
    """A figure as PNG, and its width in CSS pixels."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_SCREEN * _SHARP, bbox_inches="tight", pad_inches=0.12)
    data = file.getvalue()
    return data, round(int.from_bytes(data[16:20], "big") / _SHARP)  # the width stands in the header


def image(data: bytes, width: int, said: str) -> Markup:
    """A PNG as HTML, never wider than its column."""
    return Markup(
        '<img alt="{}" width="{}" src="data:image/png;base64,{}" '
        'style="max-width:100%;height:auto;background:#fff;border-radius:4px">'
    ).format(said, width, base64.b64encode(data).decode())


def bundle(figure: Any, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a figure sends to a notebook: HTML, PNG and text, and the metadata of the PNG."""
    said = words(figure)
    data, width = png(figure)
    content = {
        "text/html": str(image(data, width, said)),
        "image/png": base64.b64encode(data).decode(),
        "text/plain": said,
    }
    return content, {"image/png": {"alt": said, "width": width}}


def _remember(info: Any) -> None:
    _current["cell"] = info.raw_cell or ""
