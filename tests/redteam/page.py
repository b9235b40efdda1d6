"""The red team as a page: python -m tests.redteam.page writes docs/red_team.md; a test holds the two equal.

What stands in it is what the tests of this folder prove: a line is made of the expectations they hold an attack to.
"""

from __future__ import annotations

from tests.places import ROOT
from tests.redteam.attacks import ATTACKS, FILES, FORGED_POINTS, HARM, SPYING, VALUES, Attack

PAGE = ROOT / "docs" / "red_team.md"
_ABOUT = """\
# Red team

Submissions that try to get what they do not deserve, to break what they can, or to read what is hidden. They lie in
`tests/redteam/`; its tests grade all of them in one class with `course grade` and find: no undeserved point, no hidden
word in any verdict, notebook, gradebook or line of output, no aborted run, no process left, nothing written outside.
The column **plain nbgrader** says what stock `nbgrader autograde` 0.9 makes of the same file, where that was tried (in
a sandbox).

Made by `python -m tests.redteam.page`; do not edit.
"""
_PLAIN = {
    "points": "**full points**",
    "leak": "**what is hidden leaks**",
    "abort": "**no grade**: the run fails",
    "outside": "**reads or writes outside**",
    "none": "holds",
    "": "–",
}
_WORDS = {
    "failed": "a check fails", "slow": "its time is up", "died": "its process ended", "refused": "stopped",
    "missing": "no answer, in words", "passed": "passes",
}  # fmt: skip


def page() -> str:
    """The page."""
    parts = [_ABOUT]
    groups = {
        "Points without an answer": FORGED_POINTS,
        "What an answer hands back": VALUES,
        "Harm to the machine": HARM,
        "What is none of its business": SPYING,
        "The file itself": FILES,
    }
    for title, attacks in groups.items():
        parts.append(f"## {title}\n\n| attack | tries | plain nbgrader | course grade |\n| --- | --- | --- | --- |\n")
        parts[-1] += "".join(_line(attack) for attack in attacks)
    tried = [attack for attack in ATTACKS if attack.plain]
    won = sum(attack.plain != "none" for attack in tried)
    parts.append(
        f"{len(ATTACKS)} attacks. Of the {len(tried)} that were tried on plain nbgrader, {won} succeed there; "
        "on `course grade` none does.\n"
    )
    return "\n".join(parts)


def _line(attack: Attack) -> str:
    earned = f"{attack.deserved} points" + (", as deserved" if attack.deserved else "")
    how = "" if attack.forge and attack.deserved else ": " + " or ".join(_WORDS[ended] for ended in attack.ended)
    if attack.lay and attack.deserved:
        how = ""
    return f"| {attack.name.replace('_', ' ')} | {attack.tries} | {_PLAIN[attack.plain]} | {earned}{how} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
