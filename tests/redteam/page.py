"""The red team as a page: python -m tests.redteam.page writes docs/red_team.md; a test holds the two equal.

What stands in it is what the tests of this folder prove: the column `course grade` is made of the expectations they
hold an attack to, the column plain nbgrader of plain_results.toml, of which they try the most telling anew.
"""

from __future__ import annotations

import textwrap
from collections import Counter

from tests.places import ROOT
from tests.redteam.attacks import ATTACKS, FILES, FORGED_POINTS, HARM, SPYING, VALUES, Attack
from tests.redteam.plain_found import CELL_SECONDS, RUN_SECONDS, Outcome, known

PAGE = ROOT / "docs" / "red_team.md"
_ABOUT = """\
# Red team

Submissions that try to get what they do not deserve, to break what they can, or to read what is hidden. They lie in
`tests/redteam/`; its tests grade all of them in one class with `course grade`, write everybody's feedback and the
statistics, and find: no undeserved point, no hidden word in any verdict, notebook, page, line of output or entry of the
gradebook (where nbgrader keeps the tests themselves), nothing in any page that acts in a browser, no aborted run, no
process left, nothing written outside.

The column **plain nbgrader** says what stock `nbgrader autograde` 0.9.6 makes of the same file: each in a class of its
own, in a sandbox that keeps the machine from it, {cell} seconds for a cell and {run} for the run. The worst is told.
`python -m tests.redteam.plain` tries all of them anew, `python -m tests.redteam.plain NAME` one.

Made by `python -m tests.redteam.page`; do not edit.
"""
_NOTES = """\
## Notes on plain nbgrader

- **changed tests** gains nothing when it is graded alone: nbgrader keeps every locked cell in its gradebook and puts
  it back where the checksum differs (`OverwriteCells.preprocess_cell`, nbgrader/preprocessors/overwritecells.py).
  Graded in one run with **gradebook** it gets 30 points all the same, because that submission gives everybody points:
  a process that may write its own grade may write all of them.
- **tests as answers** aborts for the same reason: the text is put back, the metadata is not, and the checksum, which
  covers both, still differs, which raises an error.
- Where a hidden test fails, its lines stand in the traceback, and all of it stands in nbgrader's feedback: *what is
  hidden leaks* is what any wrong answer that passes the visible tests finds there.
- An attack on the protocol of `course grade` *holds* on nbgrader, which has none.
"""
_PLAIN = {
    "points": "**full points**: {points:g} of 30",
    "leak": "**what is hidden leaks**",
    "abort": "**no grade**: the run fails",
    "lost": "**what was earned is lost**: {points:g} of 30 points",
    "outside": "**reads or writes outside**",
    "script": "**a script runs in the reader's browser**",
    "stays": "**a process stays behind**",
    "eats": "**takes the machine**: stopped, as {why}",
    "forever": "**runs for ever**: killed after {run} s",
    "holds": "holds: {points:g} points",
}
_WORDS = {
    "failed": "a check fails", "slow": "its time is up", "died": "its process ended", "refused": "stopped",
    "missing": "no answer, in words", "passed": "passes",
}  # fmt: skip
_KINDS = {
    "points": "full points", "leak": "what is hidden leaks", "outside": "reads or writes outside",
    "script": "a script runs", "eats": "takes the machine", "forever": "runs for ever", "stays": "stays behind",
    "lost": "what was earned is lost", "abort": "no grade",
}  # fmt: skip


def page() -> str:
    """The page."""
    parts = [_ABOUT.format(cell=CELL_SECONDS, run=RUN_SECONDS)]
    groups = {
        "Points without an answer": FORGED_POINTS,
        "What an answer hands back": VALUES,
        "Harm to the machine": HARM,
        "What is none of its business": SPYING,
        "The file itself": FILES,
    }
    plain = known()
    for title, attacks in groups.items():
        parts.append(f"## {title}\n\n| attack | tries | plain nbgrader | course grade |\n| --- | --- | --- | --- |\n")
        parts[-1] += "".join(_line(attack, plain[attack.name]) for attack in attacks)
    kinds = Counter(plain[attack.name].kind for attack in ATTACKS)
    told = ", ".join(f"{words} {kinds[kind]}" for kind, words in _KINDS.items() if kinds[kind])
    won = len(ATTACKS) - kinds["holds"]
    summary = (
        f"{len(ATTACKS)} attacks, all of them tried on plain nbgrader: {won} of them succeed there, or end without a "
        f"grade ({told}), and {kinds['holds']} do not. On `course grade` none does."
    )
    parts.append(textwrap.fill(summary, 118) + "\n")
    return "\n".join([*parts, _NOTES])


def _line(attack: Attack, plain: Outcome) -> str:
    earned = f"{attack.deserved} points" + (", as deserved" if attack.deserved else "")
    how = "" if attack.forge and attack.deserved else ": " + " or ".join(_WORDS[ended] for ended in attack.ended)
    if attack.lay and attack.deserved:
        how = ""
    points = 0.0 if plain.points is None else plain.points
    there = _PLAIN[plain.kind].format(points=points, why=plain.why, run=RUN_SECONDS)
    there += ", as deserved" if plain.kind == "holds" and attack.deserved else ""
    return f"| {attack.name.replace('_', ' ')} | {attack.tries} | {there} | {earned}{how} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
