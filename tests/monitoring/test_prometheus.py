import math
import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from course_lib.errors import OutputUnwritable
from course_lib.monitoring.prometheus import LONG, MANY, bounded, registry, write_metrics
from course_lib.validation.metrics import QualityTarget

RUN = {
    "rows_read": 200_000, "rows_silver": 191_900, "rows_quarantined": 5_800, "rows_duplicate": 2_300,
    "quarantine_reasons": {"negative_fare": 3_000, "longer_than_23h": 2_900},
    "warnings": {"zero_fare": 12}, "files": [{}, {}], "zone_hours": 77, "digest": "ab" * 32,
    "model": {"mae_s": 210.5, "baseline_mean_mae_s": 480.0, "baseline_zone_hour_mae_s": 301.0,
              "rows_train": 153_520, "rows_test": 38_380},
    "seconds": 31.5, "peak_rss_mb": 400.0,
    "steps": [{"name": "ingest", "seconds": 2.0, "partitions": 2, "rows": 200_000},
              {"name": "silver", "seconds": 3.5, "partitions": 2, "rows": 191_900}],
}  # fmt: skip
QUALITY = (
    QualityTarget("trips_unique", 0.98, 0.95, "at_least", "share", ""),
    QualityTarget("zero_fares", 0.5, 0.02, "at_most", "share", ""),
    QualityTarget("unmeasured", None, 0.5, "at_most", "share", ""),
)


def parsed(text):
    """{(sample name, label values): value} of the text format, read by the client's own parser."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def text(tmp_path):
    write_metrics(RUN, tmp_path / "m" / "course.prom", QUALITY, finished_at=1_706_702_400.0)
    return (tmp_path / "m" / "course.prom").read_text()


def test_what_was_written_reads_back(text):
    found = parsed(text)

    assert found["course_rows_read", ()] == 200_000
    assert found["course_rows", ("silver",)] == 191_900
    assert found["course_quarantined_rows", ("negative_fare",)] == 3_000
    assert found["course_warning_rows", ("zero_fare",)] == 12
    assert found["course_input_files", ()] == 2
    assert found["course_zone_hours", ()] == 77
    assert found["course_run_duration_seconds", ()] == 31.5
    assert found["course_peak_memory_bytes", ()] == 400 * 2**20
    assert found["course_step_duration_seconds", ("silver",)] == 3.5
    assert found["course_step_rows", ("ingest",)] == 200_000
    assert found["course_model_mae_seconds", ("model",)] == 210.5
    assert found["course_model_mae_seconds", ("zone_hour_mean",)] == 301.0
    assert found["course_model_rows", ("train",)] == 153_520
    assert found["course_quality_value", ("zero_fares",)] == 0.5
    assert found["course_quality_met", ("trips_unique",)] == 1
    assert found["course_quality_met", ("zero_fares",)] == 0
    assert found["course_run_info", ("ab" * 32,)] == 1
    assert found["course_last_success_timestamp_seconds", ()] == 1_706_702_400


def test_the_fates_add_up_to_the_rows_read(text):
    found = parsed(text)

    assert sum(value for (name, _), value in found.items() if name == "course_rows") == found["course_rows_read", ()]


def test_what_could_not_be_measured_is_absent(tmp_path):
    write_metrics(RUN | {"model": None, "peak_rss_mb": None}, tmp_path / "a.prom", QUALITY)
    found = parsed((tmp_path / "a.prom").read_text())

    assert ("course_quality_met", ("unmeasured",)) not in found
    assert not any(name.startswith(("course_model", "course_peak", "course_last")) for name, _ in found)


def test_names_and_types_follow_the_conventions(text):
    families = list(text_string_to_metric_families(text))

    for family in families:
        assert family.documentation.endswith(".")
        assert family.type == "gauge"
        assert re.fullmatch(r"course(_[a-z]+)+", family.name)
        assert not re.search(r"_(ms|minutes|hours?_since|kb|mb|mib|percent|total|created)$", family.name)
    assert len({family.name for family in families}) == len(families)
    assert "process_" not in text
    assert "python_" not in text


def test_the_same_run_gives_the_same_bytes_and_leaves_no_stray(tmp_path, text):
    write_metrics(RUN, tmp_path / "m" / "course.prom", QUALITY, finished_at=1_706_702_400.0)

    assert (tmp_path / "m" / "course.prom").read_text() == text
    assert [path.name for path in (tmp_path / "m").iterdir()] == ["course.prom"]


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.text(st.characters(), max_size=LONG), st.integers(0, 10**18), max_size=MANY))
def test_any_reason_reads_back_as_it_was(tmp_path_factory, reasons):
    path = tmp_path_factory.mktemp("prom") / "a.prom"
    write_metrics(RUN | {"quarantine_reasons": reasons}, path)
    found = parsed(path.read_bytes().decode())

    wanted = {}
    for name, count in reasons.items():
        label = name.encode("utf-8", "backslashreplace").decode()[:LONG]
        wanted[label] = wanted.get(label, 0) + count
    assert {labels[0]: v for (name, labels), v in found.items() if name == "course_quarantined_rows"} == {
        label: float(count) for label, count in wanted.items()
    }


@given(st.dictionaries(st.text("abcdefgh", max_size=3) | st.just("other"), st.integers(0, 100)), st.integers(1, 5))
def test_a_bounded_label_loses_no_count(counts, many):
    labels = bounded(counts, many)

    assert len(labels) <= many
    assert sum(labels.values()) == sum(counts.values())


def test_the_largest_counts_keep_their_names():
    labels = bounded({f"reason_{i}": i for i in range(1000)})

    assert len(labels) == MANY
    assert "reason_999" in labels
    assert "reason_1" not in labels


def test_an_empty_run_and_a_huge_one_are_both_written():
    empty = dict.fromkeys(("rows_read", "rows_silver", "rows_quarantined", "rows_duplicate"), 0)
    huge = dict.fromkeys(empty, 10**400)

    assert registry(empty).get_sample_value("course_rows_read") == 0
    assert math.isinf(registry(huge).get_sample_value("course_rows_read"))


def test_a_folder_that_cannot_be_written_is_an_error_for_a_person(tmp_path, monkeypatch):
    def full(path, _registry):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("course_lib.monitoring.prometheus.write_to_textfile", full)

    with pytest.raises(OutputUnwritable, match="the disk is full"):
        write_metrics(RUN, tmp_path / "course.prom")


def test_promtool_finds_nothing_to_complain_about(text):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not here: it comes with the Debian package prometheus")
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)

    assert (checked.returncode, checked.stderr) == (0, "")
