"""How does a reader turn a knob and see what it does, and what do they see where nothing can be turned?

`explore(draw, load=(0.1, 0.95, 0.05))` shows what `draw(load=...)` returns, with a slider for each argument. The
picture is an output of its own, HTML and PNG with its alt text: there it stays, also in a file that is only read (HTML,
a repository's view, a notebook opened again). Above it is room for sliders. They need a page that runs widgets; a
kernel cannot see its page, so it asks: two hidden numbers are linked in the page, and when the copy comes back somebody
is there, and the sliders appear. A run without a page never shows a widget.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

Draw = Callable[..., Any]


@dataclass(frozen=True)
class Knob:
    """One argument of the drawing: what it starts at, and what it may be."""

    name: str
    start: Any
    label: str
    low: float | int | None = None  # a slider from low to high
    high: float | int | None = None
    step: float | int | None = None
    choices: tuple[Any, ...] = ()  # or one of these; True and False make a tick box


def explore(
    draw: Draw,
    /,
    *,
    alt: str | Callable[..., str] | None = None,
    labels: Mapping[str, str] | None = None,
    **knobs: Any,
) -> None:
    """Show what `draw` returns, with a control for each of its arguments.

    draw    takes the knobs by name, returns a figure, axes, a Picture, or anything a notebook can show
    alt     what the picture shows; a function of the knobs says it for each setting. Without it the figure's own title
            and axes are told
    labels  the words beside a control, with the unit: {"load": "load [jobs/s]"}
    knobs   (low, high) or (low, high, step) for a slider, a list for a choice, True or False for a tick box.
            It starts at the default of that argument of `draw`, else in the middle (of a list: at the first)
    """
    from IPython.display import display

    turned = [knob(name, told, draw, (labels or {}).get(name)) for name, told in knobs.items()]
    content, about = still(draw, {k.name: k.start for k in turned}, alt)
    live = _has_kernel()
    room = display({"text/html": "", "text/plain": ""}, raw=True, display_id=True) if live else None
    picture = display(content, metadata=about, raw=True, display_id=True)
    if room is not None:
        _when_somebody_looks(lambda: _go_live(room, picture, draw, turned, alt))


def knob(name: str, told: Any, draw: Draw, label: str | None = None) -> Knob:
    """The control that `told` asks for. Raises ValueError with what is allowed.

    >>> knob("load", (0.0, 1.0, 0.25), lambda load=0.5: None)
    Knob(name='load', start=0.5, label='load', low=0.0, high=1.0, step=0.25, choices=())
    """
    words = label or name.replace("_", " ")
    default = inspect.signature(draw).parameters.get(name)
    start = None if default is None or default.default is inspect.Parameter.empty else default.default
    if isinstance(told, bool):
        return Knob(name, told if start is None else bool(start), words, choices=(False, True))
    if isinstance(told, tuple) and len(told) in (2, 3) and all(_is_number(part) for part in told):
        low, high, *rest = told
        whole = all(isinstance(part, int) for part in told)
        step = rest[0] if rest else (1 if whole else (high - low) / 20)
        if not (low < high and step > 0):
            raise ValueError(f"{name}: a slider needs low < high and a step above 0, not {told}")
        if start is None:
            start = low + int((high - low) / step / 2 + 1e-9) * step
            start = start if whole else round(start, 12)
        if not low <= start <= high:
            raise ValueError(f"{name}: starts at {start}, outside of {low} to {high}")
        return Knob(name, start, words, low, high, step)
    if isinstance(told, list) and told:
        if start is not None and start not in told:
            raise ValueError(f"{name}: starts at {start!r}, which is none of {told}")
        return Knob(name, told[0] if start is None else start, words, choices=tuple(told))
    raise ValueError(f"{name}: (low, high, step) for a slider, a list for a choice, True or False, not {told!r}")


def still(
    draw: Draw, values: Mapping[str, Any], alt: str | Callable[..., str] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `draw` returns for `values`, as an output that needs no kernel: contents and metadata by MIME type."""
    from course_lib.plots import notebook

    drawn = draw(**values)
    said = alt(**values) if callable(alt) else alt
    figure = _figure(drawn)
    if figure is not None:
        import matplotlib.pyplot as plt

        if said:
            notebook.describe(figure, said)
        try:
            return notebook.bundle(figure)
        finally:
            plt.close(figure)  # or the end of the cell shows it a second time
    html = getattr(drawn, "_repr_html_", None)
    if html is not None:
        return {"text/html": str(_labelled(html(), said)), "text/plain": said or str(drawn)}, {}
    return {"text/html": str(Markup("<pre>{}</pre>").format(drawn)), "text/plain": str(drawn)}, {}


