"""Grading needs no root: an ordinary user's sandbox holds; where there can be none, the error says what to do."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import ROOT
from tests.redteam.arena import CHAPTER, Arena, arena, away
from tests.redteam.attacks import ATTACKS, EVERYTHING

NOBODY = 65534
SWITCH = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
CHOSEN = (
    "always_equal", "the_answer_by_import", "the_answer_by_file", "gradebook", "segfault", "kill_everybody", "daemon",
    "fork_bomb", "network", "new_namespaces", "read_class", "read_outside", "write_outside", "read_processes",
    "link_read", "changed_points",
)  # fmt: skip
pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not here; Debian: apt-get install bubblewrap"
)


def _why_not() -> str:
    if os.geteuid() != 0:
        return "these tests are an ordinary user's already, and only root becomes another"
    if shutil.which("setpriv") is None:
        return "setpriv is not here; Debian: apt-get install util-linux"
    trial = [*SWITCH, sys.executable, "-c", "import course_lib.grading.judge"]
    done = subprocess.run(trial, cwd=ROOT, capture_output=True, text=True, check=False)
    may_not = f"user {NOBODY} may not read the checkout or this Python: {done.stderr[-200:]}"
    return "" if done.returncode == 0 else may_not


@pytest.fixture
def home() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="red-"))  # tmp_path lies where only root may go
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def theirs(home: Path) -> Iterator[Arena]:
    """A class that belongs to nobody, who is its instructor."""
    if why := _why_not():
        pytest.skip(why)
    made = arena(home, [attack for attack in ATTACKS if attack.name in CHOSEN])
    made.within = SWITCH
    for path in [home, *home.rglob("*")]:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    yield made
    away(made)


@pytest.mark.full
def test_an_ordinary_users_sandbox_holds(theirs: Arena):
    theirs.grade()

    assert theirs.code == 0, theirs.said[-3000:]
    verdicts = {attack.name: theirs.verdict(attack) for attack in theirs.attacks}
    assert {name: found and found.points for name, found in verdicts.items()} == {
        **dict.fromkeys(CHOSEN, 0),
        "changed_points": EVERYTHING,
    }
    for attack in theirs.attacks:
        found = {one.exercise: one for one in verdicts[attack.name].exercises}[attack.exercise]  # type: ignore[union-attr]
        assert found.ended in (*attack.ended, "slow", "passed"), found
        assert attack.says in found.message or found.ended == "slow", found
    assert theirs.leaks() == []
    assert theirs.strangers() == []
    assert theirs.processes() == []
    assert theirs.calls() == 0
    verdict = theirs.root / "verdicts" / CHAPTER / "segfault.json"
    assert (verdict.stat().st_uid, oct(verdict.stat().st_mode & 0o777)) == (NOBODY, "0o600")


@pytest.mark.parametrize("most", [0, 2])
def test_where_user_namespaces_are_too_few_the_error_says_what_to_allow(home: Path, most: int):
    """In a user namespace of its own a kernel's limit on more of them may be set by anybody."""
    limit = "/proc/sys/user/max_user_namespaces"
    within = ["unshare", "-Ur", "sh", "-c", f'echo {most} > {limit} && exec "$@"', "sh"]
    trial = subprocess.run([*within, "true"], capture_output=True, text=True, check=False)
    if trial.returncode != 0:
        pytest.skip(f"the limit of user namespaces cannot be lowered here: {trial.stderr.strip()}")
    made = arena(home, [attack for attack in ATTACKS if attack.name == "changed_points"])
    made.within = tuple(within)

    made.grade()
    given = list((made.root / "verdicts").glob("*/*"))
    away(made)

    assert "kernel.unprivileged_userns_clone=1 (Debian)" in made.said
    assert "--no-sandbox" in made.said
    assert not given
