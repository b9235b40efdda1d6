"""The services that the tests of ingestion share, each started once and on demand."""

from collections.abc import Iterator

import psycopg
import pytest

from course_lib.ingestion.local_kafka import LocalKafka
from course_lib.ingestion.local_postgres import LocalPostgres
from course_lib.ingestion.local_s3 import LocalS3


@pytest.fixture(scope="session")
def postgres() -> Iterator[LocalPostgres]:
    with LocalPostgres() as server:
        yield server


@pytest.fixture
def connection(postgres: LocalPostgres) -> Iterator[psycopg.Connection]:
    """An autocommit connection to a database without tables or slots."""
    with postgres.connect(autocommit=True) as found:
        found.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        for (name,) in found.execute("SELECT slot_name FROM pg_replication_slots").fetchall():
            found.execute("SELECT pg_drop_replication_slot(%s)", [name])
        for (name,) in found.execute("SELECT pubname FROM pg_publication").fetchall():
            found.execute(f'DROP PUBLICATION "{name}"')
        yield found


@pytest.fixture(scope="session")
def s3() -> Iterator[LocalS3]:
    with LocalS3() as service:
        yield service


@pytest.fixture(scope="session")
def kafka() -> Iterator[LocalKafka]:
    with LocalKafka(real=False) as broker:
        yield broker
