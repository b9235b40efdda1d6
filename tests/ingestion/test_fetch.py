"""A published month comes whole or not at all, whatever the network does."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from course_lib.errors import BadArgument, FetchError, MonthNotPublished, OutputUnwritable
from course_lib.ingestion import fetch, months, web
from tests.ingestion.http_server import Answer, Server, serving

NAME = "green_tripdata_2024-01.parquet"
TODAY = date(2026, 11, 22)


def parquet(seed: int, rows: int = 600) -> bytes:
    """A Parquet file of a few kilobytes, another one for every seed."""
    out = io.BytesIO()
    pq.write_table(pa.table({"x": np.random.default_rng(seed).integers(0, 1 << 60, rows)}), out)
    return out.getvalue()


FILE = parquet(1)


@pytest.fixture(scope="module")
def running():
    with serving(FILE) as server:
        yield server


@pytest.fixture
def server(running, monkeypatch) -> Server:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    running.forget(FILE)
    return running


class Waits(list):
    """A sleep that only notes how long."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def get(server: Server, folder: Path, **options) -> bytes:
    """What one `fetch` of January 2024 leaves under the target's name."""
    options = {"today": TODAY, "base_url": server.base, "sleep": Waits(), "timeout": 20.0} | options
    (path,) = fetch.fetch("green", ["2024-01"], folder, **options)
    return path.read_bytes()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# -- months -----------------------------------------------------------------------------------------------


@given(st.integers(2009 * 12, 2025 * 12), st.integers(0, 40))
def test_a_range_holds_every_month_between_its_ends(first, more):
    oracle = [f"{n // 12}-{n % 12 + 1:02d}" for n in range(first, first + more + 1)]

    assert months.parse_months(f"{oracle[0]}..{oracle[-1]}") == oracle


@pytest.mark.parametrize(
    "text",
    ["", "2024-13", "2024-1", "24-01", "2024-03..2024-01", "2024-01..", "2024..2023", "2024-01...2024-02", "٢٠٢٤-٠١"],
)
def test_what_names_no_month_is_refused(text):
    with pytest.raises(BadArgument):
        months.parse_months(text)


@pytest.mark.parametrize(
    ("service", "month"),
    [
        pytest.param("green", "2026-11", id="the month that runs"),
        pytest.param("green", "2031-01", id="years ahead"),
        pytest.param("yellow", "2008-12", id="before the first yellow file"),
        pytest.param("green", "2013-07", id="before the first green file"),
        pytest.param("fhv", "2014-12", id="before the first fhv file"),
        pytest.param("fhvhv", "2019-01", id="before the first fhvhv file"),
    ],
)
def test_an_impossible_month_is_refused_before_anything_is_asked(server, tmp_path, service, month):
    with pytest.raises(MonthNotPublished, match=f"Months of {service} run from"):
        fetch.fetch(service, [months.FIRST[service], month], tmp_path, today=TODAY, base_url=server.base)

    assert server.asked == []
    assert names(tmp_path) == []


def test_an_unknown_service_is_a_bad_argument_that_lists_the_known(tmp_path):
    with pytest.raises(BadArgument, match="yellow, green, fhv, fhvhv"):
        fetch.fetch("purple", ["2024-01"], tmp_path)


@pytest.mark.parametrize("address", ["trips.example", "ftp://trips.example", "", "http://", "http://[::1"])
def test_what_is_no_web_address_is_a_bad_argument(tmp_path, address):
    with pytest.raises(BadArgument, match="--base-url"):
        fetch.fetch("green", ["2024-01"], tmp_path, base_url=address)


# -- a good day -------------------------------------------------------------------------------------------


def test_months_come_in_the_order_asked_and_leave_nothing_else(server, tmp_path):
    paths = fetch.fetch("green", ["2024-02", "2024-01"], tmp_path / "a/b", base_url=server.base + "/", today=TODAY)

    assert [path.name for path in paths] == ["green_tripdata_2024-02.parquet", NAME]
    assert {path.read_bytes() for path in paths} == {FILE}
    assert names(tmp_path / "a/b") == sorted(path.name for path in paths)
    assert [asked.path for asked in server.asked] == ["/green_tripdata_2024-02.parquet", f"/{NAME}"]


def test_progress_ends_at_the_whole_size(server, tmp_path):
    told = []
    get(server, tmp_path, progress=lambda *all_three: told.append(all_three))

    assert told[0] == (NAME, 0, len(FILE))
    assert told[-1] == (NAME, len(FILE), len(FILE))


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_a_bar_on_a_terminal_and_a_line_elsewhere(server, tmp_path, terminal):
    out = io.StringIO()
    with fetch.shown(Console(file=out, force_terminal=terminal, width=120)) as progress:
        get(server, tmp_path, progress=progress)

    line = f"{NAME}: {len(FILE):,} bytes\n"
    assert (out.getvalue() == line) is not terminal
    assert NAME in out.getvalue()


