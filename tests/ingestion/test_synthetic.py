"""Generated files: the same bytes always, whole or not at all, and read back as what they are."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from course_lib.errors import BadArgument, OutputUnwritable
from course_lib.ingestion import synthetic
from course_lib.ingestion.discover import discover
from course_lib.ingestion.read import read_bronze
from course_lib.ingestion.synthetic import MANIFEST, generate
from course_lib.reference import read_csv, zone_hour_demand
from course_lib.storage import digests
from course_lib.trips.generator import Settings
from course_lib.trips.schema import NAMES

SMALL = Settings(trips=5000, seed=3)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    generate(SMALL, folder)
    return folder


def test_one_file_a_month_beside_its_truth_and_the_settings(small):
    months = [f"trips_2024-{month:02d}.parquet" for month in (1, 2, 3)]

    assert sorted(digests.of_folder(small)) == sorted([*months, *(f"_truth/{month}" for month in months), MANIFEST])
    told = json.loads((small / MANIFEST).read_text())
    assert (told["trips"], told["seed"], told["start"], told["months"], told["files"]) == (
        5000,
        3,
        "2024-01",
        3,
        months,
    )
    assert Settings(**{name: told[name] for name in ("trips", "seed", "start", "months", "rates")}) == SMALL


def test_rows_are_as_many_as_asked_for(small):
    assert sum(pq.read_metadata(path).num_rows for path in small.glob("*.parquet")) == 5000


def test_columns_are_the_canonical_ones_that_a_source_knows(small):
    schema = pq.read_schema(small / "trips_2024-01.parquet")

    assert tuple(schema.names) == NAMES[:-2]
    assert {str(kind) for kind in schema.types} == {"int64", "int32", "string", "timestamp[us]"}


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_any_number_of_workers_writes_the_same_bytes(tmp_path, monkeypatch, workers):
    monkeypatch.setattr(synthetic, "ROW_GROUP", 512)  # so that there are many
    for name, count in (("one", 1), ("some", workers)):
        generate(SMALL, tmp_path / name, workers=count)

    assert digests.of_folder(tmp_path / "one") == digests.of_folder(tmp_path / "some")


def test_the_size_of_row_groups_changes_no_row(tmp_path, monkeypatch, small):
    monkeypatch.setattr(synthetic, "ROW_GROUP", 512)
    paths = generate(SMALL, tmp_path, workers=2)

    assert pq.read_metadata(paths[0]).num_row_groups > 3
    for path in [*paths, *(tmp_path / "_truth" / path.name for path in paths)]:
        assert pq.read_table(path).equals(pq.read_table(small / path.relative_to(tmp_path)))


def test_progress_adds_up(tmp_path):
    told = []

    generate(SMALL, tmp_path, progress=told.append)

    assert sum(told) == 5000


def test_truth_names_rows_of_its_file(small):
    for path in sorted(small.glob("trips_*.parquet")):
        rows, truth = pq.read_table(path), pq.read_table(small / "_truth" / path.name)

        at = pc.subtract(truth["source_row"], 1)
        assert rows["trip_id"].take(at).equals(truth["trip_id"])
        assert set(truth["source_file"].to_pylist()) == {path.name}
        assert truth["source_row"].to_pylist() == sorted(set(truth["source_row"].to_pylist()))


def test_ingestion_reads_what_was_generated_and_passes_over_the_truth(small):
    found = discover([small])

    assert found.unreadable == ()
    assert [file.name for file in found.files] == [
        "trips_2024-01.parquet",
        "trips_2024-02.parquet",
        "trips_2024-03.parquet",
    ]
    for file in found.files:
        bronze = pa.concat_tables(read_bronze(file))
        published = pq.read_table(file.path)
        truth = pq.read_table(small / "_truth" / file.name)
        out_of_range = truth.filter(pc.equal(truth["kind"], "zone_out_of_range"))["source_row"]
        odd = bronze.filter(pc.not_equal(bronze["problems"], 0))
        assert odd["source_row"].equals(out_of_range)
        for name in set(published.column_names) - {"pickup_zone"}:
            assert bronze[name].cast(published[name].type).equals(published[name]), name


def test_csv_says_the_same_as_parquet(tmp_path, small):
    paths = generate(SMALL, tmp_path, format="csv")

    assert [path.suffix for path in paths] == [".csv"] * 3
    for path in paths:
        twin = small / f"{path.stem}.parquet"
        rows = [row | {"source_file": "x", "source_row": n} for n, row in enumerate(pq.read_table(twin).to_pylist(), 1)]
        assert zone_hour_demand(read_csv(path)) == zone_hour_demand(rows)
    for text, binary in zip(discover([tmp_path]).files, discover([small]).files, strict=True):
        read = [pa.concat_tables(read_bronze(file)).select(NAMES[:-2]).to_pylist() for file in (text, binary)]
        assert read[0] == read[1]


def test_a_month_without_rows_has_no_file(tmp_path):
    paths = generate(Settings(trips=1, months=3), tmp_path)

    assert len(paths) == 1
    assert pq.read_metadata(paths[0]).num_rows == 1


def test_an_earlier_generation_is_removed_and_nothing_else(tmp_path):
    generate(Settings(trips=500, start="2023-01", months=2), tmp_path)
    (tmp_path / "trips_2020-01.parquet").write_text("mine")
    (tmp_path / ".tmp-0123-trips_2023-02.parquet").write_text("left by a killed writer")

    generate(Settings(trips=500, start="2024-01", months=1), tmp_path, format="csv")

    found = set(digests.of_folder(tmp_path))
    assert found == {"trips_2024-01.csv", "_truth/trips_2024-01.parquet", "trips_2020-01.parquet", MANIFEST}


@pytest.mark.parametrize("names", ['["../precious.parquet", 3, null]', '"trips_2020-01.parquet"', "{", "{}"])
def test_a_manifest_that_is_not_ours_removes_nothing(tmp_path, names):
    folder, precious = tmp_path / "folder", tmp_path / "precious.parquet"
    folder.mkdir()
    precious.write_text("mine")
    (folder / "trips_2020-01.parquet").write_text("mine")
    (folder / MANIFEST).write_text(f'{{"files": {names}}}')

    generate(Settings(trips=10), folder)

    assert precious.exists() and (folder / "trips_2020-01.parquet").exists()


def test_a_broken_writer_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(synthetic, "ROW_GROUP", 512)

    def stop(rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(SMALL, tmp_path, workers=2, progress=stop)

    assert set(digests.of_folder(tmp_path)) == {MANIFEST}


def test_what_cannot_be_is_said(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(OutputUnwritable, match="not a folder"):
        generate(SMALL, tmp_path / "file")
    with pytest.raises(OutputUnwritable, match="not a directory"):
        generate(SMALL, tmp_path / "file" / "folder")
    with pytest.raises(BadArgument, match="xlsx"):
        generate(SMALL, tmp_path, format="xlsx")
