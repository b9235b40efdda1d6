"""Does every fault of the week come, once?"""

import pytest

from course_lib.dag.bad_week import DAYS, FAULTS, BadWeek, Killed

ROWS = {day: [day] * 4 for day in DAYS}


def week() -> BadWeek:
    return BadWeek(ROWS, rename=lambda rows: [row.lower() for row in rows])


def test_every_day_has_its_words():
    assert tuple(FAULTS) == DAYS


def test_tuesday_times_out_once():
    bad = week()

    with pytest.raises(TimeoutError):
        bad.fetch("Tue")
    assert bad.fetch("Tue") == ROWS["Tue"]


def test_thursday_is_cut_short_once():
    bad = week()

    assert [len(bad.fetch("Thu")) for _ in range(3)] == [2, 4, 4]


def test_friday_is_renamed_however_often_it_is_asked():
    bad = week()

    assert [bad.fetch("Fri") for _ in range(2)] == [["fri"] * 4] * 2


def test_saturday_dies_between_the_halves_once():
    bad, written = week(), []

    with pytest.raises(Killed):
        written.extend(bad.write("Sat", [1, 2, 3, 4]))
    assert written == [1, 2] or written == [[1, 2]]
    assert list(bad.write("Sat", [1, 2, 3, 4])) == [[1, 2], [3, 4]]


def test_a_perfect_pipeline_still_meets_every_fault():
    bad, served = week(), {}

    def run(day):
        rows = bad.fetch(day)
        served[day] = sum(len(half) for half in bad.write(day, rows))

    by_day = {outcome.day: outcome for outcome in bad.live(run, served.get)}

    assert {day: outcome.verdict for day, outcome in by_day.items()} == {
        "Mon": "right", "Tue": "missing", "Wed": "right", "Thu": "wrong", "Fri": "right", "Sat": "missing",
        "Sun": "right",
    }  # fmt: skip
    assert by_day["Tue"].told == "TimeoutError: the source did not answer within 30 s"
    assert by_day["Sat"].told == "Killed: the machine was restarted"


def test_a_person_has_the_weekend_off():
    runs: list[str] = []
    week().live(runs.append, lambda day: None, scheduled=False)

    assert runs == ["Mon", "Tue", "Wed", "Thu", "Fri"]


def test_the_scheduler_fires_twice_on_wednesday():
    runs: list[str] = []
    week().live(runs.append, lambda day: None)

    assert runs == ["Mon", "Tue", "Wed", "Wed", "Thu", "Fri", "Sat", "Sun"]


def test_a_killed_run_is_started_once_more_and_not_for_ever():
    runs: list[str] = []

    def run(day):
        runs.append(day)
        if day == "Sun":
            raise Killed("again")

    outcomes = week().live(run, lambda day: None, restarted=True)

    assert runs.count("Sun") == 2
    assert outcomes[-1].told == "Killed: again"
