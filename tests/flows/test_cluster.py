"""Work goes on as long as anyone can be found to do it."""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from distributed import Client, LocalCluster, wait

from course_lib.errors import BadArgument, StepFailed
from course_lib.flows import cluster
from course_lib.flows.cluster import local_workers, remote_workers, result


def test_when_no_worker_is_left_others_are_started(tmp_path, monkeypatch):
    start_others_soon(monkeypatch)
    with local_workers(2, tmp_path) as client:
        lose_all(client)

        assert result(client, client.submit(divmod, 7, 2, pure=False), "divide") == (3, 1)
        assert len(client.cluster.worker_spec) == 2


def test_when_no_worker_can_be_found_the_step_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_LOOK", 0.1)
    monkeypatch.setattr(cluster, "_ALONE", 3)
    with local_workers(1, tmp_path) as client:
        lose_all(client)
        with pytest.raises(StepFailed, match="step divide: no Dask worker is left"):
            result(client, client.submit(divmod, 7, 2, pure=False), "divide")


def test_an_error_of_the_work_itself_is_raised_as_it_is(tmp_path):
    with local_workers(1, tmp_path) as client, pytest.raises(ZeroDivisionError):
        result(client, client.submit(divmod, 7, 0, pure=False), "divide")


def test_when_the_scheduler_is_gone_the_step_fails_and_says_so(tmp_path):
    with local_workers(1, tmp_path) as client, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(result, client, client.submit(time.sleep, 60, pure=False), "sleep")
        time.sleep(0.2)  # by now it waits
        client.cluster.close()
        with pytest.raises(StepFailed, match="step sleep: the connection to the Dask scheduler was lost"):
            waiting.result()


def test_a_result_that_is_lost_with_its_worker_is_made_again(tmp_path, monkeypatch):
    start_others_soon(monkeypatch)
    with local_workers(1, tmp_path) as client:
        future = client.submit(divmod, 7, 2, pure=False)
        with client.as_current():
            wait(future)
        lose_all(client)

        assert result(client, future, "divide") == (3, 1)


def test_workers_are_forked_from_one_process_that_keeps_freed_memory(tmp_path):
    with local_workers(2, tmp_path) as client:
        parents = set(client.run(os.getppid).values())
        environments = [psutil.Process(parent).environ() for parent in parents]

    assert len(parents) == 1
    assert environments[0]["MALLOC_TRIM_THRESHOLD_"] == str(1 << 28)


def work_on(name: str) -> bytes:
    """Something that takes a moment, and a moment to fetch."""
    time.sleep(0.005)
    return name.encode() * 50_000


def test_results_that_are_being_fetched_at_the_moment_of_a_look_arrive(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_LOOK", 0.005)
    with local_workers(1, tmp_path) as client, ThreadPoolExecutor(4) as threads:
        wanted = [f"{i:03}" for i in range(100)]
        found = threads.map(lambda name: result(client, client.submit(work_on, name, pure=False), "work"), wanted)

        assert [one[:3].decode() for one in found] == wanted


def start_others_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, after 0.2 s; they may take 3 minutes, as they do otherwise."""
    monkeypatch.setattr(cluster, "_LOOK", 0.2)
    monkeypatch.setattr(cluster, "_AGAIN", (1,))
    monkeypatch.setattr(cluster, "_ALONE", 900)


def lose_all(client: Client) -> None:
    """What a worker does that is killed while it starts: it goes, and nobody starts it again."""
    for nanny in list(client.cluster.workers.values()):
        client.cluster.sync(nanny.close)


def failing_at_first(times: int):
    """LocalCluster, whose first `times` workers are killed while they start."""
    left = [times]

    def cluster(*args, **options):
        if left[0]:
            left[0] -= 1
            raise RuntimeError("Nanny failed to start.") from RuntimeError("worker process was killed")
        return LocalCluster(*args, **options)

    return cluster


def test_when_a_worker_is_killed_while_the_first_ones_start_others_are_started(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "LocalCluster", failing_at_first(2))
    with local_workers(1, tmp_path) as client:
        assert client.submit(divmod, 7, 2, pure=False).result() == (3, 1)


def test_when_no_first_worker_can_be_started_it_is_told_why(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "LocalCluster", failing_at_first(99))
    with pytest.raises(StepFailed, match=r"no Dask worker could be started.*worker process was killed"):
        local_workers(1, tmp_path).__enter__()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        pytest.param("nonsense", "missing port", id="no address"),
        pytest.param("http://127.0.0.1:1", "unknown address scheme", id="a web address"),
        pytest.param("tls://127.0.0.1:1", "ssl_context", id="no certificates"),
        pytest.param("a\nb", r"a\\nb", id="a line end"),
    ],
)
def test_what_is_no_scheduler_is_named_with_why_and_what_to_do(tmp_path, address, why):
    with pytest.raises(BadArgument, match=why) as caught:
        remote_workers(address, tmp_path).__enter__()

    assert "`dask scheduler" in str(caught.value)
    assert str(caught.value).isprintable()


def test_who_accepts_and_says_nothing_is_no_scheduler(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_ANSWER", 0.3)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(BadArgument, match="no Dask scheduler answers"),
    ):
        remote_workers(f"tcp://127.0.0.1:{silent.getsockname()[1]}", tmp_path).__enter__()