def test_a_file_of_the_published_size_is_not_downloaded_again(server, tmp_path):
    get(server, tmp_path)
    server.asked.clear()

    assert get(server, tmp_path) == FILE
    assert [asked.method for asked in server.asked] == ["HEAD"]


def test_a_file_of_another_size_is_replaced(server, tmp_path):
    (tmp_path / NAME).write_bytes(FILE[:100])

    assert get(server, tmp_path) == FILE


@pytest.mark.parametrize("head", [Answer(status=405), Answer(status=501), Answer(length=False)])
def test_a_server_that_tells_no_size_is_asked_for_the_file(server, tmp_path, head):
    get(server, tmp_path)
    server.head.extend([head, head])

    assert get(server, tmp_path) == FILE
    assert len(server.gets) == 2


def test_two_fetches_of_one_file_at_the_same_time_download_it_once(server, tmp_path):
    server.get.append(Answer(cut=1_000, hang=True))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(get, server, tmp_path)
        assert server.hung.wait(60)
        second = pool.submit(get, server, tmp_path)
        with pytest.raises(TimeoutError):  # it waits for the first
            second.result(timeout=0.3)
        server.release.set()

        assert first.result() == second.result() == FILE
    assert server.sent == len(FILE)
    assert names(tmp_path) == [NAME]


def test_who_waited_for_a_part_that_became_the_target_leaves_the_target_alone(tmp_path):
    part, target = tmp_path / "part", tmp_path / "target"

    def second() -> None:
        with fetch._owned(part) as out:
            out.write(b"second")

    with ThreadPoolExecutor(1) as pool:
        with fetch._owned(part) as out:
            out.write(b"first")
            waiting = pool.submit(second)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            part.rename(target)
        waiting.result()

    assert (target.read_bytes(), part.read_bytes()) == (b"first", b"second")


# -- cut connections --------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, 2_000), max_size=6))
def test_whatever_the_cuts_every_byte_is_sent_once(running, cuts):
    running.forget(FILE)
    running.get.extend(Answer(cut=cut) for cut in cuts)
    with tempfile.TemporaryDirectory() as folder:
        assert get(running, Path(folder)) == FILE

    assert running.sent == len(FILE)


TROUBLES = st.one_of(
    st.builds(Answer, cut=st.integers(0, 6_000)),
    st.builds(Answer, cut=st.integers(0, 6_000), publish=st.integers(2, 4).map(parquet)),
    st.builds(Answer, cut=st.integers(0, 6_000), publish=st.integers(2, 4).map(parquet), if_range=st.just(False)),
    st.builds(Answer, cut=st.integers(0, 6_000), ranges=st.just(False)),
    st.builds(Answer, cut=st.integers(0, 6_000), etag=st.sampled_from(["", 'W/"1"'])),
    st.builds(Answer, cut=st.integers(0, 6_000), length=st.just(False)),
    st.builds(Answer, status=st.sampled_from([408, 425, 429, 500, 502, 503, 504])),
)


@settings(max_examples=25, deadline=None)
@given(troubles=st.lists(TROUBLES, max_size=web.TRIES - 1))
def test_whatever_goes_wrong_the_file_is_one_version_of_the_published_whole(running, troubles):
    running.forget(FILE)
    running.get.extend(troubles)
    with tempfile.TemporaryDirectory() as folder:
        came = get(running, Path(folder))

    assert came == running.content
    assert running.sent <= len(FILE) * (len(troubles) + 2)


def test_a_second_command_goes_on_where_the_first_gave_up(server, tmp_path):
    server.get.append(Answer(cut=1_000))
    server.get.extend([Answer(cut=0)] * web.TRIES)
    with pytest.raises(FetchError, match="same command"):
        get(server, tmp_path)
    assert names(tmp_path) == [f"{NAME}.part", f"{NAME}.part.json"]
    server.asked.clear()

    assert get(server, tmp_path) == FILE
    assert [asked.range for asked in server.asked] == ["bytes=1000-"]
    assert names(tmp_path) == [NAME]


def test_a_part_of_another_address_is_not_continued(server, tmp_path):
    server.get.extend([Answer(cut=1000), Answer(status=400)])
    with pytest.raises(FetchError, match="400"):
        get(server, tmp_path)

    assert get(server, tmp_path, base_url=f"{server.base}/mirror") == FILE
    assert server.gets[-1].range is None


