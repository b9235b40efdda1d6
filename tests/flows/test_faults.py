"""Whatever stops a run, the next one ends where an undisturbed one does, and redoes nothing that was finished."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from course_lib.flows.folder import NEEDED
from course_lib.storage import digests
from tests.flows.conftest import course, facts

RUN = ("pipeline", "--trips", "20000", "--workers", "2", "--out")
STILL = 600.0  # seconds after which a test gives up; no claim about speed
SURE = 0.02  # seconds between two looks


class Small(NamedTuple):
    """A file system of its own for one test: how to run a command that sees it, and where it is seen from here."""

    prefix: list[str]
    inside: Path  # for the command
    outside: Path  # for the test


@contextmanager
def running(out: Path, log: Path, prefix: tuple[str, ...] = ()) -> Iterator[subprocess.Popen]:
    """A run in a process group of its own; whatever happens, nothing of it is left."""
    command = [*prefix, sys.executable, "-m", "course_lib.cli", *RUN, str(out)]
    with log.open("a") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen) -> None:
    """SIGKILL to the whole group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(process: subprocess.Popen, happened: Callable[[], bool]) -> bool:
    """Wait until something has happened, or the run has ended; whether it happened."""
    until = time.monotonic() + STILL
    while time.monotonic() < until:
        if happened():
            return True
        if process.poll() is not None:
            return False
        time.sleep(SURE)
    raise TimeoutError("the run neither went on nor ended")


def finished(out: Path) -> dict[str, int]:
    """The records of finished steps, and when each was written."""
    found = {}
    for path in (out / ".work" / "records").rglob("*.json"):
        if not path.name.startswith("."):
            with suppress(FileNotFoundError):  # a step that is being redone drops its record first
                found[path.relative_to(out / ".work" / "records").as_posix()] = path.stat().st_mtime_ns
    return found


