import sqlite3
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from course_lib.features import feast
from tests.features.feature_cases import DAY, START

OURS = "{type: course_lib.features.bulk_engine.BulkEngine}"


def materialised(folder: Path, tables: dict[str, pa.Table], engine: str, *ends: timedelta) -> list[tuple]:
    """Every row of the online store that `engine` fills."""
    folder.mkdir()
    feast.close(feast.build_store(folder, **tables))
    settings = folder / "feature_store.yaml"
    assert OURS in settings.read_text()
    settings.write_text(settings.read_text().replace(OURS, engine))
    store = feast.open_store(folder)
    for end in ends:
        feast.materialise(store, START + end)
    feast.close(store)
    connection = sqlite3.connect(folder / "online.db")
    rows = [row for view in tables for row in connection.execute(f"SELECT * FROM taxi_{view} ORDER BY 1, 2")]  # noqa: S608
    connection.close()
    return rows


@pytest.mark.parametrize("ends", [[2 * DAY], [DAY, 3 * DAY]], ids=["once", "twice"])
def test_the_rows_are_those_of_feasts_own_engine_byte_for_byte(tables, tmp_path, ends):
    ours = materialised(tmp_path / "ours", tables, OURS, *ends)
    theirs = materialised(tmp_path / "theirs", tables, "local", *ends)

    assert ours == theirs
    assert len(ours) == 4 + 4 * 5 + 16 * 3  # one city, four zones, sixteen routes


def test_a_view_that_cannot_be_read_is_an_error_and_not_an_empty_store(tables, tmp_path):
    store = feast.build_store(tmp_path, **tables)
    (tmp_path / "offline" / "zone.parquet").unlink()

    with pytest.raises(FileNotFoundError, match=r"zone\.parquet"):
        feast.materialise(store, START + DAY)
    feast.close(store)
