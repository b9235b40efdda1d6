import dataclasses
import re
from datetime import datetime
from html.parser import HTMLParser

import pyarrow as pa
import pytest

from course_lib.reports.data import ZONE_HOUR
from course_lib.reports.html import FILES, SECTIONS, render

HOSTILE = "<script>alert(1)</script>\"'&</td></svg>\u202egnp.exe\x00\ud800"
WEIGHT = 1_500_000  # bytes
VOID = {"meta", "col", "br", "img", "input", "link", "hr"}
NO_MODEL = {"model": None, "model_skipped": "12 usable trips; a model needs 1,000"}


class Page(HTMLParser):
    """A page as a list of elements; fails where a tag is not closed by its own end."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found, self.open, self.words = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.found if name == tag]

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.words).replace("\u202f", " "))


@pytest.fixture(scope="module")
def parsed(page):
    return Page(page)


def one_trip():
    row = {"hour": datetime(2024, 1, 31, 8), "zone": 74, "trips": 1, "fare_cents": 1, "distance_m": 1, "seconds": 1,
           "max_fare_cents": 1}  # fmt: skip
    return pa.Table.from_pylist([row], schema=ZONE_HOUR)


def empty(make, **changes):
    nothing = dict.fromkeys(("rows_read", "rows_silver", "rows_quarantined", "rows_duplicate"), 0)
    run = (
        nothing
        | {"quarantine_reasons": {}, "warnings": {}, "files": [], "steps": [], "digest": ""}
        | NO_MODEL
        | changes
    )
    return dataclasses.replace(make(**run), zone_hour=ZONE_HOUR.empty_table())


def test_the_same_data_give_the_same_bytes(data, page, make):
    assert render(data) == page
    assert render(make()) == page


def test_nothing_is_fetched_and_nothing_runs(page, parsed):
    assert "script" not in {tag for tag, _ in parsed.found}
    assert not [attrs for _, attrs in parsed.found if attrs.keys() & {"src", "srcset", "data", "action", "style"}]
    assert not [name for _, attrs in parsed.found for name in attrs if name.startswith("on")]
    assert {attrs["href"][0] for attrs in parsed.all("a")} == {"#"}
    addresses = set(re.findall(r"[a-z]+://[^\"'\s<)]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, which nobody fetches
    assert not re.search(r"@import|url\((?!#)", page)
    (policy,) = (attrs["content"] for attrs in parsed.all("meta") if "http-equiv" in attrs)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_links_and_patterns_lead_somewhere_and_ids_are_unique(page, parsed):
    ids = [attrs["id"] for _, attrs in parsed.found if "id" in attrs]

    assert len(ids) == len(set(ids))
    assert {attrs["href"][1:] for attrs in parsed.all("a")} <= set(ids)
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)


def test_sections_come_in_their_order(parsed):
    assert [attrs["id"] for attrs in parsed.all("section")] == [name for name, _ in SECTIONS]


def test_every_picture_is_told_in_words_and_has_its_table(page):
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)

    assert len(figures) == 14
    for figure in figures:
        assert len(re.findall(r'<svg [^>]*aria-label="[^"]+"', figure)) == 2  # for a desk and for a phone
        assert re.search(r"<h3>[^<]+", figure)
        assert "<table>" in figure


def test_the_headline_says_what_came_in_and_whether_it_is_fit(parsed):
    for words in (
        "200,000 rows came in from 2 files; 191,900 are kept",
        "5,800 (2.9 %) are in quarantine",
        "2,300 (1.15 %) were displaced",
        "Fit to use",
        "all 9 quality targets are met",
        "errs by 214 s, 32.7 % less than the better baseline",
    ):
        assert words in parsed.text


def test_every_number_of_the_run_is_on_the_page(data, parsed):
    for n in (*data.quarantine_reasons.values(), *data.warnings.values(), *(f["rows_read"] for f in data.files)):
        assert f"{n:,}" in parsed.text
    for rule in (*data.quarantine_reasons, *data.warnings):
        assert rule in parsed.text
    for step in data.steps:
        assert step["name"] in parsed.text
    assert data.digest in parsed.text


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"quarantine_reasons": {HOSTILE: 5}, "warnings": {HOSTILE: 5}, "digest": HOSTILE,
                      "files": [{"path": HOSTILE + str(i), "rows_read": 2, "rows_silver": 1, "rows_quarantined": 1,
                                 "rows_duplicate": 0, "header": HOSTILE} for i in range(3)]}, id="names"),
        pytest.param({"model": None, "model_skipped": HOSTILE, "skipped": [{"path": HOSTILE, "why": HOSTILE}],
                      "steps": [{"name": HOSTILE, "seconds": 1.0, "tasks": 1, "reused": 0}]}, id="sentences"),
    ],
)  # fmt: skip
def test_hostile_text_stays_text(make, changes):
    text = render(make(**changes))

    assert "<script" not in text
    assert not set("\u202e\x00\ud800") & set(text)
    assert "\\u202egnp.exe" in text
    assert "script" not in {tag for tag, _ in Page(text).found}
    text.encode()


def test_hostile_names_of_zones_columns_examples_and_versions_stay_text(data):
    hostile = dataclasses.replace(
        data, zone_names=dict.fromkeys(range(1, 264), HOSTILE), versions={HOSTILE: HOSTILE},
        examples=dict.fromkeys(data.quarantine_reasons, HOSTILE),
        completeness={HOSTILE: data.completeness["pickup_zone"]},
    )  # fmt: skip
    text = render(hostile)

    assert "<script" not in text
    assert not set("\u202e\x00\ud800") & set(text)
    Page(text)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({}, ["No row was read", "There is nothing to use", "None was counted.", "No demand over time",
                          "There is no model", "No step was timed", "No file was read"], id="zero rows"),
        pytest.param({"rows_read": 5, "rows_quarantined": 5, "quarantine_reasons": {"refund": 5}},
                     ["none is kept", "There is nothing to use", "Not one row is kept"], id="all refused"),
        pytest.param({"rows_read": 5, "rows_silver": 4}, ["Do not use it", "1 row unaccounted for"], id="a row lost"),
        pytest.param({"rows_read": 5, "rows_silver": 6}, ["Do not use it", "1 row counted twice"], id="a row too many"),
        pytest.param({"rows_read": 5, "rows_silver": 5}, ["5 rows came in", "every one is kept", "12 usable trips"],
                     id="no demand"),
    ],
)  # fmt: skip
def test_odd_runs_are_told_as_they_are(make, changes, words):
    text = Page(render(empty(make, **changes))).text

    for expected in words:
        assert expected in text
    assert " nan" not in text.lower()
    assert "None was trained" not in text


def test_a_run_of_one_row_is_told(make):
    one = empty(make, rows_read=1, rows_silver=1)
    text = Page(render(dataclasses.replace(one, zone_hour=one_trip()))).text

    assert "1 row came in from 0 files, and every one is kept" in text
    assert "The one trip begins in zone 74" in text
    assert "All trips begin on a Wednesday" in text


def test_huge_numbers_are_told(make):
    huge = make(rows_read=10**30, rows_silver=10**30 - 5, rows_quarantined=5, rows_duplicate=0, seconds=1e12)
    text = Page(render(huge)).text

    assert "1.0e+30 rows came in" in text
    assert "<0.01 %" in text


def test_many_files_and_reasons_keep_the_page_light(make):
    files = [
        {"path": f"{'long/' * 30}yellow_tripdata_{i}.parquet", "rows_read": 1_000, "rows_silver": 1_000 - i % 97,
         "rows_quarantined": i % 97, "rows_duplicate": 0, "header": "yellow-2011"}
        for i in range(5_000)
    ]  # fmt: skip
    many = make(files=files, quarantine_reasons={f"rule_{i}": 1 + i for i in range(5_000)})
    text = render(many)

    assert len(text.encode()) < WEIGHT
    assert text.count('<th scope="row"><bdi') == FILES
    assert f"{5_000 - FILES:,} more files" in text
    shown = sum(int(n.replace(",", "")) for n in re.findall(r'data-label="kept" class="number">([\d,]+)<', text))
    assert shown == sum(file["rows_silver"] for file in files)


def test_five_hundred_files_of_a_usual_run_are_light(make):
    files = [
        {"path": f"data/yellow_tripdata_20{i % 30:02}-{i % 12 + 1:02}.csv.gz", "rows_read": 10, "rows_silver": 10,
         "rows_quarantined": 0, "rows_duplicate": 0, "header": "yellow-2011"}
        for i in range(500)
    ]  # fmt: skip

    assert len(render(make(files=files)).encode()) < WEIGHT / 2


def test_the_colours_turn_with_the_page_but_not_on_paper(page):
    assert "@media screen and (prefers-color-scheme:dark)" in page
    assert "@media print" in page
