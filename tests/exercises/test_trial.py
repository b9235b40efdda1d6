"""What is wrong with an answer is found, and told in words."""

import linecache
import textwrap
import threading

import numpy as np
import pytest

from course_lib.exercises.bindings import bound
from course_lib.exercises.outcome import Outcome
from course_lib.exercises.release import ChapterCard, ExerciseCard, card
from course_lib.exercises.trial import trial
from tests.exercises.workshop import answer_of, practice

CHAPTER = card(practice())
MIDDLE, TRIMMED, WHICH = CHAPTER.exercises


def kernel(code: str, **names: object) -> dict:
    """A namespace in which the set-up and `code` were run, as a notebook does."""
    made = {"plt": None, "np": np, "N": 3, "minutes": np.arange(3.0), "check": None, "hint": None, "progress": None}
    made |= {"explore": None, "colour": None, "style": None, **names}
    code = textwrap.dedent(code)
    linecache.cache["<cell 1>"] = (len(code), None, code.splitlines(keepends=True), "<cell 1>")
    exec(compile(code, "<cell 1>", "exec"), made)  # noqa: S102
    return made


def look(code: str, of: ExerciseCard = MIDDLE, **names: object) -> Outcome:
    return trial(of, CHAPTER, kernel(code, **names))


def exercise(test: str, stub: str = "def f(x):\n    ...", **told: object) -> ExerciseCard:
    about = {"name": "f", "title": "F", "points": 5, "seconds": 5.0, "hides": (), "hints": ()} | told
    return ExerciseCard(**about, stub=stub, test=test)


def test_the_reference_passes():
    found = look(answer_of(practice(), "middle"))

    assert (found.kind, found.passed, found.held, found.asserts) == ("passed", True, 3, 3)


def test_a_wrong_answer_is_told_with_the_assert_that_does_not_hold():
    found = look("def middle(values): return sorted(values)[len(values) // 2]")

    assert found.kind == "failed"
    assert found.said == "of four numbers it is the mean of the two in the middle, 2.5; yours is 3"
    assert found.test == "middle([4, 1, 3, 2]) == 2.5"
    assert (found.held, found.asserts) == (1, 3)


def test_a_missing_exception_is_told_by_what_was_tried():
    found = look(answer_of(practice(), "middle").replace("if not values:", "if False:").replace("ordered[half]", "1"))
    silent = look("def middle(v): return {3: 2, 4: 2.5}.get(len(v), 0)")

    assert found.kind == "failed"
    assert silent.said == "no values have no middle: middle([]) has to raise ValueError"
    assert silent.test == "middle([])"
    assert (silent.held, silent.asserts) == (2, 3)


def test_a_stub_is_not_written_yet():
    found = look(MIDDLE.stub)

    assert found.kind == "unwritten"
    assert "not written yet" in found.said


def test_a_not_implemented_of_somebody_else_is_an_error():
    assert look("def middle(values): raise NotImplementedError('no idea')").kind == "error"


def test_an_answer_cell_that_was_not_run_is_told():
    found = look("")

    assert found.kind == "no answer"
    assert "`middle`" in found.said


def test_a_set_up_that_was_not_run_is_told():
    needs = exercise("assert f(minutes) is not None, 'x'")
    found = trial(needs, CHAPTER, {"f": len})

    assert found.kind == "no setup"
    assert "`minutes`" in found.said


def test_a_name_that_was_used_for_something_else_is_told():
    found = look("middle = 3")

    assert found.kind == "error"
    assert "int" in found.said


def test_an_error_in_the_answer_is_told_with_its_line():
    found = look("""\
        def helper(values):
            return values[99]

        def middle(values):
            return helper(values)
        """)

    assert (found.kind, found.said) == ("error", "IndexError: list index out of range")
    assert found.where == "helper"
    assert [line for line in found.code if line[2]] == [(2, "    return values[99]", True)]
    assert found.test == "middle([1, 100, 2]) == 2"


def test_an_error_below_the_answer_is_told_at_the_answers_line():
    found = look("import json\ndef middle(values):\n    return json.loads('{')")

    assert found.said.startswith("JSONDecodeError")
    assert [text for _, text, this in found.code if this] == ["    return json.loads('{')"]


def test_a_name_of_the_set_up_is_told_where_the_answer_lacks_it():
    made = kernel("def middle(values): return np.median(values)")
    del made["np"]
    found = trial(MIDDLE, CHAPTER, made)

    assert "set-up cell" in found.advice


def test_a_result_of_another_type_is_told():
    found = trial(exercise("assert f(1)['a'] == 1, 'x'"), CHAPTER, kernel("def f(x): pass"))

    assert found.kind == "error"
    assert "The test could not use what came back" in found.said


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def f(x): return f(x)", "RecursionError"),
        ("def f(x): raise SystemExit(3)", "SystemExit"),
        ("def f(x): raise KeyError", "KeyError"),
        ("def f(x): raise Exception('a' * 10_000)", "Exception: aaa"),
        ("class Odd(BaseException): pass\ndef f(x): raise Odd('x')", "Odd: x"),
        ("def f(x): assert x > 5, 'too small'", "AssertionError: too small"),
        ("def f(x):\n    try: 1 / 0\n    except ArithmeticError as e: raise ValueError('b') from e", "ValueError: b"),
    ],
)  # fmt: skip
def test_whatever_an_answer_raises_is_told(code: str, said: str):
    found = trial(exercise("assert f(1) == 1, 'x'"), CHAPTER, kernel(code))

    assert found.kind == "error"
    assert found.said.startswith(said)
    assert len(found.said) < 700


