"""Does every package stand on its floor, and is what claims to be pure pure?"""

import ast
import contextlib
import io
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "course_lib"
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}

# Calls that ask the world: the clock, the disk, an unseeded generator, the terminal.
WORLDLY_NAMES = {"open", "input", "print", "exec", "eval"}
WORLDLY_METHODS = {"now", "utcnow", "today", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir"}
SEEDED = {"default_rng", "Generator", "Philox", "PCG64", "SeedSequence"}
# Part of the library itself, read once: as good as a constant.
READS_ITS_OWN_TABLE = {"trips/headers.py"}


def test_the_contracts_between_floors_are_kept():
    from importlinter.cli import lint_imports

    said = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(said):
        broken = lint_imports(no_cache=True, no_logo=True)

    assert not broken, said.getvalue()


def test_the_linter_and_the_docstring_tell_the_same_floor_plan():
    told = re.findall(r"^    ([a-z_, ]+?)  +\S", _docstring(LIBRARY / "__init__.py"), re.MULTILINE)
    from_the_ground = [name for line in told for name in line.split(", ")]

    assert [layer.strip("()") for layer in reversed(CONTRACTS["floors"]["layers"])] == from_the_ground


def test_the_readme_shows_the_floor_plan_of_the_docstring():
    told = re.findall(r"^    ([a-z_, ]+?)  +(\S.*)$", _docstring(LIBRARY / "__init__.py"), re.MULTILINE)
    shown = re.findall(r"^\| (`.*`) \| (.*) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    floors = [(names.replace("`", ""), text.replace("`", "")) for names, text in shown if "make " not in names]

    assert floors == [(names, text.replace("`", "")) for names, text in told]


def test_importing_the_course_imports_nothing_else():
    tree = ast.parse((LIBRARY / "__init__.py").read_text())

    assert [type(node) for node in tree.body] == [ast.Expr]


def test_the_oracle_needs_the_standard_library_only():
    imported = _imported(LIBRARY / "reference.py")

    assert imported - set(sys.stdlib_module_names) == set()


def _pure_files() -> list[Path]:
    files: list[Path] = []
    for module in CONTRACTS["pure"]["source_modules"]:
        place = ROOT.joinpath(*module.split("."))
        files += sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    return files


@pytest.mark.parametrize("file", _pure_files(), ids=lambda file: str(file.relative_to(LIBRARY)))
def test_a_pure_file_asks_nothing_of_the_world(file: Path):
    asked = set(worldly_calls(file.read_text()))
    if str(file.relative_to(LIBRARY)) in READS_ITS_OWN_TABLE:
        asked = {call for call in asked if not call.endswith("read_text")}

    assert asked == set(), f"{file.relative_to(ROOT)} is listed as pure in pyproject.toml; take it in as an argument"


def worldly_calls(source: str) -> list[str]:
    """The calls in `source` whose answer depends on where and when they are made, as `line: name`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            last = name.rpartition(".")[2]
            if last in SEEDED:
                worldly = not (node.args or node.keywords)
            else:
                worldly = name in WORLDLY_NAMES or ("." in name and last in WORLDLY_METHODS) or ".random." in f".{name}"
            if worldly:
                found.append(f"{node.lineno}: {name}")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "datetime.datetime.now()",
        "np.random.default_rng()",
        "np.random.normal(size=3)",
        "open('x')",
        "Path('x').read_text()",
    ],
)
def test_a_worldly_call_is_seen(source: str):
    assert worldly_calls(source)


@pytest.mark.parametrize(
    "source", ["np.random.default_rng(7)", "np.random.Generator(np.random.Philox(key=1))", "now(1)", "x.opened()"]
)
def test_a_pure_call_is_not_blamed(source: str):
    assert not worldly_calls(source)


def _docstring(file: Path) -> str:
    return ast.get_docstring(ast.parse(file.read_text()), clean=False) or ""


def _imported(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("course_lib" if node.level else (node.module or "").partition(".")[0])
    return names
