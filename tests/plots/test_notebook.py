"""Figures of the chapters look alike and keep their words."""

import base64
import re
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import settings as at_most
from hypothesis import strategies as st

from course_lib.plots import alt, notebook
from course_lib.plots.notebook import CYCLE, bundle, colour, describe, settings, style, words


@pytest.fixture(autouse=True)
def clean():
    """The house style, for one test."""
    with mpl.rc_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(alt, "_BY_CELL", [])
        patch.setitem(notebook._current, "cell", "")
        mpl.use("agg")
        mpl.rcParams.update(settings())
        yield
        plt.close("all")


def drawn():
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3], label="measured")
    axes.set(title="It rises", xlabel="time [s]", ylabel="trips")
    axes.legend()
    return figure


def test_the_style_is_set_without_a_notebook():
    mpl.rcParams["axes.titlelocation"] = "center"
    style()

    assert mpl.rcParams["axes.titlelocation"] == "left"


def test_colours_are_those_of_the_palette():
    assert colour("kept") == "#1d5a9e"
    assert len(set(CYCLE)) == len(CYCLE)
    with pytest.raises(ValueError, match="no colour 'blue'; there are read, kept"):
        colour("blue")


def test_lines_differ_in_dash_too():
    axes = plt.subplots()[1]
    lines = [axes.plot([i])[0] for i in range(6)]

    assert len({str(line.get_linestyle()) + str(line._unscaled_dash_pattern) for line in lines}) == 6


def test_a_figure_says_its_title_axes_and_lines():
    assert words(drawn()) == "It rises. across: time [s]; up: trips. Shown: measured."


def test_what_is_said_of_a_figure_goes_first():
    figure = drawn()
    alt.tell_cells({"plot()": "from the cell"}.get)
    notebook._current["cell"] = " plot()\n"

    assert words(figure) == "from the cell"
    describe(figure, "  from\n the code ")
    assert words(figure) == "from the code"


def test_a_changed_cell_is_told_by_its_figure():
    alt.tell_cells({"plot()": "from the cell"}.get)
    notebook._current["cell"] = "plot(2)"

    assert words(drawn()).startswith("It rises")


def test_a_figure_without_words_is_a_picture():
    assert words(plt.figure()) == "A picture."


def test_a_figure_goes_out_as_html_with_its_words_and_as_png():
    content, about = bundle(drawn())
    [(told, width, data)] = re.findall(
        r'<img alt="([^"]*)" width="(\d+)" src="data:image/png;base64,([^"]*)"', content["text/html"]
    )

    assert told == content["text/plain"] == about["image/png"]["alt"]
    assert data == content["image/png"]
    assert base64.b64decode(data).startswith(b"\x89PNG")
    assert 600 < int(width) < 800


@at_most(max_examples=20)
@given(st.text(max_size=40))
def test_no_word_breaks_the_page(text: str):
    figure = plt.figure(figsize=(1, 1))
    describe(figure, text)
    page = bundle(figure)[0]["text/html"]
    plt.close(figure)

    assert page.count("<") == page.count(">") == 1


def test_the_words_of_two_axes_are_both_told():
    figure, (left, right) = plt.subplots(1, 2)
    left.set(title="One", xlabel="a [s]")
    right.set(title="Two")
    figure.suptitle("Both")

    assert words(figure) == "Both. One. across: a [s]. Two."


def test_importing_the_style_imports_no_matplotlib():
    import subprocess

    code = "import sys, course_lib.plots.notebook, course_lib.plots.controls; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