def test_an_exception_that_cannot_say_what_it_is_does_no_harm():
    code = "class Mute(Exception):\n    def __str__(self): raise ValueError('no words')\ndef f(x): raise Mute"
    found = trial(exercise("assert f(1) == 1, 'x'"), CHAPTER, kernel(code))

    assert found.said.startswith("Mute")


def test_an_answer_that_never_ends_is_stopped():
    found = trial(exercise("assert f(1) == 1, 'x'", seconds=0.1), CHAPTER, kernel("def f(x):\n    while True: pass"))

    assert found.kind == "slow"
    assert [text for _, text, this in found.code if this] == ["    while True: pass"]


def test_an_answer_that_swallows_everything_is_stopped_too():
    code = "def f(x):\n    while True:\n        try:\n            while True: pass\n        except Exception: pass"
    found = trial(exercise("assert f(1) == 1, 'x'", seconds=0.1), CHAPTER, kernel(code))

    assert found.kind == "slow"


def test_a_slow_answer_that_is_right_is_told_its_budget():
    code = "import time\ndef f(x):\n    time.sleep(0.15)\n    return 1"
    found = trial(exercise("assert f(1) == 1, 'x'", seconds=0.1), CHAPTER, kernel(code))

    assert found.kind == "passed"
    assert "when graded" in found.advice


def test_a_check_in_a_thread_works_without_an_alarm():
    found = []
    thread = threading.Thread(target=lambda: found.append(look(answer_of(practice(), "middle"))))
    thread.start()
    thread.join(30)

    assert found[0].passed


def test_the_learners_names_are_left_alone():
    made = kernel(answer_of(practice(), "trimmed"), found="mine")
    trial(TRIMMED, CHAPTER, made)

    assert made["found"] == "mine"


def test_an_essay_is_read_by_a_person():
    found = trial(WHICH, CHAPTER, {})

    assert found.kind == "essay"
    assert "person" in found.said


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("from statistics import median as middle", id="the name is imported"),
        pytest.param("import statistics\ndef middle(v): return statistics.median(v)", id="a module is called"),
        pytest.param("from statistics import median\ndef middle(v): return median(v)", id="a function is called"),
        pytest.param("def middle(v):\n    import statistics as s\n    return s.median(v)", id="imported inside"),
        pytest.param("def middle(v):\n    from statistics import median\n    return median(v)", id="a name inside"),
        pytest.param("import functools, statistics\nmiddle = functools.partial(statistics.median)", id="wrapped"),
        pytest.param("import statistics\nmiddle = lambda v: [statistics.median(v) for _ in v][0]", id="nested"),
        pytest.param("from statistics import median\ndef inner(v): return median(v)\ndef middle(v): return inner(v)",
                     id="by way of a helper"),
    ],
)  # fmt: skip
def test_borrowed_code_is_seen(code: str):
    found = look(code.replace("median(v)", "median(v or int('x'))"))

    assert found.borrowed == ("statistics",)
    assert not found.passed


def test_a_class_that_borrows_is_seen():
    stub = "class F:\n    def get(self): ..."
    code = "import statistics\nclass F:\n    def get(self): return statistics.median([1])"
    found = trial(exercise("assert F().get() == 1, 'x'", stub=stub, hides=("statistics",)), CHAPTER, kernel(code))

    assert found.borrowed == ("statistics",)


@pytest.mark.parametrize(
    "code",
    [
        "import xml.etree.ElementTree\ndef f(x): return xml.etree.ElementTree.XML and 2 * x",
        "import xml.etree as e, xml.etree.ElementTree\ndef f(x): return e.ElementTree.XML and 2 * x",
        "def f(x):\n    from xml.etree import ElementTree\n    return 2 * x",
        "def f(x):\n    import xml.etree.ElementTree as t\n    return 2 * x",
        "from xml.etree.ElementTree import *\ndef f(x): return fromstring and 2 * x",
        "from xml.etree.ElementTree import XML\nf = lambda x: (XML, 2 * x)[1]",
    ],
)
def test_a_hidden_module_is_seen_by_whatever_path(code: str):
    found = trial(exercise("assert f(1) == 2, 'x'", hides=("xml.etree.ElementTree",)), CHAPTER, kernel(code))

    assert found.borrowed == ("xml.etree.ElementTree",)


def test_the_package_of_a_hidden_module_may_be_used():
    code = "import xml.etree.ElementTree, xml.sax\ndef f(x): return xml.sax.parse and 2 * x"

    assert trial(exercise("assert f(1) == 2, 'x'", hides=("xml.etree",)), CHAPTER, kernel(code)).borrowed == ()


def test_what_a_library_imports_inside_is_its_own_affair():
    code = "from os import popen\ndef f(x): return 2 * x if x else popen"  # which imports subprocess when it is called

    assert trial(exercise("assert f(1) == 2, 'x'", hides=("subprocess",)), CHAPTER, kernel(code)).borrowed == ()


def test_own_code_borrows_nothing():
    assert look(answer_of(practice(), "middle")).borrowed == ()


def test_a_chapter_without_set_up_can_be_checked():
    bare = ChapterCard("01_x", "X", "", (), ())

    assert trial(exercise("assert f(1) == 2, 'x'"), bare, kernel("def f(x): return 2 * x")).passed


def test_names_are_found_wherever_they_are_bound():
    code = "with open('x') as a:\n    b = 1\ntry:\n    c = 2\nexcept ValueError:\n    d = 3\n"
    code += "if b:\n    e: int = 4\nf, *g = h = 1, 2"

    assert bound(code) == {"a", "b", "c", "d", "e", "f", "g", "h"}
    assert bound("this is no python") == set()