@pytest.mark.parametrize("note", ["", "{", "[]", '{"url": 1}', None], ids=["empty", "cut", "list", "other", "absent"])
def test_a_part_without_a_usable_note_is_not_continued(server, tmp_path, note):
    (tmp_path / f"{NAME}.part").write_bytes(b"PAR1 of who knows which file")
    if note is not None:
        (tmp_path / f"{NAME}.part.json").write_text(note)

    assert get(server, tmp_path) == FILE
    assert server.gets[-1].range is None


def test_a_whole_part_lacks_only_its_name(server, tmp_path):
    server.get.extend([Answer(cut=1_000), Answer(status=400)])
    with pytest.raises(FetchError):
        get(server, tmp_path)
    (tmp_path / f"{NAME}.part").write_bytes(FILE)
    server.asked.clear()

    assert get(server, tmp_path) == FILE
    assert server.sent == 0


def test_a_connection_that_falls_silent_counts_as_cut(server, tmp_path):
    server.get.append(Answer(cut=1_000, hang=True))

    assert get(server, tmp_path, timeout=0.3) == FILE
    assert [asked.range for asked in server.gets] == [None, "bytes=1000-"]


def test_a_killed_download_is_continued(server, tmp_path):
    server.get.append(Answer(cut=3_000, hang=True))
    code = "import sys; from pathlib import Path; from course_lib.ingestion.fetch import fetch\n"
    code += "fetch('green', ['2024-01'], Path(sys.argv[1]), base_url=sys.argv[2])"
    started = subprocess.Popen([sys.executable, "-c", code, tmp_path, server.base], cwd=Path(__file__).parents[2])
    assert server.hung.wait(60)
    started.send_signal(signal.SIGKILL)
    started.wait()
    assert not (tmp_path / NAME).exists()

    assert get(server, tmp_path) == FILE
    assert names(tmp_path) == [NAME]


# -- what servers answer ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_month_that_does_not_exist_is_told_with_the_rule(server, tmp_path, status):
    server.get.append(Answer(status=status, body=b"<Error>AccessDenied</Error>"))
    with pytest.raises(MonthNotPublished, match="from 2013-08 to about 2026-08") as caught:
        get(server, tmp_path)

    assert caught.value.url == f"{server.base}/{NAME}"
    assert caught.value.exit_code == 2
    assert len(server.asked) == 1


