"""A verdict survives its file, and tells a learner nothing that is hidden."""

import stat
from dataclasses import replace

import pytest

from course_lib.errors import InputError
from course_lib.grading.verdict import (
    ENDED,
    ExerciseVerdict,
    Verdict,
    from_json,
    read_verdict,
    read_verdicts,
    redacted,
    to_json,
    verdict_path,
    write_verdict,
)

FAILED = ExerciseVerdict("psi", 0, 10, "failed", "hidden", "hidden 2 of 3", "4711 was expected", "hint", 0.3, ("a",))
VERDICT = Verdict("zoë", "01_x", "a" * 64, "b" * 64, ("mended",), (FAILED, ExerciseVerdict("why", 0, 5, "hand")), 1.5)


def test_what_is_written_is_read_again(tmp_path):
    write_verdict(tmp_path, VERDICT)

    assert read_verdict(tmp_path, "01_x", "zoë") == VERDICT
    assert read_verdicts(tmp_path, "01_x") == [VERDICT]
    assert read_verdict(tmp_path, "01_x", "nobody") is None


def test_only_its_owner_reads_it(tmp_path):
    write_verdict(tmp_path, VERDICT)
    path = verdict_path(tmp_path, "01_x", "zoë")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", to_json(VERDICT).replace('"failed"', '"won"'), "[" * 100_000])
def test_a_file_that_is_no_verdict_says_so(tmp_path, text):
    path = verdict_path(tmp_path, "01_x", "zoë")
    path.parent.mkdir(parents=True)
    path.write_text(text)

    with pytest.raises(InputError, match="is no verdict"):
        read_verdict(tmp_path, "01_x", "zoë")
    with pytest.raises(ValueError):
        from_json(text)


def test_a_verdict_of_somebody_else_is_refused(tmp_path):
    path = verdict_path(tmp_path, "01_x", "bob")
    path.parent.mkdir(parents=True)
    path.write_text(to_json(VERDICT))

    with pytest.raises(InputError, match="is the verdict of zoë"):
        read_verdict(tmp_path, "01_x", "bob")


@pytest.mark.parametrize("ended", ["failed", "slow", "died", "refused"])
def test_after_a_hidden_test_began_nothing_the_answer_says_is_kept(ended):
    told = redacted(replace(FAILED, ended=ended))

    assert "4711" not in told.message and told.remarks == ()
    assert told.message.startswith("The visible checks pass")


def test_before_that_everything_is_told():
    seen = replace(FAILED, part="visible")

    assert redacted(seen) is seen


def test_points_are_those_earned():
    assert (VERDICT.points, VERDICT.of) == (0, 15)
    assert {found.by_hand for found in VERDICT.exercises} == {True, False}
    assert {found.ended for found in VERDICT.exercises} <= set(ENDED)
