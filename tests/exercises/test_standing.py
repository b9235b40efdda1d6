"""Points follow the last check, and the next step is one that is open."""

from course_lib.exercises.release import card
from course_lib.exercises.standing import Event, next_step, standing
from tests.exercises.workshop import NAME, practice

CARDS = (card(practice()),)


def check(exercise: str, outcome: str) -> Event:
    return Event("check", NAME, exercise, outcome)


def test_nobody_begins_with_points():
    [chapter] = standing(CARDS, [])

    assert (chapter.earned, chapter.checkable, chapter.points) == (0, 40, 50)
    assert [exercise.state for exercise in chapter.exercises] == ["new", "new", "essay"]


def test_the_last_check_decides():
    [chapter] = standing(CARDS, [check("middle", "passed"), check("trimmed", "passed"), check("middle", "failed")])

    assert chapter.earned == 20
    assert [exercise.state for exercise in chapter.exercises] == ["tried", "passed", "essay"]


def test_borrowed_answers_earn_nothing():
    [chapter] = standing(CARDS, [check("middle", "borrowed")])

    assert (chapter.earned, chapter.exercises[0].state) == (0, "borrowed")


def test_a_stub_that_was_checked_is_still_new():
    [chapter] = standing(CARDS, [check("middle", "unwritten")])

    assert chapter.exercises[0].state == "new"


def test_a_chapter_begun_anew_keeps_the_hints_that_were_seen():
    events = [Event("hint", NAME, "middle", "2"), check("middle", "passed"), Event("reset", NAME, "*", "-")]
    [chapter] = standing(CARDS, events)

    assert (chapter.earned, chapter.hints) == (0, 2)


def test_events_of_exercises_that_are_gone_do_no_harm():
    [chapter] = standing(CARDS, [check("gone", "passed"), Event("hint", "99_other", "x", "1")])

    assert chapter.earned == 0


def test_the_next_step_is_the_first_that_is_open():
    now = standing(CARDS, [check("middle", "passed")])

    assert next_step(now).name == "trimmed"
    assert next_step(standing(CARDS, [])).name == "middle"


def test_there_is_no_next_step_when_all_is_done():
    assert next_step(standing(CARDS, [check("middle", "passed"), check("trimmed", "passed")])) is None
    assert next_step(()) is None
