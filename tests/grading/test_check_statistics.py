"""Statistics count what failed and put together what failed in the same way."""

from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from course_lib.grading.check_statistics import counted, groups, picture, same_words
from course_lib.grading.class_statistics import statistics_page
from course_lib.grading.verdict import ExerciseVerdict, Verdict
from tests.exercises.workshop import practice
from tests.grading.classroom import failed, verdict

ENDS = st.sampled_from(["passed", "failed visible", "failed hidden", "slow visible", "died answer", "missing "])


def one_of(learner: str, middle: str) -> Verdict:
    ended, _, part = middle.partition(" ")
    points = 20 if ended == "passed" else 0
    return verdict(learner, ExerciseVerdict("middle", points, 20, ended, part, f"{part} 1 of 2" if part else "", "m"))


def test_each_exercise_is_counted():
    told = [verdict("a"), verdict("b", failed("middle")), verdict("c", failed("middle", "hidden 2 of 2", "x"))]

    middle, trimmed, which = counted(told)

    assert (middle.passed, middle.visible, middle.hidden, middle.points) == (1, 1, 1, 20 / 3)
    assert (trimmed.passed, trimmed.hand_ins) == (3, 3)
    assert which.ended == {"hand": 3}


@given(st.lists(ENDS, min_size=1, max_size=12))
def test_every_failure_stands_in_one_group(ends: list[str]):
    told = [one_of(f"l{n}", end) for n, end in enumerate(ends)]
    ways = groups(told)

    assert sum(len(way.learners) for way in ways) == sum(end != "passed" for end in ends)
    assert [len(way.learners) for way in ways] == sorted((len(way.learners) for way in ways), reverse=True)


def test_the_same_mistake_with_other_numbers_is_the_same():
    told = [
        verdict("a", failed("middle", message="the middle is 2; yours is 3")),
        verdict("b", failed("middle", message="the middle is 2; yours is -17.25")),
        verdict("c", failed("middle", message="middle() returned None")),
        verdict("d", failed("middle", "visible 2 of 3", "the middle is 2; yours is 3")),
    ]

    assert [(way.name, way.learners) for way in groups(told)] == [
        ("middle: visible 1 of 3", ("a", "b")),
        ("middle: visible 1 of 3", ("c",)),
        ("middle: visible 2 of 3", ("d",)),
    ]


@given(st.text(max_size=60))
def test_words_are_the_same_after_the_second_look(text: str):
    assert same_words(same_words(text)) == same_words(text)


def test_the_picture_says_what_it_shows():
    told = [verdict("a"), *(verdict(f"b{n}", failed("middle")) for n in range(3)), verdict("c", failed("trimmed"))]
    found = picture(told)

    assert found.title == "middle: visible 1 of 3 fails most often: in 3 of 5 hand-ins"
    assert found.rows == (("middle: visible 1 of 3", "3", "60\u202f%"), ("trimmed: visible 1 of 3", "1", "20\u202f%"))
    assert found.title in BeautifulSoup(found.svg(), "html.parser").svg["aria-label"]


def test_without_failures_the_picture_says_so():
    assert picture([verdict("a")]).title == "Every check holds"
    assert picture([]).title == "Nothing is graded yet"


def test_the_page_is_one_file_and_escapes_what_came_from_outside():
    told = [verdict("<i>mallory</i>", failed("middle", message="<script>alert(1)</script>\x1b[31m"))]
    page = BeautifulSoup(statistics_page("<b>class</b>", practice(), told), "html.parser")

    assert page.find_all(["script", "link", "img", "i"]) == []
    assert "<i>mallory</i>" in page.get_text()
    assert "<script>alert(1)</script>\\x1b[31m" in page.get_text()
    assert page.find("h2").get_text() == "middle: visible 1 of 3 fails most often: in 1 of 1 hand-in"
