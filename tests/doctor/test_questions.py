"""The doctor names every lack, what it costs and what to do, on machines that this one is not."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from course_lib.doctor import findings as telling
from course_lib.doctor import questions
from course_lib.doctor.findings import Finding
from course_lib.monitoring.machine import Machine, allowed_cores, allowed_memory, default_workers, pins

GIB = 1 << 30
LOCK = """\
numpy==2.4.6 \\
    --hash=sha256:00
    # via pandas
Zope.Interface==1.0 ; python_full_version >= '3' \\
    --hash=sha256:00
uvicorn[standard]==2 \\
    --hash=sha256:00
pywin32==3 ; sys_platform == 'win32' \\
    --hash=sha256:00
"""
INSTALLED = {"numpy": "2.4.6", "zope-interface": "1.0", "uvicorn": "2", "tzdata": "1"}
TOOLS = {
    "java": (0, 'openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime'),
    "bwrap": (0, "bubblewrap 0.8.0\n"),
}


def fails(*_: object) -> None:
    raise OSError(1, "Operation not permitted")


@pytest.fixture
def machine(tmp_path) -> Machine:
    """A machine that lacks nothing."""
    (tmp_path / "lock").write_text(LOCK)
    zones = tmp_path / "usr/share/zoneinfo/America"
    zones.mkdir(parents=True)
    (zones / "New_York").touch()
    return Machine(
        out=tmp_path,
        lock=tmp_path / "lock",
        root=tmp_path,
        version=(3, 12, 4),
        environment={"HOME": str(tmp_path)},
        prefixes=("/here/.venv", "/usr"),
        packages=lambda: INSTALLED,
        which=lambda name: f"/usr/bin/{name}",
        run=lambda command: TOOLS[command[0]],
        memory=lambda: (8 * GIB, 6 * GIB),
        cores=lambda: 4,
        listen=lambda family, address: None,
        files=lambda: 4096,
        now=lambda: (tmp_path / "lock").stat().st_mtime + 3600,
    )


def asked(name: str, machine: Machine) -> Finding:
    (found,) = [finding for finding in questions.examine(machine) if finding.name == name]
    return found


def test_a_machine_that_lacks_nothing_is_told_so(machine):
    findings = questions.examine(machine)

    assert [finding for finding in findings if not finding.ok] == []
    assert telling.exit_code(findings) == 0


def run(**answers: tuple[int, str]) -> dict:
    return {"run": lambda command: (TOOLS | answers)[command[0]]}


LACKS = [
    ("Python", {"version": (3, 10, 9)}, "3.10.9", True),
    ("Python", {"version": (3, 14, 0)}, "3.14.0", True),
    ("own environment", {"prefixes": ("/usr", "/usr")}, "the system's", False),
    ("packages", {"packages": lambda: INSTALLED | {"numpy": "2.4.7"}}, "numpy 2.4.7 (lock: 2.4.6)", False),
    ("packages", {"packages": lambda: {"numpy": "2.4.6"}}, "uvicorn is absent, zope-interface is absent", True),
    ("loopback network", {"listen": fails}, "operation not permitted", True),
    ("memory", {"memory": lambda: (GIB, GIB)}, "1.0 GiB", False),
    ("memory", {"memory": lambda: (16 * GIB, GIB)}, "1.0 GiB available", False),
    ("cores", {"cores": lambda: 1}, "1", False),
    ("Java", run(java=(127, "java: no such file or directory")), "none (java: no such file", False),
    ("Java", run(java=(0, 'java version "1.8.0_202"')), "1.8.0_202", False),
    ("Java", run(java=(0, 'openjdk version "11.0.2"')), "11.0.2", False),
    ("Java", run(java=(124, "java gave no answer in 20 s")), "no answer", False),
    ("Java", run(java=(0, "")), "no answer", False),
    ("bubblewrap", run(bwrap=(127, "bwrap: no such file or directory")), "no such file", False),
    ("Chromium", {"which": lambda name: None}, "none on PATH", False),
    ("unix sockets", {"listen": fails}, "operation not permitted", False),
    ("open files", {"files": lambda: 256}, "256", False),
    ("clock", {"now": lambda: 0.0}, "1970-01-01", False),
    ("cache folder", {"environment": {"HOME": "/proc/self"}}, "not writable", False),
    ("time zones", {"root": Path("/nowhere")}, "tzdata only", False),
]


@pytest.mark.parametrize(("name", "lacking", "found", "required"), LACKS, ids=lambda part: str(part)[:30])
def test_each_lack_is_named_with_its_cost_and_its_remedy(machine, name, lacking, found, required):
    if name == "cache folder" and not Path("/proc/self").is_dir():
        pytest.skip("this system has no /proc to stand for a folder that even root cannot write")
    finding = asked(name, replace(machine, **lacking))

    assert not finding.ok
    assert found in finding.found
    assert finding.required is required
    assert finding.costs
    assert finding.remedy


def test_every_question_is_seen_to_lack_something():
    silent = {question.__name__.replace("_", " ") for question in questions.QUESTIONS}
    renamed = {"environment": "own environment", "loopback": "loopback network", "cache": "cache folder"}
    tried = {name.lower() for name, *_ in LACKS} | {"disk"}  # disk has a test of its own below

    assert {renamed.get(name, name) for name in silent} == tried


def test_only_a_required_lack_fails_the_command(machine):
    optional = questions.examine(replace(machine, cores=lambda: 1, files=lambda: 1, which=lambda name: None))
    required = questions.examine(replace(machine, version=(3, 9, 0)))

    assert (telling.exit_code(optional), telling.exit_code(required)) == (0, 1)


@pytest.mark.parametrize("version", ["17.0.15", "21.0.1", "21"])
def test_the_javas_that_the_engines_want_are_accepted(machine, version):
    assert asked("Java", replace(machine, **run(java=(0, f'openjdk version "{version}"')))).ok


def test_java_home_is_asked_before_the_path(machine):
    commands = []

    def noted(command):
        commands.append(list(command))
        return TOOLS["java"]

    questions.java(replace(machine, run=noted, environment={"JAVA_HOME": "/opt/jdk"}))

    assert commands == [["/opt/jdk/bin/java", "-version"]]


def test_a_bubblewrap_that_may_not_make_namespaces_is_a_lack(machine):
    def forbidden(command):
        told = (0, "bubblewrap 0.8.0") if "--version" in command else (1, "bwrap: No permissions to create namespace")
        return TOOLS["java"] if command[0] == "java" else told

    finding = asked("bubblewrap", replace(machine, run=forbidden))

    assert not finding.ok
    assert "No permissions" in finding.found
    assert "userns" in finding.remedy


@pytest.mark.parametrize("below", ["", "not/yet/there"])
def test_the_disk_asked_is_the_one_that_the_folder_will_be_on(machine, tmp_path, below):
    assert str(tmp_path) in asked("disk", replace(machine, out=tmp_path / below)).found


def test_a_folder_that_nobody_can_write_is_a_required_lack(machine):
    if not Path("/proc/self").is_dir():
        pytest.skip("this system has no /proc to stand for a folder that even root cannot write")
    finding = asked("disk", replace(machine, out=Path("/proc/self/runs")))

    assert not finding.ok
    assert finding.required


def test_an_almost_full_disk_is_a_lack_and_a_full_one_is_required(machine, monkeypatch):
    def free(left: int) -> Finding:
        monkeypatch.setattr("shutil.disk_usage", lambda path: type("", (), {"free": left}))
        return asked("disk", machine)

    assert [(found.ok, found.required) for found in (free(3 * GIB), free(GIB), free(0))] == [
        (True, False),
        (False, False),
        (False, True),
    ]


def test_without_a_lock_nothing_is_compared(machine, tmp_path):
    assert asked("packages", replace(machine, lock=tmp_path / "absent")).ok


def test_a_lock_is_read_with_its_markers_extras_and_spellings():
    assert pins(LOCK) == [("numpy", "2.4.6"), ("zope-interface", "1.0"), ("uvicorn", "2")]


def test_a_question_that_breaks_leaves_the_others(machine):
    def breaks():
        raise RuntimeError("odd machine")

    findings = questions.examine(replace(machine, files=breaks))

    assert len(findings) == len(questions.QUESTIONS)
    assert "odd machine" in asked("open files", replace(machine, files=breaks)).found


@pytest.mark.parametrize("folder", ["", "a", "a/b"])
def test_the_tightest_control_group_counts(machine, tmp_path, folder):
    inner = tmp_path / "sys/fs/cgroup" / folder
    inner.mkdir(parents=True)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/a/b\n")
    (inner / "memory.max").write_text(f"{GIB}\n")
    (inner / "cpu.max").write_text("150000 100000\n")

    assert (allowed_memory(machine), allowed_cores(machine)) == (GIB, 1.5)


def test_old_control_groups_count_too(machine, tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("4:memory:/job\n3:cpu,cpuacct:/job\n0::/\n")
    for name, text in [
        ("memory/job/memory.limit_in_bytes", f"{GIB}"),
        ("memory/memory.limit_in_bytes", "9223372036854771712"),
        ("cpu/job/cpu.cfs_quota_us", "50000"),
        ("cpu/job/cpu.cfs_period_us", "100000"),
        ("cpu/cpu.cfs_quota_us", "-1"),
        ("cpu/cpu.cfs_period_us", "100000"),
    ]:
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    assert (allowed_memory(machine), allowed_cores(machine)) == (GIB, 0.5)


@pytest.mark.parametrize("said", ["max", "max 100000", "", "nonsense"])
def test_a_control_group_without_a_limit_sets_none(machine, tmp_path, said):
    mount = tmp_path / "sys/fs/cgroup"
    mount.mkdir(parents=True)
    (mount / "memory.max").write_text(said)
    (mount / "cpu.max").write_text(said)

    assert (allowed_memory(machine), allowed_cores(machine)) == (8 * GIB, 4.0)


def test_the_table_shows_every_lack_with_cost_and_remedy(machine):
    out = io.StringIO()
    findings = questions.examine(replace(machine, cores=lambda: 1, version=(3, 9, 0)))
    telling.render(findings, Console(file=out, width=200))

    for finding in findings:
        assert finding.name in out.getvalue()
        assert (finding.costs in out.getvalue()) is (not finding.ok)
        assert (finding.remedy in out.getvalue()) is (not finding.ok)


def test_json_says_the_same(machine):
    findings = questions.examine(machine)

    assert [Finding(**one) for one in json.loads(telling.as_json(findings))] == findings


def test_this_machine_is_examined_without_a_question_breaking(tmp_path):
    findings = questions.examine(Machine(out=tmp_path))

    assert not [finding.found for finding in findings if "could not be examined" in finding.found]


def test_a_program_that_says_nothing_is_not_waited_for(monkeypatch):
    def slow(*args, **options):
        raise subprocess.TimeoutExpired("java", 20)

    monkeypatch.setattr(subprocess, "run", slow)

    assert Machine().run(["java", "-version"]) == (124, "java gave no answer in 20 s")


def test_real_programs_are_asked():
    machine = Machine()

    assert machine.run([sys.executable, "-c", "print('here'); raise SystemExit(3)"]) == (3, "here\n")
    assert machine.run(["no-such-program-anywhere"])[0] == 127
    assert machine.files() == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert machine.cores() >= 1
    assert machine.packages()["rich"]
    assert Path(machine.which("sh") or "").is_absolute()


@pytest.mark.parametrize(
    ("cores", "quota", "memory", "workers"),
    [
        pytest.param(4, "max 100000", 8 * GIB, 4, id="one a core"),
        pytest.param(64, "200000 100000", 8 * GIB, 2, id="a container's share"),
        pytest.param(64, "150000 100000", 8 * GIB, 2, id="a part of a core is worth a worker"),
        pytest.param(2, "10000 100000", 8 * GIB, 1, id="at least one"),
        pytest.param(64, "max 100000", 8 * GIB, 8, id="many cores, little memory"),
        pytest.param(64, "max 100000", GIB // 2, 1, id="less than memory for one"),
        pytest.param(1024, "max 100000", 2048 * GIB, 256, id="no more than --workers takes"),
    ],
)
def test_workers_are_as_many_as_cores_may_be_used_and_memory_feeds(machine, tmp_path, cores, quota, memory, workers):
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text(quota)
    machine = replace(machine, cores=lambda: cores, memory=lambda: (memory, memory))

    assert default_workers(machine) == workers
    assert asked("cores", machine).found.endswith(f": --workers is {workers}")
