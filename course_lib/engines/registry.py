"""Which engines are there, and what does each of them promise?

An engine is a folder with an `engine.toml`; finding it is registering it. Nothing of the engine is imported here, so
listing fifteen of them costs nothing.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from course_lib.errors import BadArgument

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MAIN_LOCK = ROOT / "requirements.lock"

KINDS = ("compute", "orchestrate", "store", "stream", "serve")
STATUSES = {
    "runs": "the real engine, here, in agreement with the oracle",
    "emulated": "the real client against a contract server of ours that stores and returns, and never computes",
    "notyet": "the engine cannot do it today; it must raise a named error",
    "never": "it makes no sense for this engine",
}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CONVENTIONS = ("dags", "project")  # folders that an engine wants beside its adapter
_REQUIRED = ("title", "kinds", "status", "licence", "packages", "engine", "adapter")


@dataclass(frozen=True)
class Engine:
    """One folder of engines/: what its engine.toml says, and where its files lie."""

    name: str
    folder: Path
    title: str
    kinds: tuple[str, ...]
    status: str
    licence: str
    packages: tuple[str, ...]  # names of a lock whose pins are the engine's version
    engine: str  # what of the job is the engine's
    adapter: str  # what of it is the adapter's
    reason: str = ""
    raises: str = ""
    needs: tuple[str, ...] = ()  # of the machine: java
    python: str = ">=3.11,<3.14"
    sources: tuple[str, ...] = ()  # pins that have no wheel, and are built from their source
    on_request: bool = False
    notice: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)  # part to status, where not all of it has the same
    account: tuple[str, ...] = ()  # variables by which a user names a service of theirs; it is then run against that
    conflict: tuple[str, ...] = ()  # of stores: the errors by which a writer is told that another was first
    slow: bool = False  # its contract takes long: its tests are part of `make test-full`
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def lock(self) -> Path | None:
        """Its own requirements.lock; None where the main environment satisfies it."""
        path = self.folder / "requirements.lock"
        return path if path.is_file() else None

    @property
    def jars_lock(self) -> Path | None:
        """Its jars.lock; None where it needs no jars."""
        path = self.folder / "jars.lock"
        return path if path.is_file() else None

    @property
    def is_ready_made(self) -> bool:
        """Whether the main environment is all it takes."""
        return self.lock is None and self.jars_lock is None and not self.needs

    @property
    def has_account(self) -> bool:
        """Whether the user has named a service of theirs, against which it is to run."""
        return bool(self.account) and all(os.environ.get(name) for name in self.account)

    @property
    def standing(self) -> str:
        """What every output says of it: its status here, or that of each of its parts."""
        if self.status == "emulated" and self.has_account:
            return "runs"
        return ", ".join(f"{part} {status}" for part, status in self.parts.items()) or self.status

    @property
    def is_emulated(self) -> bool:
        """Whether any part of it is emulated here."""
        return "emulated" in self.standing

    @property
    def version(self) -> str:
        """The pin of the first of its packages, or "?"."""
        return versions(self).get(self.packages[0], "?")

    @property
    def lines(self) -> int:
        """Lines that say something, neither empty nor comment nor docstring, of its adapter, DAG and project."""
        found = code_lines((self.folder / "adapter.py").read_text("utf-8"))
        for path in (path for name in _CONVENTIONS for path in (self.folder / name).rglob("*.*")):
            if path.suffix in _LINES_OF:  # what Python compiled lies there, too
                found += _LINES_OF[path.suffix](path.read_text("utf-8"))
        return found


def engines(root: Path = HERE) -> list[Engine]:
    """Every engine below `root`, by kind and name."""
    found = [read(path.parent) for path in sorted(root.glob("*/engine.toml"))]
    return sorted(found, key=lambda engine: (KINDS.index(engine.kinds[0]), engine.name))


def find(name: str) -> Engine:
    """The engine called `name`. Raises BadArgument, which names those there are."""
    if _NAME.fullmatch(name) and (HERE / name / "engine.toml").is_file():
        return read(HERE / name)
    known = ", ".join(engine.name for engine in engines())
    raise BadArgument(f"no engine is called {name!r}. There are: {known}.")


def read(folder: Path) -> Engine:
    """The engine in `folder`. Raises BadArgument where its engine.toml says too little, too much or nonsense."""
    path = folder / "engine.toml"
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadArgument(f"{path}: {error}") from error
    wrong = problems(told)
    if not _NAME.fullmatch(folder.name):
        wrong.append(f"the folder's name {folder.name!r} is not plain lower case")
    if wrong:
        raise BadArgument(f"{path}: " + "; ".join(wrong))
    lists = ("kinds", "packages", "needs", "sources", "conflict", "account")
    facts: dict[str, Any] = {name: tuple(value) if name in lists else value for name, value in told.items()}
    return Engine(name=folder.name, folder=folder, **facts)


def problems(told: Mapping[str, Any]) -> list[str]:
    """What is wrong with the contents of an engine.toml, a sentence each.

    >>> problems({"title": "X", "kinds": ["compute"], "status": "notyet", "licence": "MIT", "packages": ["x"],
    ...           "engine": "all", "adapter": "nothing"})
    ["status 'notyet' wants a reason", "status 'notyet' wants raises: the error that it must end with"]
    """
    known = set(Engine.__dataclass_fields__) - {"name", "folder"}
    wrong = [f"it lacks {name}" for name in _REQUIRED if not told.get(name)]
    wrong += [f"nobody knows what {name!r} is" for name in told if name not in known]
    wrong += [
        f"{kind!r} is none of the kinds {', '.join(KINDS)}" for kind in told.get("kinds", ()) if kind not in KINDS
    ]
    status = told.get("status", "runs")
    if status not in STATUSES:
        wrong.append(f"the status {status!r} is none of {', '.join(STATUSES)}")
    elif status != "runs" and not told.get("reason"):
        wrong.append(f"status {status!r} wants a reason")
    if status == "notyet" and not told.get("raises"):
        wrong.append("status 'notyet' wants raises: the error that it must end with")
    parts = told.get("parts", {}).values()
    wrong += [f"the part's status {one!r} is none of {', '.join(STATUSES)}" for one in parts if one not in STATUSES]
    if parts and status not in parts:
        wrong.append(f"no part of it has the status {status!r} of the whole")
    wrong += [f"needs {need!r}, and only java is known" for need in told.get("needs", ()) if need != "java"]
    if told.get("on_request") and not told.get("notice"):
        wrong.append("what is installed on request only wants a notice that says why")
    try:
        SpecifierSet(told.get("python", ""))
    except InvalidSpecifier as error:
        wrong.append(f"python: {error}")
    return wrong


def versions(engine: Engine) -> dict[str, str]:
    """The pins of the engine's packages: name to version; `group:artifact` for those that are jars."""
    found = {}
    lock = _text(engine.lock or MAIN_LOCK)
    pins: dict[str, str] = dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", lock, re.MULTILINE))
    for line in _text(engine.jars_lock).splitlines():
        parts = line.partition(" ")[0].split(":")
        if len(parts) >= 3:
            pins.setdefault(f"{parts[0]}:{parts[1]}", parts[2])
    for name in engine.packages:
        if name in pins:
            found[name] = pins[name]
    return found


def _text(path: Path | None) -> str:
    return path.read_text("utf-8") if path is not None and path.is_file() else ""


def code_lines(source: str) -> int:
    '''How many lines of `source` are neither empty nor comment nor docstring.

    >>> code_lines('"""Why?"""\\n\\n# because\\nx = 1  # one\\ndef f():\\n    """f."""\\n    return x\\n')
    3
    '''
    import ast
    import io
    import tokenize

    quiet: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(
            node, clean=False
        ):
            quiet.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    said: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in silent:
            said.update(range(token.start[0], token.end[0] + 1))
    return len(said - quiet)


def text_lines(source: str) -> int:
    """How many lines of SQL with Jinja, or of YAML, are neither empty nor comment.

    >>> text_lines("{#- why\\n    so -#}\\nselect 1  -- one\\n-- two\\n\\n# three\\nname: x\\n")
    2
    """
    told = re.sub(r"{#.*?#}", "", source, flags=re.DOTALL)
    return sum(1 for line in told.splitlines() if line.strip() and not line.lstrip().startswith(("--", "#")))


_LINES_OF = {".py": code_lines, ".sql": text_lines, ".yml": text_lines}
