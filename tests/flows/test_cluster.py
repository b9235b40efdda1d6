"""Work goes on as long as anyone can be found to do it."""

import pytest
from distributed import Client

from course_lib.errors import StepFailed
from course_lib.flows import cluster
from course_lib.flows.cluster import local_workers, result


def test_when_no_worker_is_left_others_are_started(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_LOOK", 0.2)
    monkeypatch.setattr(cluster, "_AGAIN", 0.2)
    with local_workers(2, tmp_path) as client:
        lose_all(client)

        assert result(client, client.submit(divmod, 7, 2, pure=False), "divide") == (3, 1)
        assert len(client.cluster.worker_spec) == 2


def test_when_no_worker_can_be_found_the_step_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_LOOK", 0.1)
    monkeypatch.setattr(cluster, "_AGAIN", 1e9)
    monkeypatch.setattr(cluster, "_ALONE", 0.3)
    with local_workers(1, tmp_path) as client:
        lose_all(client)
        with pytest.raises(StepFailed, match="step divide: no Dask worker is left"):
            result(client, client.submit(divmod, 7, 2, pure=False), "divide")


def test_an_error_of_the_work_itself_is_raised_as_it_is(tmp_path):
    with local_workers(1, tmp_path) as client, pytest.raises(ZeroDivisionError):
        result(client, client.submit(divmod, 7, 0, pure=False), "divide")


def lose_all(client: Client) -> None:
    """What a worker does that is killed while it starts: it goes, and nobody starts it again."""
    for nanny in list(client.cluster.workers.values()):
        client.cluster.sync(nanny.close)
