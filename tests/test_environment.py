"""Do the two commands find a Python, install what the locks say, and nothing the second time?"""

import importlib.util
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-test.lock", "setup/installer.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins(lock: str) -> list[Requirement]:
    """What a lock file pins; a name occurs twice where one version serves some Pythons and another the rest."""
    lines = [line for line in (ROOT / lock).read_text().splitlines() if line and line[0] not in " #"]
    return [Requirement(line.rstrip(" \\")) for line in lines]


def version(pin: Requirement) -> str:
    """The version of a pin."""
    return str(pin.specifier).removeprefix("==")


def needed_here(*locks: str) -> dict[str, str]:
    """The pins that apply to this Python and platform: name to version."""
    every = [pin for lock in locks for pin in pins(lock) if pin.marker is None or pin.marker.evaluate()]
    return {canonicalize_name(pin.name): version(pin) for pin in every}


# --- locks


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_everything_by_hash_and_names_no_host(lock):
    text = (ROOT / lock).read_text()
    blocks = re.findall(r"^(?=\S)(?!#).*(?:\n[ ]+.*)*", text, re.MULTILINE)

    assert "://" not in text
    assert all(re.match(r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+", block) for block in blocks)
    assert all("--hash=sha256:" in block for block in blocks)


@pytest.mark.parametrize("name", ["requirements", "requirements-test", "setup/installer"])
def test_a_lock_fits_what_was_asked_for(name):
    lines = [line.partition("#")[0].strip() for line in (ROOT / f"{name}.in").read_text().splitlines()]
    asked = [Requirement(line) for line in lines if line and not line.startswith("-")]
    locked = pins(f"{name}.lock")
    unmet = []
    for want in asked:
        found = [version(pin) for pin in locked if canonicalize_name(pin.name) == canonicalize_name(want.name)]
        if not found or not all(want.specifier.contains(one, prereleases=True) for one in found):
            unmet.append(f"{want}: {found}")

    assert unmet == [], "`make lock` brings the lock up to date"


def test_both_locks_agree():
    main, test = (
        {(pin.name, version(pin)) for pin in pins(lock)} for lock in ("requirements.lock", "requirements-test.lock")
    )

    assert {pin for pin in test - main if pin[0] in dict(main)} == set()


def test_this_environment_is_what_the_locks_say():
    wanted = needed_here("requirements.lock", "requirements-test.lock")
    found = {name: _installed(name) for name in wanted}

    assert found == wanted, "run `make environment-test`"


def test_the_locks_are_complete():
    wanted = needed_here("requirements.lock", "requirements-test.lock")
    missing = {
        f"{name} needs {line}"
        for name in wanted
        for line in metadata.requires(name) or []
        if (want := Requirement(line)).marker is None or want.marker.evaluate({"extra": ""})
        if canonicalize_name(want.name) not in wanted
    }

    assert missing == set()


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


# --- conda


def test_conda_users_get_the_same_environment():
    described = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, last = described["dependencies"]
    versions = dict(re.fullmatch(r"(\w+)([=<>].*)", spec).groups() for spec in conda)  # type: ignore[union-attr]

    assert last == {"pip": ["-r requirements.lock"]}
    assert SpecifierSet(versions["python"]) == SpecifierSet(PROJECT["requires-python"])
    assert versions["openjdk"] in ("=17", "=21")
    assert versions["pip"] == "=" + needed_here("setup/installer.lock")["pip"]
    assert described["channels"][0] == "conda-forge"


# --- finding a Python


def find_python(folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """What setup/python.sh answers when only `folder` is on the PATH."""
    script = (ROOT / "setup/python.sh").read_text().replace(":/usr/local/bin:/usr/bin:", ":")  # not this machine's
    tools = f"{folder}:{folder}/tools"
    (folder / "tools").mkdir()
    for tool in ("sed", "head"):
        (folder / "tools" / tool).symlink_to(shutil.which(tool) or tool)
    return subprocess.run(
        ["/bin/sh", "-c", script], env={"PATH": tools, **environment}, capture_output=True, text=True, check=False
    )


def put(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


GOOD = f'exec "{sys.executable}" "$@"'
SHIM = "echo 'pyenv: python3: command not found' >&2; exit 127"
OLD = "echo 'is Python 3.9' >&2; exit 1"


def test_a_python_that_is_there_but_does_not_run_is_passed_over(tmp_path):
    put(tmp_path / "python3", SHIM)
    put(tmp_path / "python3.12", GOOD)

    assert find_python(tmp_path).stdout == f"{tmp_path}/python3.12\n"


def test_without_a_fitting_python_each_candidate_and_the_remedy_are_told(tmp_path):
    put(tmp_path / "python3", OLD)
    put(tmp_path / "python3.12", SHIM)

    answer = find_python(tmp_path)

    assert answer.returncode == 1
    assert f"{tmp_path}/python3: is Python 3.9" in answer.stderr
    assert f"{tmp_path}/python3.12: pyenv" in answer.stderr
    assert "apt install python3 python3-venv" in answer.stderr


def test_a_python_that_was_asked_for_is_the_only_candidate(tmp_path):
    put(tmp_path / "python3", GOOD)
    put(tmp_path / "mine", OLD)

    answer = find_python(tmp_path, PYTHON="mine")

    assert (answer.returncode, answer.stdout) == (1, "")
    assert "is Python 3.9" in answer.stderr


def test_every_supported_python_is_tried():
    script = (ROOT / "setup/python.sh").read_text()
    supported = [
        f"3.{minor}" for minor in range(30) if SpecifierSet(PROJECT["requires-python"]).contains(f"3.{minor}.1")
    ]

    assert f"(3, {supported[0][2:]}) <= sys.version_info[:2] <= (3, {supported[-1][2:]})" in script
    assert [name for name in supported if f"python{name}" not in script] == []


# --- making the environment


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> ModuleType:
    """setup/environment.py over a checkout of its own, with every act written down instead of done."""
    place = tmp_path / "check out"
    (place / "setup").mkdir(parents=True)
    for file in (*LOCKS, "setup/environment.py"):
        shutil.copy(ROOT / file, place / file)
    spec = importlib.util.spec_from_file_location("environment", place / "setup/environment.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    acts: list[str] = []

    def create(folder: Path, *, with_pip: bool) -> None:
        acts.append("create")
        (folder / "bin").mkdir()
        put(folder / "bin/python", GOOD)

    def in_venv(what: str, *arguments: str, **_: bool) -> None:
        acts.append(" ".join([what, *arguments[:1], Path(arguments[-1]).name] if arguments else [what]))

    monkeypatch.setattr(module.venv, "create", create)
    monkeypatch.setattr(module, "_in_venv", in_venv)
    monkeypatch.setattr(module, "link", lambda *_: acts.append("link"))
    module.acts = acts  # type: ignore[attr-defined]
    return module


INSTALLS = ["pip install installer.lock", "pip install requirements.lock"]


def installs(checkout: ModuleType) -> list[str]:
    """The installations since the last look."""
    done = [act for act in checkout.acts if act.startswith("pip install") or act == "create"]
    checkout.acts.clear()
    return done


def test_the_second_time_nothing_is_installed(checkout):
    checkout.make("main")
    assert installs(checkout) == ["create", *INSTALLS]

    checkout.make("main")
    assert installs(checkout) == []


def test_the_tests_need_one_lock_more(checkout):
    checkout.make("main")
    installs(checkout)

    checkout.make("test")

    assert installs(checkout) == ["pip install requirements-test.lock"]
    assert checkout.ready("main") and checkout.ready("test")


def test_a_half_finished_environment_is_made_anew(checkout, monkeypatch):
    def interrupted(*_: str, **__: bool) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(checkout, "_in_venv", interrupted)
        checkout.make("main")
    assert not checkout.ready("main")
    installs(checkout)

    checkout.make("main")

    assert installs(checkout) == ["create", *INSTALLS]
    assert checkout.ready("main")


@pytest.mark.parametrize("lock", ["setup/installer.lock", "requirements.lock"])
def test_another_lock_means_another_environment(checkout, lock):
    checkout.make("main")
    installs(checkout)
    with (checkout.ROOT / lock).open("a") as file:
        file.write("# another\n")

    assert not checkout.ready("main")
    checkout.make("main")

    assert installs(checkout) == ["create", *INSTALLS]


def test_an_environment_whose_python_is_gone_is_made_anew(checkout):
    checkout.make("main")
    installs(checkout)
    put(checkout.VENV / "bin/python", "exit 127")

    checkout.make("main")

    assert installs(checkout) == ["create", *INSTALLS]


def test_an_environment_of_somebody_else_is_filled_up_and_kept(checkout):
    checkout.VENV.mkdir()
    checkout.venv.create(checkout.VENV, with_pip=False)
    (checkout.VENV / "theirs").touch()
    installs(checkout)

    checkout.make("main")

    assert installs(checkout) == INSTALLS
    assert (checkout.VENV / "theirs").exists()


def test_an_environment_that_is_ready_costs_one_look(checkout, tmp_path):
    checkout.make("main")
    shutil.copy(ROOT / "setup/make.sh", checkout.ROOT / "setup/make.sh")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON"}

    # Without setup/python.sh there is no way past the first look.
    done = subprocess.run(["sh", checkout.ROOT / "setup/make.sh", "main"], env=environment, check=False, cwd=tmp_path)

    assert done.returncode == 0


@pytest.fixture
def course_command(tmp_path, checkout) -> Path:
    """The `course` command as installed for a Python at an awkward place, with an exit code of 7 for its `main`."""
    place = tmp_path / 'it\'s a "$HOME" folder'
    place.mkdir()
    (place / "python").symlink_to(sys.executable)
    text = checkout.command(place / "python")
    assert "from course_lib.cli import main\n" in text
    put(place / "course", "")
    (place / "course").write_text(text.replace("from course_lib.cli import main", "main = lambda: 7"))
    return place / "course"


def test_the_course_command_stands_a_space_and_a_quote_in_its_path(course_command):
    assert subprocess.run([course_command], check=False).returncode == 7


def test_workers_can_import_the_course_command_without_running_it(course_command):
    runpy.run_path(str(course_command), run_name="__mp_main__")


# --- tiers


def test_make_tells_every_command_with_a_line_each():
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    for target in ("pipeline", "test", "test-full", "torture", "lint", "bench", "lock", "clean", "help"):
        assert re.search(rf"^  make {target} +\S", told, re.MULTILINE), target


@pytest.mark.parametrize(("code", "answer"), [(5, 0), (1, 1), (2, 2)])
def test_only_an_empty_tier_is_no_failure(code, answer):
    done = subprocess.run(
        ["sh", "setup/no_tests_yet.sh", str(code), "test-full"], cwd=ROOT, capture_output=True, check=False
    )

    assert done.returncode == answer
    assert (b"no test has this tier yet" in done.stdout) == (code == 5)


def ci(place: Path, **rules: str) -> tuple[int, list[str]]:
    """Exit code and lines of .ci/run over a Makefile in which each target prints its text, then exits 0 or 1."""
    (place / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", place / ".ci/run")
    wanted = {"environment_test": "", "environment_engines": "", "test": "", "test_full": "", "lint": ""} | rules
    lines = [f"{name.replace('_', '-')}: ; @{rule or ':'}" for name, rule in wanted.items()]
    (place / "Makefile").write_text("\n".join(lines) + "\n")
    (place / "bin").mkdir()
    for command in ("bwrap", "chromium", "java", "mvn", "ip"):  # here they are, so that nothing is installed
        (place / "bin" / command).symlink_to("/bin/true")
    path = f"{place / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        [place / ".ci/run"], env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.splitlines()


def test_ci_sums_up_as_pytest_would(tmp_path):
    code, lines = ci(
        tmp_path,
        test="echo '===== 120 passed, 2 skipped, 1 warning in 61.20s (0:01:01) ====='",
        test_full="echo '== 10 passed, 4 deselected, 1 warning in 2.20s =='",
    )

    assert code == 0
    assert re.fullmatch(r"=+ 130 passed, 2 skipped, 2 warnings in [0-9.]+s =+", lines[-1])


def test_ci_fails_and_names_what_failed(tmp_path):
    code, lines = ci(tmp_path, test="echo '=== 2 failed, 5 passed in 1.00s ==='; exit 1", lint="echo E501; exit 1")

    assert code == 1
    assert "PROBLEM: test failed with exit code 2" in lines  # make's own code
    assert "PROBLEM: lint failed" in lines and "E501" in lines
    assert re.fullmatch(r"=+ 2 failed, 5 passed in [0-9.]+s =+", lines[-1])


def test_ci_does_not_call_it_passed_when_nothing_could_run(tmp_path):
    code, lines = ci(tmp_path, environment_test="exit 1")

    assert code == 1
    assert re.fullmatch(r"=+ 1 error in [0-9.]+s =+", lines[-1])


def test_ci_fails_when_a_tier_outgrows_its_budget(tmp_path, monkeypatch):
    def copy(source: Path, to: Path) -> None:
        to.write_text(source.read_text().replace("BUDGET_TEST=$((15 * 60))", "BUDGET_TEST=-1"))
        to.chmod(0o755)

    monkeypatch.setattr(shutil, "copy", copy)

    code, lines = ci(tmp_path, test="echo '=== 5 passed in 1.00s ==='")

    assert code == 1
    assert any(line.startswith("PROBLEM: test took") and "outgrown its budget" in line for line in lines)
