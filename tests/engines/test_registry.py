"""Every folder of an engine says what it is, is locked, and keeps to the rules of an adapter."""

from __future__ import annotations

import ast
import re

import pytest

from course_lib.engines import proving
from course_lib.engines.jars import parse
from course_lib.engines.registry import HERE, KINDS, Engine, engines, find, problems, read, versions
from course_lib.errors import BadArgument
from tests.engines.contract import MAY_NOT_SKIP

EVERY = pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.name)
# What an adapter must define for each kind.
WANTED = {
    "compute": {"zone_hour"},
    "orchestrate": {"run", "resume", "backfill", "page"},
    "store": {"create", "append", "correct", "read"},
    "serve": {"build", "historical", "materialise", "online", "push"},
}
GOOD = {
    "title": "X", "kinds": ["compute"], "status": "runs", "licence": "MIT", "packages": ["x"], "engine": "a",
    "adapter": "b",
}  # fmt: skip


@EVERY
def test_an_engine_says_what_it_is_and_which_version(engine: Engine):
    assert engine.kinds
    assert engine.status in ("runs", "emulated", "notyet", "never")
    assert set(versions(engine)) == set(engine.packages), "every package it names is pinned"


@EVERY
def test_an_adapter_is_short_and_made_of_the_functions_of_its_kinds(engine: Engine):
    source = (engine.folder / "adapter.py").read_text("utf-8")
    defined = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}

    assert len(source.splitlines()) < 150
    assert ast.get_docstring(ast.parse(source)), "it tells a reader who knows pandas what they see"
    for kind in engine.kinds:
        assert WANTED.get(kind, set()) <= defined
    assert "__main__" not in source


@EVERY
def test_an_engine_with_an_environment_of_its_own_imports_nothing_of_the_course(engine: Engine):
    allowed = {"course_lib.reference", "course_lib.engines.steps"} if engine.lock else None
    imported = set()
    for file in engine.folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported |= {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {name for name in imported if name.startswith("course_lib")}

    assert allowed is None or all(any(name.startswith(one) for one in allowed) for name in ours), ours


@EVERY
def test_locks_pin_everything_by_hash_and_name_no_host(engine: Engine):
    for lock in filter(None, [engine.lock, engine.jars_lock]):
        assert "://" not in lock.read_text("utf-8")
        assert lock.with_suffix(".in").is_file(), "the lock can be made anew"
    if engine.lock:
        blocks = re.findall(r"^(?=\S)(?!#).*(?:\n[ ]+.*)*", engine.lock.read_text("utf-8"), re.MULTILINE)
        assert all(re.match(r"[a-zA-Z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+", block) for block in blocks)
        assert all("--hash=sha256:" in block for block in blocks)
    if engine.jars_lock:
        lines = engine.jars_lock.read_text("utf-8")
        assert parse(lines)
        assert lines == "".join(sorted(lines.splitlines(keepends=True)))


def test_the_list_of_those_that_may_not_skip_names_engines():
    assert set(MAY_NOT_SKIP) <= {engine.name for engine in engines()}


def test_every_kind_has_a_contract_once_an_engine_is_of_it():
    for kind in {kind for engine in engines() for kind in engine.kinds}:
        assert proving.checks(kind), kind


def test_engines_come_by_kind_and_name():
    found = engines()

    assert found == sorted(found, key=lambda engine: (KINDS.index(engine.kinds[0]), engine.name))


def test_an_engine_that_nobody_has_is_an_error_that_names_those_there_are():
    for name in ("sparkk", "../dask", "", "Dask"):
        with pytest.raises(BadArgument, match="dask"):
            find(name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kinds": ["comput"]}, "'comput' is none of the kinds"),
        ({"status": "works"}, "'works' is none of"),
        ({"status": "emulated"}, "wants a reason"),
        ({"status": "notyet", "reason": "r"}, "wants raises"),
        ({"licence": ""}, "lacks licence"),
        ({"colour": "red"}, "nobody knows what 'colour' is"),
        ({"needs": ["gpu"]}, "only java is known"),
        ({"on_request": True}, "wants a notice"),
        ({"python": "3.11 or so"}, "python:"),
    ],
)
def test_an_engine_toml_with_a_mistake_is_refused(change, words, tmp_path):
    assert problems(GOOD) == []
    assert any(words in problem for problem in problems(GOOD | change))


def test_an_engine_toml_that_is_no_toml_is_an_error_that_names_the_file(tmp_path):
    (tmp_path / "engine.toml").write_text("title = ", "utf-8")

    with pytest.raises(BadArgument, match=r"engine\.toml"):
        read(tmp_path)


def test_no_jar_and_no_environment_is_in_the_checkout():
    assert not [path for path in HERE.rglob("*") if path.suffix in (".jar", ".whl") or path.name == "pyvenv.cfg"]
