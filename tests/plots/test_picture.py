import xml.etree.ElementTree as ET

from course_lib.plots.flow import rows_by_fate
from course_lib.plots.picture import nothing

HOSTILE = '<script>alert("&")</script>'


def test_a_picture_shows_itself_in_a_notebook_with_its_numbers():
    root = ET.fromstring(rows_by_fate(10, 8, 1, 1, {HOSTILE: 1})._repr_html_())  # noqa: S314  our own text

    assert root.find("h4").text.startswith("80")
    assert [cell.text for cell in root.iter("th")][:3] == ["rows", "count", "share of rows read"]
    assert root.find("{http://www.w3.org/2000/svg}svg") is not None


def test_a_picture_is_saved_as_a_file_of_its_own(tmp_path, sound):
    picture = sound(rows_by_fate(10, 8, 1, 1, {"refund": 1}))
    picture.save(tmp_path / "flow.svg")

    ET.fromstring((tmp_path / "flow.svg").read_text())  # noqa: S314  our own text


def test_no_data_is_told_and_not_drawn_as_zero(sound):
    picture = sound(nothing("There is no model", HOSTILE))

    assert "script&gt;" in picture.svg()
    assert picture.table() == ""
