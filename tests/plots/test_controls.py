"""A control is a picture where no page runs, sliders where one does, and never both."""

import re
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbclient
import nbconvert
import nbformat
import pytest
from ipywidgets.widgets.widget import _instances

from course_lib.exercises.lab import settle
from course_lib.plots import controls
from course_lib.plots.controls import Knob, explore, knob, still

mpl.use("agg")


def line(load: float = 0.5, servers: int = 1):
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.set(title=f"load {load}, servers {servers}", xlabel="x [1]", ylabel="y [1]")
    return figure


@pytest.fixture(autouse=True)
def no_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize(
    ("told", "default", "expected"),
    [
        ((0.0, 1.0, 0.25), 0.75, Knob("k", 0.75, "k", 0.0, 1.0, 0.25)),
        ((0.0, 1.0), None, Knob("k", 0.5, "k", 0.0, 1.0, 0.05)),
        ((1, 4), None, Knob("k", 2, "k", 1, 4, 1)),
        (["a", "b"], None, Knob("k", "a", "k", choices=("a", "b"))),
        (["a", "b"], "b", Knob("k", "b", "k", choices=("a", "b"))),
        (True, None, Knob("k", True, "k", choices=(False, True))),
        (False, True, Knob("k", True, "k", choices=(False, True))),
    ],
)
def test_a_knob_is_what_was_asked_for(told: Any, default: Any, expected: Knob):
    def with_default(k=default):
        return k

    def without(k):
        return k

    assert knob("k", told, without if default is None else with_default) == expected


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((1.0, 0.0), "low < high"),
        ((0.0, 1.0, 0.0), "a step above 0"),
        ((0.0, 0.4), "starts at 0.5, outside"),
        ((1,), r"\(low, high, step\) for a slider"),
        ([], "for a slider"),
        (3, "for a slider"),
        (["a"], "none of"),
        ((True, False), "for a slider"),
    ],
)
def test_a_knob_that_cannot_be_says_what_can(told: Any, said: str):
    with pytest.raises(ValueError, match=said):
        knob("load", told, line)


def test_a_still_picture_is_drawn_at_the_first_values_and_closed():
    content, about = still(line, {"load": 0.25, "servers": 2})

    assert '<img alt="load 0.25, servers 2. across: x [1]; up: y [1]."' in content["text/html"]
    assert about["image/png"]["alt"].startswith("load 0.25")
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda: plt.subplots()[1], id="axes"),
        pytest.param(lambda: plt.subplots(), id="a figure and its axes"),
        pytest.param(lambda: plt.subplots(1, 2)[1], id="an array of axes"),
        pytest.param(lambda: plt.plot([1]) and None, id="nothing, with a figure open"),
    ],
)
def test_a_drawing_may_return_what_matplotlib_gives(draw):
    assert "<img" in still(draw, {})[0]["text/html"]
    assert plt.get_fignums() == []


def test_a_drawing_may_be_anything_a_notebook_shows():
    class Page:
        def _repr_html_(self) -> str:
            return "<svg></svg>"

    assert still(Page, {}, "a line")[0]["text/html"] == '<div role="img" aria-label="a line"><svg></svg></div>'
    assert still(lambda: "1 < 2", {})[0]["text/html"] == "<pre>1 &lt; 2</pre>"


def test_a_drawing_that_leaves_nothing_is_told():
    with pytest.raises(ValueError, match="let it return its figure"):
        still(lambda: None, {})


def test_words_may_follow_the_knobs():
    told = still(line, {"load": 0.5, "servers": 3}, lambda load, servers: f"{servers} at {load}")[0]["text/plain"]

    assert told == "3 at 0.5"


class Handle:
    """Stands for an output on the page."""

    def __init__(self) -> None:
        self.shown: list[dict] = []

    def update(self, content: dict, **_: Any) -> None:
        self.shown.append(content)


def live(draw, *knobs: Knob) -> tuple[tuple, Handle, Handle]:
    """The widgets of a control that somebody looks at, their room, and the picture."""
    room, picture = Handle(), Handle()
    controls._go_live(room, picture, draw, knobs, None)
    box = _instances[room.shown[0]["application/vnd.jupyter.widget-view+json"]["model_id"]]
    return box.children, room, picture


def test_sliders_come_above_the_picture_and_redraw_it():
    (slider, choice), room, picture = live(line, knob("load", (0.0, 1.0, 0.25), line), knob("servers", [1, 2], line))

    assert picture.shown == [], "the still picture stays until something is moved"
    assert room.shown[0]["text/plain"] == room.shown[0]["text/html"] == "", "nothing in its place without a page"
    slider.value = 0.75
    choice.value = 2
    assert "load 0.75, servers 1" in picture.shown[0]["text/html"]
    assert picture.shown[1]["text/plain"].startswith("load 0.75, servers 2")
    assert "image/png" in picture.shown[1]


def test_a_setting_that_cannot_be_drawn_is_told_in_the_place_of_the_picture():
    def fragile(load: float = 0.5):
        if load > 0.6:
            raise ZeroDivisionError("<too much>")
        return line(load)

    (slider,), _, picture = live(fragile, knob("load", (0.0, 1.0, 0.25), fragile))
    slider.value = 0.75

    assert picture.shown[-1]["text/html"] == "<p>No picture for load = 0.75: ZeroDivisionError: &lt;too much&gt;</p>"
    slider.value = 0.25
    assert "<img" in picture.shown[-1]["text/html"]


def test_without_a_kernel_there_is_a_picture_and_no_widget(capsys: pytest.CaptureFixture[str]):
    explore(line, load=(0.0, 1.0, 0.25))

    assert "load 0.5" in capsys.readouterr().out


CODE = """\
import matplotlib.pyplot as plt
from course_lib.plots.controls import explore
from course_lib.plots.notebook import style
style()
def line(load=0.5):
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.set(title=f"load {load}", xlabel="x [1]", ylabel="y [1]")
    return figure
explore(line, load=(0.0, 1.0, 0.25))
"""


def test_an_executed_notebook_shows_the_picture_once_as_html(tmp_path, monkeypatch: pytest.MonkeyPatch):
    for name, value in settle(tmp_path).items():
        monkeypatch.setenv(name, value)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)])
    nbclient.NotebookClient(book, kernel_name="python3").execute()
    room, output = book.cells[0].outputs
    page = nbconvert.HTMLExporter().from_notebook_node(book)[0]
    body = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)

    assert room["data"] == {"text/html": "", "text/plain": ""}
    assert set(output["data"]) == {"text/html", "image/png", "text/plain"}
    assert output["metadata"]["image/png"]["alt"] == "load 0.5. across: x [1]; up: y [1]."
    assert re.findall(r'<img\s+alt="([^"]*)"', body) == ["load 0.5. across: x [1]; up: y [1]."]
    assert body.count("data:image/png") == 1
    assert "widget-view" not in body
