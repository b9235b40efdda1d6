"""Tecton is installed on request only, its online store is a key-value server of ours, and every output says so."""

from __future__ import annotations

import importlib
import json
import urllib.error
import urllib.request
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from course_lib.cli import app
from course_lib.engines import comparing, environments, proving, serve
from course_lib.engines.proving import Proof
from course_lib.engines.registry import find
from course_lib.engines.running import session
from course_lib.errors import ContractBroken, EngineFailed
from tests.engines.contract import broken_copy, ready

FEATURES = [("trips", "int64"), ("mean_s", "float64")]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The key-value server, which needs the standard library only."""
    monkeypatch.syspath_prepend(str(find("tecton").folder))
    return importlib.import_module("feature_server")


def ask(address: Any, zone: str, path: str | None = None, key: str | None = None, service: str = "readings") -> Any:
    """What the server tells of a zone, or the status of its refusal."""
    asked = urllib.request.Request(  # noqa: S310, it is a server of ours on loopback
        address.url + (path or "/api/v1/feature-service/get-features"),
        data=json.dumps({"params": {"featureServiceName": service, "joinKeyMap": {"zone": zone}}}).encode(),
        headers={"authorization": f"Tecton-key {address.api_key if key is None else key}"},
    )
    try:
        with urllib.request.urlopen(asked) as answer:  # noqa: S310
            return json.loads(answer.read())["result"]["features"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_the_key_value_server_gives_back_what_came_last_and_computes_nothing(server, tmp_path):
    base = tmp_path / "online.db"
    server.put(base, "zone", [{"zone": 1, "known_at": day, "trips": day, "mean_s": None} for day in (9, 8)])
    server.put(base, "zone", [{"zone": 2, "trips": 2**60 + 1, "mean_s": 0.1}])

    with server.serving(base, "readings", "zone", FEATURES) as address:
        found = [ask(address, zone) for zone in ("1", "2", "3")]

    assert found == [["8", None], [str(2**60 + 1), 0.1], [None, None]]
    assert server.calls(base) == ["POST api/v1/feature-service/get-features"]


def test_a_wrong_key_and_a_call_that_nobody_knows_are_refused_and_prove_nothing(server, tmp_path):
    base = tmp_path / "online.db"

    with server.serving(base, "readings", "zone", FEATURES) as address:
        assert ask(address, "1", key="") == 401
        assert ask(address, "1", key="grün") == 401
        assert ask(address, "1", path="/api/v1/feature-service/query-features") == 404
        assert ask(address, "1", service="other") == 404

    assert server.calls(base) == []
    assert address.url.startswith("http://127.0.0.1:")


def test_it_is_left_out_unless_it_is_asked_for_and_then_the_notice_comes_first(monkeypatch):
    installed: list[str] = []

    def install(engine: Any, say: Any) -> Path | None:
        installed.append(engine.name)
        return None

    monkeypatch.setattr(environments, "install", install)
    all_said = CliRunner().invoke(app, ["engines", "install"]).output

    assert "tecton" not in installed
    assert "tecton: left out, because it is installed on request only: course engines install tecton" in all_said
    said = CliRunner().invoke(app, ["engines", "install", "tecton"]).output.splitlines()
    assert installed[-1] == "tecton"
    assert said[0].startswith("tecton: Tecton's SDK is proprietary software")
    assert said[-1] == "tecton: ready"


def test_every_output_says_which_part_runs_and_which_is_emulated(monkeypatch):
    engine = find("tecton")
    monkeypatch.setattr(proving, "prove", lambda *_: iter([Proof("serve", "as of", True, "fine")]))
    monkeypatch.setattr(environments, "lacks", lambda engine: f"Install it with: course engines install {engine.name}")
    listed, ran = (
        CliRunner().invoke(app, ["engines", *words], env={"COLUMNS": "250"}).output
        for words in (["list"], ["run", "tecton"])
    )
    [line] = comparing.measure([engine], None, 10)

    assert engine.standing == "offline runs, online emulated"
    row = next(line for line in listed.splitlines() if "Tecton" in line)
    assert "offline runs, online emulated" in row
    assert "tecton (on request only)" in listed
    assert ran.startswith("tecton: offline runs, online emulated: the offline part is the real SDK")
    assert line._replace(agrees=True).cells()[3] == "offline runs, online emulated"


@pytest.mark.full
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            "pd.read_parquet(path)[",
            'pd.read_parquet(path).drop(columns="known_at").rename(columns={"measured_at": "known_at"})[',
            id="joined by the hour it is about",
        ),
        pytest.param("end_time=end", "end_time=datetime(2100, 1, 1, tzinfo=UTC)", id="online sees the future"),
    ],
)
def test_a_wrong_adapter_breaks_the_contract(old, new, tmp_path):
    ready("tecton")
    wrong = broken_copy("tecton", tmp_path, (old, new))

    with pytest.raises(ContractBroken):
        serve.as_of(wrong, tmp_path / "run")


@pytest.mark.full
def test_the_real_client_is_refused_with_a_wrong_key(tmp_path):
    ready("tecton")
    wrong = broken_copy("tecton", tmp_path, ("api_key=api_key", 'api_key="wrong"'))

    with pytest.raises(EngineFailed, match="UnauthorizedError"):
        session(wrong, tmp_path / "run", [("online", {"repo": tmp_path, "zones": [1]})])