def _go_live(room: Any, picture: Any, draw: Draw, turned: Sequence[Knob], alt: str | Callable[..., str] | None) -> None:
    """Put the controls into their room, and let the picture follow them."""
    import ipywidgets as widgets

    controls = {k.name: _widget(k) for k in turned}

    def redraw(_: Any = None) -> None:
        values = {name: control.value for name, control in controls.items()}
        try:
            content, about = still(draw, values, alt)
        except Exception as error:  # a setting that cannot be drawn is told where the picture would be
            told = ", ".join(f"{name} = {value}" for name, value in values.items())
            words = f"No picture for {told}: {type(error).__name__}: {error}"
            content, about = {"text/html": str(Markup("<p>{}</p>").format(words)), "text/plain": words}, {}
        picture.update(content, metadata=about, raw=True)

    for control in controls.values():
        control.observe(redraw, "value")
    view = widgets.VBox([*controls.values()])._repr_mimebundle_()
    view = view[0] if isinstance(view, tuple) else view
    only = {kind: told for kind, told in view.items() if "widget" in kind}
    room.update({"text/html": "", "text/plain": "", **only}, raw=True)


def _when_somebody_looks(then: Callable[[], None]) -> None:
    """Do `then` once a page that runs widgets answers; never, where none does."""
    import ipywidgets as widgets

    asked, answer = widgets.IntText(1), widgets.IntText(0)
    link = widgets.jsdlink((asked, "value"), (answer, "value"))

    def answered(_: Any) -> None:
        answer.unobserve_all()
        then()
        for widget in (link, asked, answer):
            widget.close()

    answer.observe(answered, "value")


def _widget(of: Knob) -> Any:
    import ipywidgets as widgets

    wide = {"description_width": "initial"}
    room = widgets.Layout(width="min(100%, 520px)")
    if of.choices == (False, True):
        return widgets.Checkbox(bool(of.start), description=of.label, indent=False)
    if of.choices:
        kind = widgets.ToggleButtons if len(of.choices) <= 4 else widgets.Dropdown
        options = [(str(choice), choice) for choice in of.choices]
        return kind(options=options, value=of.start, description=of.label, style=wide)
    kind = widgets.IntSlider if all(isinstance(v, int) for v in (of.low, of.high, of.step)) else widgets.FloatSlider
    return kind(of.start, min=of.low, max=of.high, step=of.step, description=of.label, style=wide, layout=room)


def _figure(drawn: Any) -> Any:
    """The matplotlib figure that was drawn: returned, the figure of returned axes, or the one that lies open."""
    import sys

    if "matplotlib" not in sys.modules:
        return None
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    if isinstance(drawn, Figure):
        return drawn
    if isinstance(drawn, Axes):
        return drawn.figure
    if drawn is None:
        import matplotlib.pyplot as plt

        if plt.get_fignums():
            return plt.gcf()
        raise ValueError("the drawing returned nothing and left no figure open; let it return its figure")
    first = drawn[0] if isinstance(drawn, tuple) and drawn else getattr(drawn, "flat", [None])[0]
    return _figure(first) if isinstance(first, Axes | Figure) else None


def _labelled(html: str, said: str | None) -> Markup:
    if not said:
        return Markup(html)  # noqa: S704  what the drawing itself shows in a notebook
    return Markup('<div role="img" aria-label="{}">{}</div>').format(said, Markup(html))  # noqa: S704


def _has_kernel() -> bool:
    from IPython.core.getipython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
