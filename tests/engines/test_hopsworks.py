"""The contract server of Hopsworks wants its key, keeps and gives back, computes nothing, and every output says so."""

from __future__ import annotations

import importlib
import json
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import certifi
import psutil
import pyarrow as pa
import pyarrow.flight as flight
import pytest
from typer.testing import CliRunner

from course_lib.cli import app
from course_lib.engines import comparing, environments, proving, running, serve
from course_lib.engines.proving import Proof
from course_lib.engines.registry import find, problems
from course_lib.engines.running import session
from course_lib.engines.watching import is_loopback, listening
from course_lib.errors import ContractBroken, EngineFailed
from tests.engines.contract import broken_copy, ready

FOLDER = find("hopsworks").folder
GROUP = {
    "name": "readings",
    "features": [
        {"name": "zone", "type": "bigint", "primary": True},
        {"name": "known_at", "type": "timestamp"},
        {"name": "trips", "type": "bigint"},
    ],
}
BASE = "hopsworks-api/api/project/119/featurestores/67"


class Server(NamedTuple):
    """A contract server that runs, with this Python: what it needs of the engine's environment, ours has too."""

    folder: Path
    process: subprocess.Popen[str]
    settings: dict[str, str]

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None, port: int | None = None) -> Any:
        """What it answers, or the status of its refusal."""
        host, trusted = self.settings["HOPSWORKS_HOST"], self.settings["HOPSWORKS_TRUST_STORE_PATH"]
        shown = key if key is not None else self.settings["HOPSWORKS_API_KEY"]
        asked = urllib.request.Request(
            f"https://{host}:{port or self.settings['HOPSWORKS_PORT']}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"ApiKey {shown}"} if port is None else {"x-api-key": shown},
            method=method,
        )
        try:
            with urllib.request.urlopen(asked, context=ssl.create_default_context(cafile=trusted)) as answer:  # noqa: S310
                return json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A contract server that keeps everything in a folder."""
    process = subprocess.Popen(
        [sys.executable, FOLDER / "contract_server.py", tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield Server(tmp_path, process, json.loads(process.stdout.readline()))
        process.kill()


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """What the server keeps its things in."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("contract_store")


