import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.plots.flow import rows_by_fate

ROWS = st.integers(0, 10**15)


@settings(max_examples=25, deadline=None)
@given(ROWS, ROWS, ROWS, st.integers(-5, 5), st.dictionaries(st.text(st.characters(), max_size=30), ROWS, max_size=20))
def test_any_flow_is_a_sound_picture(sound, silver, quarantined, duplicate, lost, reasons):
    sound(rows_by_fate(max(silver + quarantined + duplicate + lost, 0), silver, quarantined, duplicate, reasons))


def test_fates_are_drawn_to_one_scale():
    svg = rows_by_fate(1000, 500, 300, 200, {"negative_fare": 300}).svg(1040, "k")
    heights = {
        name: float(re.search(rf'height="([\d.]+)"[^>]*class="f-{name}"', svg).group(1))
        for name in ("kept", "refused", "repeated", "read")
    }

    assert heights["kept"] / heights["refused"] == pytest.approx(5 / 3, rel=1e-3)
    assert heights["kept"] / heights["repeated"] == pytest.approx(5 / 2, rel=1e-3)
    assert heights["kept"] + heights["refused"] + heights["repeated"] == pytest.approx(heights["read"], rel=1e-3)


@pytest.mark.parametrize(
    ("read", "silver", "quarantined", "duplicate", "reasons", "title"),
    [
        pytest.param(0, 0, 0, 0, {}, "No rows were read", id="nothing read"),
        pytest.param(1, 1, 0, 0, {}, "The one row read is kept", id="one row"),
        pytest.param(9, 9, 0, 0, {}, "Every row read is kept", id="all kept"),
        pytest.param(9, 0, 0, 9, {}, "Not one row is kept; the others repeat a row, none is refused", id="all repeats"),
        pytest.param(9, 0, 9, 0, {"refund": 9}, "Not one row is kept; refused most often: refund (100\u202f% of "
                     "quarantined rows)", id="none kept"),
        pytest.param(9, 8, 1, 0, {}, "88.9\u202f% of the rows read are kept; 11.1\u202f% are quarantined",
                     id="no reasons"),
        pytest.param(10, 8, 1, 0, {}, "1 of 10 rows are unaccounted for", id="a row is lost"),
        pytest.param(8, 8, 1, 0, {}, "1 of 8 rows are counted twice", id="a row is counted twice"),
    ],
)  # fmt: skip
def test_the_title_is_true_in_odd_runs(read, silver, quarantined, duplicate, reasons, title, sound):
    assert sound(rows_by_fate(read, silver, quarantined, duplicate, reasons)).title == title


def test_rows_with_several_reasons_are_said_to_have_them():
    assert "10 rows break 15 rules" in rows_by_fate(90, 80, 10, 0, {"a": 10, "b": 5}).note
    assert rows_by_fate(90, 80, 10, 0, {"a": 10}).note == ""


def test_a_sum_of_reasons_has_no_share():
    svg = rows_by_fate(100, 0, 100, 0, {f"rule_{i:02}": 100 for i in range(20)}).svg(1040)

    assert "13 more" in svg
    assert "1,300" in svg
    assert svg.count("100\u202f%") == 7 + 2  # seven rules have a share, and so has the fate, as tip and as label


def test_hostile_reasons_are_text():
    svg = rows_by_fate(3, 0, 3, 0, {"</svg><script>alert(1)</script>": 3}).svg(1040)

    assert "<script" not in svg
