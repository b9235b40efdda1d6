"""`course engines` says what there is, shows it, and ends with the right code."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from course_lib.cli import app
from course_lib.engines import comparing, environments, proving
from course_lib.engines.comparing import Line
from course_lib.engines.proving import Proof
from course_lib.engines.registry import HERE, engines, find
from course_lib.errors import EngineUnavailable

LINES = [
    Line("Dask", "1", "compute", True, 2.0, 1.0, 5_000_000, 30, ""),
    Line("Other", "2", "store", False, None, None, None, 40, "why"),
    Line("Third", "3", "store", None, None, None, None, 50, "install it"),
]


def course(*arguments: str) -> tuple[int, str]:
    """The exit code and what was said."""
    result = CliRunner().invoke(app, ["engines", *arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.mark.parametrize("command", ["list", "install", "run", "show", "compare", "remove"])
def test_every_command_has_help_with_an_example(command):
    code, said = course(command, "--help")

    assert code == 0
    assert f"course engines {command}" in said.split("Example")[1]


def test_list_names_every_engine_with_its_version_and_whether_it_is_here():
    code, said = course("list")

    assert code == 0
    for engine in engines():
        assert re.search(rf"{engine.name}\b.*{re.escape(engine.version[:6])}", said)


def test_list_tells_who_has_no_java_how_to_get_it_and_who_lacks_an_engine_how_to_install_it(monkeypatch):
    lacking = {
        "kafka": "Java 17 or 21 is not here. Debian: apt-get install openjdk-17-jre-headless",
        "spark": "Java 17 or 21 is not here. Debian: apt-get install openjdk-17-jre-headless",
        "dbt": "Install it with: course engines install dbt",
        "tecton": "Install it with: course engines install tecton",
    }
    monkeypatch.setattr(environments, "lacks", lambda engine: lacking.get(engine.name, ""))

    code, said = course("list")

    assert code == 0
    assert re.search(r"^dask .*yes", said, re.MULTILINE)
    assert re.search(r"^kafka .*no", said, re.MULTILINE)
    assert "Not installed: dbt, tecton (on request only). Install with: course engines install NAME\n" in said
    assert f"Not usable: spark, kafka. {lacking['kafka']}\n" in said


def test_show_prints_the_adapter_as_it_is():
    assert course("show", "delta") == (0, (HERE / "delta" / "adapter.py").read_text("utf-8"))


def test_show_prints_another_file_of_the_engine_and_no_other_engines():
    assert course("show", "airflow", "dags/zone_hours.py") == (
        0, (HERE / "airflow" / "dags" / "zone_hours.py").read_text("utf-8")
    )  # fmt: skip
    code, said = course("show", "airflow", "../dbt/adapter.py")
    assert code == 2
    assert "There are: adapter.py, dags/zone_hours.py, engine.toml" in said


def test_install_can_be_told_to_remove(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))

    assert course("install", "dbt", "--remove") == (0, "0 MB are free again\n")


@pytest.mark.parametrize("command", ["install", "run", "show", "compare", "remove"])
def test_an_engine_that_nobody_has_is_a_wrong_argument(command):
    code, said = course(command, "nosuch")

    assert code == 2
    assert "dask" in said


def test_trips_are_for_engines_that_compute():
    code, said = course("run", "parquet", "--trips", "5")

    assert code == 2
    assert "no engine that computes" in said


@pytest.mark.parametrize(("holds", "code", "word"), [(True, 0, "holds"), (False, 1, "BROKEN")])
def test_run_says_what_was_proved_and_ends_with_1_where_something_was_not(holds, code, word, monkeypatch):
    monkeypatch.setattr(proving, "prove", lambda *_: iter([Proof("store", "one wins", holds, "why")]))

    assert course("run", "parquet") == (code, f"{word:6}  store: one wins (why)\n")


def test_an_installation_that_fails_is_one_sentence_and_exit_code_1(monkeypatch):
    def fail(engine, say):
        raise EngineUnavailable(engine.title, "`pip install` said: no space")

    monkeypatch.setattr(environments, "install", fail)
    code, said = course("install", "dask")

    assert (code, "Traceback" in said) == (1, False)
    assert "no space" in said


def test_install_without_a_name_leaves_out_what_is_installed_on_request_only(monkeypatch):
    asked = []
    monkeypatch.setattr(environments, "install", lambda engine, say: asked.append(engine.name))

    assert course("install")[0] == 0
    assert asked == [engine.name for engine in engines() if not engine.on_request]


def test_compare_draws_a_table_and_ends_with_1_where_one_disagrees(monkeypatch):
    monkeypatch.setattr(comparing, "measure", lambda *_: LINES)
    code, said = course("compare")

    assert code == 1
    assert re.search(r"Dask.*yes.*2\.0.*1\.0.*5.*30", said)
    assert re.search(r"Other.*NO", said)
    assert re.search(r"Third.*not installed", said)


def test_the_table_is_kept_between_its_marks_and_nothing_else_changes(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- compare: begin -->\nmeasured long ago\n<!-- compare: end -->\nafter\n")

    comparing.keep(readme, LINES, 1_000)

    text = readme.read_text()
    assert text.startswith("before\n<!-- compare: begin -->\n1,000 generated trips")
    assert text.endswith("<!-- compare: end -->\nafter\n")
    assert "| Dask | 1 | compute | yes | 2.0 | 1.0 | 5 | 30 |" in text
    assert "long ago" not in text


def test_an_engine_that_is_not_installed_is_told_and_not_run(monkeypatch):
    monkeypatch.setattr(environments, "lacks", lambda engine: "Install it.")

    [line] = comparing.measure([find("dask")], None, 10)

    assert (line.agrees, line.found) == (None, "Install it.")