@pytest.fixture
def no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody named a cluster."""
    for name in find("hopsworks").account:
        monkeypatch.delenv(name, raising=False)


def test_a_wrong_key_is_refused_on_both_ports_and_proves_nothing(server, kept):
    for key in ("", "course.wrong", server.settings["HOPSWORKS_API_KEY"][:-1]):
        assert server.ask("GET", "hopsworks-api/api/project", key=key) == 401
        assert server.ask("POST", "0.1.0/batch_feature_store", {}, key=key, port=4406) == 401

    assert kept.Kept(server.folder / "kept.db").calls() == []
    assert server.ask("GET", "0.1.0/ping", port=4406) is None


def test_its_certificate_is_its_own_and_whoever_does_not_trust_it_gets_no_answer(server):
    url = f"https://{server.settings['HOPSWORKS_HOST']}:{server.settings['HOPSWORKS_PORT']}/"

    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(url, context=ssl.create_default_context())


def test_calls_are_named_by_method_and_path_and_a_call_that_nobody_knows_is_refused(server, kept):
    server.ask("POST", f"{BASE}/featuregroups", GROUP)

    assert server.ask("GET", f"{BASE}/featuregroups/readings?version=1")[0]["features"] == GROUP["features"]
    assert server.ask("GET", f"{BASE}/featuregroups/other") == 404
    assert server.ask("DELETE", f"{BASE}/featuregroups/1") == 404
    assert server.ask("GET", f"{BASE}/featuregroups/1/statistics") == 404
    assert kept.Kept(server.folder / "kept.db").calls() == [
        "GET project/{project}/featurestores/{store}/featuregroups/{name}",
        "POST project/{project}/featurestores/{store}/featuregroups",
    ]


def test_what_asks_for_a_join_or_a_filter_is_refused(server):
    group = server.ask("POST", f"{BASE}/featuregroups", GROUP)
    plain = {"leftFeatureGroup": group, "leftFeatures": GROUP["features"]}

    assert server.ask("PUT", f"{BASE.rpartition('/')[0]}/query", plain)["query"] == ""
    for wish in ({"joins": [{"query": plain}]}, {"filter": {"type": "SINGLE"}}):
        assert server.ask("PUT", f"{BASE.rpartition('/')[0]}/query", plain | wish) == 400
    joined = {"name": "view", "query": plain | {"joins": [{"query": plain}]}}
    assert server.ask("POST", f"{BASE}/featureview", joined) == 400


def test_online_gives_back_what_came_last_whatever_its_time_and_its_values(server, kept):
    group = server.ask("POST", f"{BASE}/featuregroups", GROUP)
    query = {"leftFeatureGroup": group, "leftFeatures": GROUP["features"][1:]}
    server.ask("POST", f"{BASE}/featureview", {"name": "view", "query": query})
    store = kept.Kept(server.folder / "kept.db")
    newer, older = ({"zone": 7, "known_at": f"2024-03-{day}", "trips": day} for day in (11, 10))
    for row in (newer, older, {"zone": 8, "known_at": None, "trips": None}):
        store.put_row(group["id"], {"zone": row["zone"]}, row)
    asked = {
        "featureViewName": "view",
        "featureViewVersion": 1,
        "entries": [{"zone": zone} for zone in (9, 8, 7, 7)],
    }

    told = server.ask("POST", "0.1.0/batch_feature_store", asked, port=4406)

    assert told["features"] == [[None, None], [None, None], ["2024-03-10", 10], ["2024-03-10", 10]]
    assert told["status"] == ["MISSING", "COMPLETE", "COMPLETE", "COMPLETE"]


def test_the_query_service_gives_back_every_row_as_it_lies_there_and_wants_a_certificate(server):
    deltalake = pytest.importorskip("deltalake")
    group = server.ask("POST", f"{BASE}/featuregroups", GROUP)
    rows = pa.table({"zone": [2, 1, 1, 2], "known_at": [9, 3, 5, 4], "trips": [None, 4, 4, 0]})
    deltalake.write_deltalake(group["location"], rows)
    ticket = server.ask(
        "PUT",
        f"{BASE.rpartition('/')[0]}/query",
        {"leftFeatureGroup": group, "leftFeatures": GROUP["features"]},
    )["hqsPayload"]
    shown = server.ask("GET", "hopsworks-api/api/project/119/credentials")
    address, name = f"grpc+tls://{server.settings['HOPSWORKS_HOST']}:5005", "flyingduck.service.contract.invalid"
    trusted = {"tls_root_certs": shown["caChain"], "override_hostname": name}

    with flight.connect(address, cert_chain=shown["clientCert"], private_key=shown["clientKey"], **trusted) as client:
        found = client.do_get(flight.Ticket(ticket.encode())).read_all()
    with flight.connect(address, **trusted) as stranger, pytest.raises(flight.FlightUnavailableError):
        stranger.do_get(flight.Ticket(ticket.encode()))

    assert found.to_pylist() == rows.to_pylist()


def test_it_listens_on_loopback_alone_and_ends_with_whoever_started_it(server):
    found = listening([psutil.Process(server.process.pid)])

    assert {4406, 5005, int(server.settings["HOPSWORKS_PORT"])} < {port for _, port in found}
    assert all(is_loopback(host) for host, _ in found)
    server.process.stdin.close()  # as it is when the caller is gone, however that came about
    assert server.process.wait(30) == 0


@pytest.mark.usefixtures("no_cluster")
def test_every_output_says_that_it_is_emulated(monkeypatch):
    engine = find("hopsworks")
    monkeypatch.setattr(proving, "prove", lambda *_: iter([Proof("serve", "as of", True, "fine")]))
    monkeypatch.setattr(environments, "lacks", lambda engine: "Install it.")
    listed, ran = (
        CliRunner().invoke(app, ["engines", *words], env={"COLUMNS": "250"}).output
        for words in (["list"], ["run", "hopsworks"])
    )
    [line] = comparing.measure([engine], None, 10)

    assert (engine.standing, engine.is_emulated) == ("emulated", True)
    assert "emulated" in next(line for line in listed.splitlines() if "Hopsworks" in line)
    assert ran.startswith("hopsworks: emulated: no cluster is named by HOPSWORKS_HOST")
    assert line._replace(agrees=True).cells()[3] == "emulated"
    assert serve._emulation(engine, ["GET project"]) == "; emulated; calls proved: 1\n        GET project"
    assert serve._emulation(find("feast"), []) == ""
    assert line._replace(agrees=False).cells()[3] == "NO"


@pytest.mark.usefixtures("no_cluster")
def test_a_cluster_that_the_user_names_is_used_and_other_settings_of_theirs_never_reach_an_engine(
    monkeypatch, tmp_path
):
    engine = find("hopsworks")
    monkeypatch.setenv("HOPSWORKS_HOST", "cluster")
    monkeypatch.setenv("TECTON_API_KEY", "theirs")
    without_key = running.environment(engine, Path(sys.executable), tmp_path)
    monkeypatch.setenv("HOPSWORKS_API_KEY", "key")
    monkeypatch.setenv("HOPSWORKS_PROJECT", "mine")
    with_key = running.environment(engine, Path(sys.executable), tmp_path)
    others = running.environment(find("dask"), Path(sys.executable), tmp_path)

    assert "HOPSWORKS_HOST" not in without_key
    assert {name: value for name, value in with_key.items() if name.startswith("HOPSWORKS_")} == {
        "HOPSWORKS_HOST": "cluster",
        "HOPSWORKS_API_KEY": "key",
        "HOPSWORKS_PROJECT": "mine",
    }
    assert "TECTON_API_KEY" not in with_key
    assert not [name for name in others if name.startswith("HOPSWORKS_")]
    assert (engine.standing, engine.is_emulated) == ("runs", False)


def test_parts_of_an_engine_have_statuses_of_which_one_is_that_of_the_whole():
    told = {
        "title": "X", "kinds": ["serve"], "licence": "MIT", "packages": ["x"], "engine": "a", "adapter": "b",
        "status": "emulated", "reason": "why",
    }  # fmt: skip

    assert problems(told | {"parts": {"offline": "runs", "online": "emulated"}}) == []
    assert "no part of it has the status 'emulated' of the whole" in problems(told | {"parts": {"offline": "runs"}})
    assert any("'works'" in problem for problem in problems(told | {"parts": {"a": "works", "b": "emulated"}}))


@pytest.mark.full
@pytest.mark.usefixtures("no_cluster")
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            [
                ('known.sort_values("known_at")', 'known.sort_values("measured_at")'),
                ('right_on="known_at"', 'right_on="measured_at"'),
            ],
            id="joined by the hour it is about",
        ),
        pytest.param([("datetime.fromisoformat(until)", "datetime(2100, 1, 1)")], id="online sees the future"),
    ],
)
def test_a_wrong_adapter_breaks_the_contract(changes, tmp_path):
    ready("hopsworks")
    wrong = broken_copy("hopsworks", tmp_path, *changes)

    with pytest.raises(ContractBroken):
        serve.as_of(wrong, tmp_path / "run")


@pytest.mark.full
@pytest.mark.usefixtures("no_cluster")
@pytest.mark.parametrize(
    ("setting", "value", "kind"),
    [
        pytest.param("HOPSWORKS_API_KEY", "course.wrong", "RestAPIError", id="the client shows a wrong key"),
        pytest.param("HOPSWORKS_TRUST_STORE_PATH", certifi.where(), "SSL", id="the client trusts others"),
    ],
)
def test_the_real_client_gets_nowhere_with_a_wrong_key_or_another_trust(setting, value, kind, tmp_path):
    ready("hopsworks")
    server = 'contract_server.unless_cluster(repo / "server")'
    other = f"{server}\n    import os\n    os.environ[{setting!r}] = {value!r}"
    wrong = broken_copy("hopsworks", tmp_path, (server, other))
    given = serve.file_of(tmp_path / "given.parquet", serve.readings(), serve.READINGS)

    with pytest.raises(EngineFailed, match=kind):
        session(wrong, tmp_path / "run", [("build", {"repo": tmp_path / "run" / "repo", "readings": given})])


@pytest.mark.full
@pytest.mark.usefixtures("no_cluster")
def test_every_call_that_the_server_answers_is_one_that_the_client_makes(tmp_path, monkeypatch):
    engine = ready("hopsworks")
    monkeypatch.syspath_prepend(str(FOLDER))
    calls = importlib.import_module("contract_calls")
    answers = calls.Calls(None, calls.Secrets("", "", "", "", ""), tmp_path, lambda: None)
    known, repo = serve.readings(), tmp_path / "repo"
    given = serve.file_of(tmp_path / "given.parquet", known, serve.READINGS)
    asked = serve.file_of(tmp_path / "asked.parquet", serve.questions(known), serve.QUESTIONS)
    made = session(
        engine,
        tmp_path,
        [
            ("build", {"repo": repo, "readings": given}),
            ("historical", {"repo": repo, "questions": asked, "answer": tmp_path / "answer.parquet"}),
            ("push", {"repo": repo, "readings": given}),
            ("online", {"repo": repo, "zones": [1]}),
            ("calls", {"repo": repo}),
        ],
    ).value

    assert set(answers.table) == {call for call in made if call.partition(" ")[0] in ("GET", "POST", "PUT")}
    assert {call.partition(" ")[0] for call in made} == {"GET", "POST", "PUT", "FLIGHT", "KAFKA"}