def test_months_before_the_one_that_is_missing_are_kept(server, tmp_path):
    server.get.extend([Answer(), Answer(status=403)])
    with pytest.raises(MonthNotPublished):
        fetch.fetch("green", ["2024-01", "2024-02"], tmp_path, base_url=server.base)

    assert (tmp_path / NAME).read_bytes() == FILE
    assert not (tmp_path / "green_tripdata_2024-02.parquet").exists()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"Retry-After": "7"}, 7.0, id="seconds"),
        pytest.param({"Retry-After": "soon"}, 1.0, id="nonsense"),
        pytest.param({}, 1.0, id="nothing said"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_left_alone_as_long_as_it_asks(server, tmp_path, status, headers, seconds):
    server.get.append(Answer(status=status, headers=headers))
    waits = Waits()

    assert get(server, tmp_path, sleep=waits) == FILE
    assert waits == [seconds]


def test_a_server_that_asks_for_an_hour_is_told_to_the_person(server, tmp_path):
    server.get.append(Answer(status=429, headers={"Retry-After": "3600"}))
    waits = Waits()
    with pytest.raises(FetchError, match="wait 3,600 s"):
        get(server, tmp_path, sleep=waits)

    assert waits == []


def test_waits_double_and_end(server, tmp_path):
    server.get.extend([Answer(status=500)] * 10)
    waits = Waits()
    with pytest.raises(FetchError, match="500"):
        get(server, tmp_path, sleep=waits)

    assert waits == [1.0, 2.0, 4.0, 8.0]
    assert len(server.asked) == web.TRIES


def test_a_refusal_is_not_asked_twice(server, tmp_path):
    server.get.append(Answer(status=400))
    with pytest.raises(FetchError, match="400"):
        get(server, tmp_path)

    assert len(server.asked) == 1


def test_no_network_says_what_to_do(tmp_path):
    waits = Waits()
    with pytest.raises(FetchError, match="course pipeline --input"):
        fetch.fetch("green", ["2024-01"], tmp_path, base_url="http://127.0.0.1:9", sleep=waits)

    assert len(waits) == web.TRIES - 1
    assert not (tmp_path / NAME).exists()


# -- servers that lie -------------------------------------------------------------------------------------


@pytest.mark.parametrize("claimed", [len(FILE) + 500, len(FILE) - 500], ids=["too long", "too short"])
def test_a_wrong_length_is_never_put_in_place(server, tmp_path, claimed):
    wrong = Answer(ranges=False, headers={"Content-Length": str(claimed), "Connection": "close"}, cut=len(FILE))
    server.get.extend([wrong] * 20)
    with pytest.raises(FetchError):
        get(server, tmp_path)

    assert not (tmp_path / NAME).exists()


def test_a_page_that_is_no_parquet_is_dropped(server, tmp_path):
    server.get.append(Answer(status=200, body=b"<html>Please log in to Hotel Wi-Fi</html>"))
    with pytest.raises(FetchError, match=r"no Parquet file .*<html>"):
        get(server, tmp_path)

    assert get(server, tmp_path) == FILE
    assert names(tmp_path) == [NAME]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"PAR1" + bytes(1_000) + b"\x08\x00\x00\x00PAR1", id="no footer"),
        pytest.param(b"RAP1" + FILE[4:], id="no beginning"),
        pytest.param(FILE[:-1], id="no end"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_not_parquet_at_both_ends_is_refused(server, tmp_path, content):
    server.content = content
    with pytest.raises(FetchError, match="no Parquet file"):
        get(server, tmp_path)


def test_a_range_that_begins_elsewhere_is_not_glued_on(server, tmp_path):
    server.get.extend([Answer(cut=1_000), Answer(shift=1)])

    assert get(server, tmp_path) == FILE


def test_versions_are_not_mixed_by_a_server_that_ignores_if_range(server, tmp_path):
    other = parquet(2)
    assert len(other) == len(FILE)
    server.get.extend([Answer(cut=1_000), Answer(publish=other, if_range=False)])

    assert get(server, tmp_path) == other


def test_a_file_that_shrank_below_the_part_is_fetched_anew(server, tmp_path):
    small = parquet(2, rows=10)
    server.get.extend([Answer(cut=4_000), Answer(publish=small, if_range=False)])

    assert get(server, tmp_path) == small


def test_a_weak_tag_is_not_used_to_continue(server, tmp_path):
    server.get.extend([Answer(cut=1_000, etag='W/"same meaning"')])

    assert get(server, tmp_path) == FILE
    assert server.gets[1].range is None


def test_a_date_serves_where_there_is_no_tag(server, tmp_path):
    dated = {"etag": "", "modified": "Mon, 01 Jan 2024 00:00:00 GMT"}
    server.get.extend([Answer(cut=1_000, **dated), Answer(**dated)])

    assert get(server, tmp_path) == FILE
    assert (server.gets[1].range, server.gets[1].if_range) == ("bytes=1000-", dated["modified"])
    assert server.sent == len(FILE)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_followed_with_its_range(server, tmp_path, status):
    onward = Answer(status=status, headers={"Location": f"{server.base}/elsewhere/{NAME}"})
    server.get.extend([Answer(cut=1_000), onward])

    assert get(server, tmp_path) == FILE
    assert (server.gets[2].path, server.gets[2].range) == (f"/elsewhere/{NAME}", "bytes=1000-")


@pytest.mark.parametrize("location", [f"http://trips.example/{NAME}", "ftp://trips.example/x"])
def test_a_redirect_never_leaves_encryption(location):
    def sends_on(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"Location": location})

    with httpx.Client(transport=httpx.MockTransport(sends_on)) as client:
        address = web.Address(client, f"https://trips.example/{NAME}", Path("x"), "", Waits())
        with pytest.raises(FetchError, match="not encrypted"):
            address.size()


def test_a_circle_of_redirects_ends(server, tmp_path):
    server.get.extend([Answer(status=302, headers={"Location": f"/{NAME}"})] * 50)
    with pytest.raises(FetchError, match="sent us on"):
        get(server, tmp_path)


def test_a_date_to_wait_for_counts_from_the_servers_own_clock():
    headers = {"Retry-After": "Mon, 01 Jan 2035 00:00:09 GMT", "Date": "Mon, 01 Jan 2035 00:00:00 GMT"}

    assert web._retry_after(httpx.Response(503, headers=headers)) == 9.0


# -- the disk ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full to stand for a full disk")
def test_a_full_disk_is_told_as_such(server, tmp_path):
    (tmp_path / f"{NAME}.part").symlink_to("/dev/full")
    with pytest.raises(OutputUnwritable, match="the disk is full"):
        get(server, tmp_path)

    assert not (tmp_path / NAME).exists()


def test_a_folder_that_cannot_be_is_told_as_such(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputUnwritable, match="not a directory"):
        get(server, tmp_path / "file" / "folder")


def test_a_folder_without_write_permission_is_told_as_such(server, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere: run the tests as another user to see this one")
    tmp_path.chmod(0o500)
    with pytest.raises(OutputUnwritable, match="permission denied"):
        get(server, tmp_path)
