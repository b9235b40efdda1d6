"""The committed data: what the generator makes, what the oracle answers, what the card says."""

import csv
import importlib.util
import io
import re
import tomllib

import pytest

from course_lib import reference
from course_lib.ingestion.discover import discover
from course_lib.trips.contract import RULES
from course_lib.trips.defects import DEFECTS, DISPLACED, KINDS
from course_lib.trips.generator import Settings
from course_lib.trips.schema import NAMES
from tests.places import ROOT

DATASETS = ROOT / "datasets"
CARD = (DATASETS / "generated_trips.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rebuilt() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("rebuild", DATASETS / "rebuild.py")
    rebuild = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rebuild)
    return rebuild.sample()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_sample_is_what_the_generator_makes(rebuilt):
    committed = {name: (DATASETS / name).read_bytes().decode() for name in rebuilt}

    assert committed == rebuilt


def test_the_golden_answer_is_the_oracle_s(tmp_path):
    answer = tmp_path / "answer.csv"

    assert reference.main([str(DATASETS / "sample" / "trips.csv"), str(answer)]) == 0
    assert answer.read_bytes() == (DATASETS / "golden" / "sample.zone_hour_demand.csv").read_bytes()


def test_the_sample_has_every_kind_of_defect_and_what_it_repeats(rebuilt):
    trips, truth = rows(rebuilt["sample/trips.csv"]), rows(rebuilt["sample/ground_truth.csv"])
    clean = {row["trip_id"] for row in trips}

    assert {row["kind"] for row in truth} == set(KINDS)
    assert {row["of_trip_id"] for row in truth} - {""} <= clean


def test_the_sample_is_small_and_is_found_as_trips():
    found = discover([DATASETS / "sample"])

    assert [file.name for file in found.files] == ["trips.csv"]
    assert found.unreadable == ()
    assert tuple(rows((DATASETS / "sample" / "trips.csv").read_text())[0]) == NAMES
    assert sum(path.stat().st_size for path in DATASETS.rglob("*.csv")) < 300_000


def test_the_named_settings_can_be_had():
    named = tomllib.loads((DATASETS / "generator.toml").read_text(encoding="utf-8"))

    assert {name: Settings(**named[name]) for name in named}["default"] == Settings()


def test_the_card_lists_every_defect():
    severity = {rule.name: rule.severity for rule in RULES} | {DISPLACED: "displaced", "": "none"}
    told = re.findall(r"^\| `(\w+)` \| ([\d.]+)% \| (.*) \| (.*) \| (\w+) \|$", CARD, re.MULTILINE)

    assert [(kind, what, rule.strip("`"), fate) for kind, _, what, rule, fate in told] == [
        (d.kind, d.what, d.rule or "no rule", severity[d.rule]) for d in DEFECTS
    ]
    assert [float(rate) / 100 for _, rate, *_ in told] == pytest.approx([d.rate for d in DEFECTS])
