"""What does the comparison draw?"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from course_lib.cli import app
from course_lib.engines import comparing, comparing_picture
from course_lib.engines.comparing import Line
from course_lib.engines.registry import KINDS

SVG = "{http://www.w3.org/2000/svg}"
DASK = Line("Dask", "2026", "compute", True, 2.0, 0.5, 300_000_000, 60, "")
FLINK = Line("Apache Flink", "2.3", "compute", True, 31.0, 4.0, 1_500_000_000, 100, "")
WRONG = Line("Other", "1", "store", False, None, None, None, 40, "line 3 is 'c' instead of 'b'")
ABSENT = Line("Third", "3", "serve", None, None, None, None, 50, "install it")


def texts(picture: comparing_picture.Picture, width: float = 860) -> list[str]:
    """Every text of the drawing, tips left out."""
    root = ElementTree.fromstring(str(picture.svg(width)))  # noqa: S314  # our own
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_the_drawing_has_a_bar_for_each_engine_with_all_that_was_measured():
    drawn = texts(comparing_picture.picture([FLINK, DASK, ABSENT]))

    assert [text for text in drawn if text in ("Dask", "Apache Flink")] == ["Dask", "Apache Flink"]
    [told] = [text for text in drawn if text.startswith("2") and "lines" in text]
    assert told.replace("\u202f", " ") == "2 s · again 500 ms · 300 MB · 60 lines"
    assert "Third" not in drawn


def test_the_finding_names_who_does_not_agree_before_who_is_fast():
    assert "not agree: Other" in comparing_picture.picture([DASK, FLINK, WRONG]).title
    assert "in 2\u202fs from Dask" in comparing_picture.picture([DASK, FLINK]).title
    assert comparing_picture.picture([DASK]).title == "1 contract holds"
    assert comparing_picture.picture([ABSENT]).title == "Nothing was compared"


TIMES = st.none() | st.floats(0, 1e5)
LINES = st.lists(
    st.builds(
        Line,
        st.text(max_size=40),
        st.text(max_size=9),
        st.sampled_from(KINDS),
        st.sampled_from([True, False, None]),
        TIMES,
        TIMES,
        st.none() | st.integers(0, 10**12),
        st.integers(0, 999),
        st.text(max_size=9),
    ),
    max_size=20,
)


@given(LINES, st.sampled_from([320, 860]))
def test_whatever_was_measured_is_drawn_within_the_picture(lines, width):
    root = ElementTree.fromstring(str(comparing_picture.picture(lines).svg(width)))  # noqa: S314

    _, _, wide, high = map(float, root.attrib["viewBox"].split())
    bottoms = [float(chart.attrib["transform"].split()[1].rstrip(")")) for chart in root.iter(f"{SVG}g")]
    heights = [float(chart[0].attrib["height"]) for chart in root.iter(f"{SVG}g")]
    assert wide == width
    assert all(at + tall <= high for at, tall in zip(bottoms, heights, strict=True))


@pytest.mark.parametrize("lines", [[DASK, FLINK, WRONG], [ABSENT]])
def test_the_readme_gets_the_table_and_the_drawing_beside_it(lines, tmp_path: Path):
    readme = tmp_path / "README.md"
    readme.write_text("<!-- compare: begin -->\n<!-- compare: end -->\n")

    comparing.keep(readme, lines, 1_000)
    comparing.keep(readme, lines, 1_000)

    assert readme.read_text().count("](compare.svg)") == 1
    assert (tmp_path / "compare.svg").read_text().startswith("<svg")


def test_the_command_draws_where_it_is_told(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(comparing, "measure", lambda *_: [DASK, FLINK])

    ran = CliRunner().invoke(app, ["engines", "compare", "--picture", str(tmp_path / "a.svg")])

    assert ran.exit_code == 0
    assert (tmp_path / "a.svg").read_text().startswith("<svg")


def test_a_drawing_that_cannot_be_written_is_one_sentence(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(comparing, "measure", lambda *_: [DASK, FLINK])

    ran = CliRunner().invoke(app, ["engines", "compare", "--picture", str(tmp_path)])

    assert ran.exit_code not in (0, None)
    assert "Traceback" not in ran.output