def still_running(out: Path) -> list[int]:
    """Processes that work in the run's folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(out):
                found.append(process.pid)
    return found


def assert_whole(out: Path) -> None:
    """What is visible is a version as its manifest says, or nothing."""
    if os.path.lexists(out / "current"):
        version = out / "versions" / (out / "current").readlink().name  # not resolve(): it may lie in a namespace
        told = json.loads((version / "MANIFEST.json").read_text())
        here = digests.of_folder(version)
        here.pop("MANIFEST.json")
        assert here == told["files"]
    if (out / "run.json").exists():
        assert facts(out)["digest"]


def assert_resumed(out: Path, undisturbed: Path, before: dict[str, int]) -> None:
    """The run in `out` ended like the undisturbed one and left alone what was finished `before`."""
    told, expected = facts(out), facts(undisturbed)
    assert told["digest"] == expected["digest"]
    assert_whole(out)
    for name in (
        "rows_read",
        "rows_silver",
        "rows_quarantined",
        "rows_duplicate",
        "quarantine_reasons",
        "warnings",
        "model",
    ):
        assert told[name] == expected[name]
    kept = {name: at for name, at in finished(out).items() if name in before}
    assert kept == before
    steps = Counter(name.split("/")[0] for name in before if "/" in name)
    assert {step["name"]: step["reused"] for step in told["steps"] if step["name"] in steps} == dict(steps)
    assert not list(out.glob(".tmp-*"))
    assert not list((out / ".work").rglob(".tmp-*"))


def killed_and_resumed(undisturbed: Path, out: Path, log: Path, kills: int, chance: random.Random) -> int:
    """Kill a run `kills` times at random moments, resume it each time, and once more to its end; kills that struck."""
    total, struck, before = len(finished(undisturbed)), 0, dict[str, int]()
    for i in range(kills):
        moment = max(int(total * (i + chance.random()) / kills), len(before) + chance.randrange(2))
        with running(out, log) as run:
            if moment == 0:
                wait_for(run, (out / ".work").exists)
            reached = wait_for(run, lambda: len(finished(out)) >= min(moment, total))  # noqa: B023
            time.sleep(chance.uniform(0, 1.0 if reached else 0.0))
            struck += run.poll() is None
            kill(run)
        wait_for(run, lambda: True)
        deadline = time.monotonic() + STILL
        while still_running(out) and time.monotonic() < deadline:  # the server notices that its run is gone
            time.sleep(SURE)
        assert still_running(out) == []
        assert_whole(out)
        now = finished(out)
        assert {name: now.get(name) for name in before} == before  # nothing finished was done again
        before = now
    ended = course(*RUN, out)
    assert ended.code == 0, ended.err + log.read_text()
    assert_resumed(out, undisturbed, before)
    return struck


@pytest.mark.full
def test_a_run_killed_at_a_dozen_moments_ends_like_an_undisturbed_one(done, tmp_path):
    struck = killed_and_resumed(done, tmp_path / "out", tmp_path / "log", kills=12, chance=random.Random(12))

    assert struck >= 10


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(10))
def test_a_run_killed_at_a_hundred_moments_ends_like_an_undisturbed_one(done, tmp_path, seed):
    struck = killed_and_resumed(done, tmp_path / "out", tmp_path / "log", kills=10, chance=random.Random(seed))

    assert struck >= 8


@pytest.mark.full
@pytest.mark.parametrize("victims", [pytest.param(1, id="one of two"), pytest.param(2, id="both")])
def test_a_run_goes_on_when_its_workers_are_killed(done, tmp_path, victims):
    out, log, chance = tmp_path / "out", tmp_path / "log", random.Random(victims)
    total, killed = len(finished(done)), 0
    with running(out, log) as run:
        for part in (0.1, 0.4, 0.6):
            if wait_for(run, lambda: len(finished(out)) >= total * part):  # noqa: B023
                workers = dask_workers(run)
                for worker in chance.sample(workers, min(victims, len(workers))):
                    with suppress(psutil.NoSuchProcess):
                        worker.kill()
                        killed += 1
        run.wait(STILL)

    assert run.returncode == 0, log.read_text()
    assert killed >= 2
    assert facts(out)["digest"] == facts(done)["digest"]
    assert "Traceback" not in log.read_text()
    assert_whole(out)


@pytest.mark.full
def test_a_run_whose_workers_are_killed_while_they_start_starts_others(done, tmp_path):
    out, log = tmp_path / "out", tmp_path / "log"
    with running(out, log) as run:
        assert wait_for(run, lambda: bool(dask_workers(run))), log.read_text()
        for worker in dask_workers(run):
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        run.wait(STILL)

    assert run.returncode == 0, log.read_text()
    assert facts(out)["digest"] == facts(done)["digest"]
    assert "Traceback" not in log.read_text()


def dask_workers(run: subprocess.Popen) -> list[psutil.Process]:
    """The worker processes of a run on this machine: they are forked from a child of its own."""
    found = []
    for process in psutil.Process(run.pid).children():
        with suppress(psutil.Error):
            if any("forkserver" in word for word in process.cmdline()):
                found += process.children()
    return found


@pytest.mark.full
def test_a_run_that_is_asked_to_stop_stops_and_resumes(done, tmp_path):
    out, log = tmp_path / "out", tmp_path / "log"
    with running(out, log) as run:
        wait_for(run, lambda: len(finished(out)) >= len(finished(done)) // 2)
        run.send_signal(signal.SIGTERM)
        run.wait(STILL)
    assert run.returncode == 130
    assert "resume" in log.read_text()
    assert "Traceback" not in log.read_text()
    assert still_running(out) == []
    before = finished(out)
    ended = course(*RUN, out)

    assert ended.code == 0, ended.err
    assert_resumed(out, done, before)


# -- the disk ---------------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Small]:
    """A file system of `megabytes` in memory, at `folder`, in a mount namespace that needs no rights of root."""
    folder.mkdir()
    mount = f"mount -t tmpfs -o size={megabytes}m tmpfs '{folder}' && echo ready && exec cat"
    try:
        holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    except FileNotFoundError:
        pytest.skip("no `unshare` (util-linux) here to make a small disk with")
    assert holder.stdin and holder.stdout and holder.stderr
    try:
        if holder.stdout.readline() != "ready\n":
            why = holder.stderr.read().strip()
            pytest.skip(f"this machine lets nobody make a small disk ({why}): allow user namespaces to see this test")
        prefix = [
            "nsenter",
            f"--target={holder.pid}",
            "--user",
            "--preserve-credentials",
            "--mount",
            f"--wd={Path.cwd()}",
        ]
        yield Small(prefix, folder, Path(f"/proc/{holder.pid}/root{folder}"))
    finally:
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()
        holder.stderr.close()


def said_by(log: Path) -> str:
    """The errors in a log, in one line."""
    return " ".join(log.read_text().split())


@pytest.mark.full
def test_a_disk_too_small_to_begin_is_told_before_the_work(tmp_path):
    log = tmp_path / "log"
    with small_disk(tmp_path / "disk", (NEEDED >> 20) // 2) as disk:
        with running(disk.inside / "out", log, tuple(disk.prefix)) as run:
            run.wait(STILL)
        left = os.path.lexists(disk.outside / "out" / "current"), (disk.outside / "out" / "run.json").exists()

    assert run.returncode == 2, log.read_text()
    assert f"{tmp_path}/disk/out" in said_by(log)
    assert "MB are free" in said_by(log)
    assert "Traceback" not in log.read_text()
    assert left == (False, False)


@pytest.mark.full
@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 0.95])
def test_a_disk_that_fills_ends_the_run_and_space_resumes_it(done, tmp_path, part):
    log = tmp_path / "log"
    with small_disk(tmp_path / "disk", 4 * (NEEDED >> 20)) as disk:
        out = disk.outside / "out"
        with running(disk.inside / "out", log, tuple(disk.prefix)) as run:
            moment = max(1, int(len(finished(done)) * part))
            assert wait_for(run, lambda: len(finished(out)) >= moment), log.read_text()
            with filled(disk.outside):
                run.wait(STILL)
        told = log.read_text()
        assert run.returncode == 2, told
        assert f"{tmp_path}/disk/out" in said_by(log)
        assert "disk is full" in said_by(log)
        assert "Traceback" not in told
        assert_whole(out)
        assert not os.path.lexists(out / "current")
        before = finished(out)
        assert len(before) >= moment

        with running(disk.inside / "out", log, tuple(disk.prefix)) as run:
            run.wait(STILL)
        assert run.returncode == 0, log.read_text()
        assert_resumed(out, done, before)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """No byte is free on the disk of `folder` while the block runs, whatever others drop."""
    over = threading.Event()

    def fill() -> None:
        i = 0
        while not over.is_set():
            free = shutil.disk_usage(folder).free
            if free:
                with suppress(OSError), (folder / f"ballast-{i}").open("wb") as file:
                    i += 1
                    os.posix_fallocate(file.fileno(), 0, free)
            over.wait(SURE)

    filler = threading.Thread(target=fill)
    filler.start()
    try:
        yield
    finally:
        over.set()
        filler.join()
        for path in folder.glob("ballast-*"):
            path.unlink()
