"""Is Prism built as it should be, or not at all?"""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from course_lib.engines import prism
from course_lib.errors import EngineUnavailable

SOURCE = f"package jobservices\n\nfunc NewServer(port int) {{\n\tlis, err := {prism.EVERYWHERE}\n}}\n"


@pytest.fixture
def go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], Path]:
    """A Go that has a module with this server, and builds by copying it, or as `build` says."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "bin").mkdir()

    def made(server: str, build: str = f'cp {prism.SERVER} "$OUT"') -> Path:
        module = tmp_path / "module"
        (module / prism.SERVER).parent.mkdir(parents=True)
        (module / prism.SERVER).write_text(server)
        for name in ("go.mod", "go.sum"):
            (module / name).touch()
        (module / prism.SERVER).chmod(0o444)  # as in a module cache
        told = json.dumps({"Dir": str(module)})
        program = tmp_path / "bin" / "go"
        program.write_text(
            f"#!/bin/sh\nif [ \"$1\" = mod ]; then echo '{told}'; exit; fi\n"
            f'while [ $# -gt 1 ]; do if [ "$1" = -o ]; then OUT="$2"; fi; shift; done\n{build}\n'
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return module

    return made


def test_it_is_built_once_from_a_source_that_listens_on_loopback(go):
    module = go(SOURCE)
    assert prism.there() is None

    first = prism.build(print)

    assert first.read_text() == SOURCE.replace(prism.EVERYWHERE, prism.LOOPBACK)
    assert (module / prism.SERVER).read_text() == SOURCE
    assert [path.name for path in first.parent.iterdir()] == ["prism"]
    (module / prism.SERVER).unlink()  # nobody builds it again
    assert prism.build(print) == prism.there() == first


@pytest.mark.parametrize("server", ["", SOURCE * 2, SOURCE.replace(":%d", "[::]:%d")], ids=["none", "two", "another"])
def test_a_server_that_listens_in_another_way_is_not_built(server: str, go):
    go(server)

    with pytest.raises(EngineUnavailable, match="listens on loopback"):
        prism.build(print)
    assert prism.there() is None


def test_what_go_says_when_it_fails_is_told_and_nothing_is_left(go, tmp_path: Path):
    go(SOURCE, "echo 'requires go >= 9.9' >&2; exit 1")

    with pytest.raises(EngineUnavailable, match=r"`go build` ended with code 1 and said: requires go >= 9\.9"):
        prism.build(print)
    assert list((tmp_path / "cache" / "engines").glob("prism-*")) == []


def test_without_go_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    assert prism.main() == 2
    assert "apt-get install golang" in capsys.readouterr().err
