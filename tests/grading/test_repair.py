"""A damaged notebook gives the same answers as the whole one, and says what was mended."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.exercises.chapters import load_chapter
from course_lib.exercises.notebook import render
from course_lib.exercises.source import stub, with_answers
from course_lib.grading.repair import Submission, harmless, submission
from tests.exercises.workshop import FIXTURE, NAME

CHAPTER = load_chapter(NAME, FIXTURE)
CODED = [name for name, exercise in CHAPTER.exercises.items() if not exercise.is_essay]
ANSWERS = {name: f"{stub(CHAPTER.exercises[name])}\n# mine: {name}" for name in CODED}
WHOLE: dict[str, Any] = json.loads(render(with_answers(CHAPTER, ANSWERS), "release"))
FIRST = CODED[0]


def read(notebook: Any) -> Submission:
    return submission(CHAPTER, json.dumps(notebook).encode())


def changed(change) -> Submission:
    notebook = copy.deepcopy(WHOLE)
    return read(change(notebook) or notebook)


def cell(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    return next(found for found in notebook["cells"] if found["id"] == name)


def own(text: str, name: str = "mine", kind: str = "code") -> dict[str, Any]:
    return {"id": name, "cell_type": kind, "metadata": {}, "source": text, "outputs": []}


def test_a_whole_notebook_needs_no_repair():
    found = read(WHOLE)

    assert {name: work.answer for name, work in found.work.items()} == ANSWERS
    assert (found.repairs, found.broken) == ((), "")


def drop_ids(notebook):
    for number, each in enumerate(notebook["cells"]):
        each["id"] = f"other-{number}"


def drop_metadata(notebook):
    for each in notebook["cells"]:
        each["metadata"] = {}


def drop_both(notebook):
    drop_ids(notebook)
    drop_metadata(notebook)


def sources_as_lists(notebook):
    for each in notebook["cells"]:
        text = "".join(each["source"])
        each["source"] = [text[:3], text[3:], 7]


def old_format(notebook):
    for each in notebook["cells"]:
        each.pop("id")
    return {"worksheets": [{"cells": notebook["cells"]}], "nbformat": 3}


@pytest.mark.parametrize("damage", [drop_ids, drop_metadata, drop_both, sources_as_lists, old_format])
def test_damage_costs_no_answer(damage):
    found = changed(damage)

    assert {name: work.answer for name, work in found.work.items()} == ANSWERS


@pytest.mark.parametrize("damage", [drop_ids, drop_metadata, drop_both])
def test_every_lost_name_is_told(damage):
    repairs = " ".join(changed(damage).repairs)

    assert all(f"{name}: its answer cell had lost its" in repairs for name in CODED)


def test_of_two_answer_cells_the_last_that_was_written_in_counts():
    def twice(notebook):
        first = cell(notebook, FIRST)
        at = notebook["cells"].index(first)
        notebook["cells"].insert(at + 1, {**first, "id": "copy", "source": "def better(): ..."})
        notebook["cells"].append({**first, "id": "untouched", "source": stub(CHAPTER.exercises[FIRST])})

    found = changed(twice)

    assert found.work[FIRST].answer == "def better(): ..."
    assert f"{FIRST}: its answer cell stands 3 times; number 2, the last written in, counts." in found.repairs


def test_a_missing_answer_is_told_and_costs_no_other():
    def without(notebook):
        notebook["cells"].remove(cell(notebook, FIRST))

    found = changed(without)

    assert found.work.keys() == set(CODED) - {FIRST}
    assert f"{FIRST}: its answer cell is missing." in found.repairs


def test_tests_points_and_kinds_come_from_the_release():
    def forge(notebook):
        test = cell(notebook, f"test-{FIRST}")
        test["source"] = "pass"
        test["metadata"]["nbgrader"]["points"] = 1000
        cell(notebook, FIRST)["cell_type"] = "markdown"
        notebook["cells"].append({**test, "id": "again"})

    found = changed(forge)
    shown = next(each for each in found.notebook["cells"] if each["id"] == f"test-{FIRST}")

    assert "".join(shown["source"]) != "pass"
    assert shown["metadata"]["nbgrader"]["points"] == CHAPTER.exercises[FIRST].points
    assert found.work[FIRST].answer == ANSWERS[FIRST]
    assert len(found.repairs) == 4


def test_a_helper_above_runs_before_and_one_between_answer_and_test_runs_after():
    def with_helpers(notebook):
        at = notebook["cells"].index(cell(notebook, FIRST))
        cell(notebook, FIRST)["source"] = "def answer(): return above() + below()"
        notebook["cells"].insert(at + 1, own("def below(): return 1", "b"))
        notebook["cells"].insert(at, own("def above(): return 1", "a"))
        notebook["cells"].insert(0, own("def unrelated(): return 1", "c"))
        notebook["cells"].append(own("def above(): return 'too late'", "d"))

    work = changed(with_helpers).work[FIRST]

    assert "def above(): return 1" in work.before
    assert work.after == ("def below(): return 1",)
    assert not any("unrelated" in text or "too late" in text for text in (*work.before, *work.after))


def test_an_answer_said_anew_below_its_cell_counts_as_it_does_in_the_notebook():
    def again(notebook):
        at = notebook["cells"].index(cell(notebook, FIRST))
        notebook["cells"].insert(at + 1, own(ANSWERS[FIRST] + "\n# anew"))

    assert changed(again).work[FIRST].after == (ANSWERS[FIRST] + "\n# anew",)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x00\xff", b"[]", b"7", b"{}", b'{"cells": 3}', b"[" * 200_000, b'{"cells": [' + b"0," * 6000 + b"0]}",
        b"null", b'{"cells": null}',
    ],
    ids=lambda data: repr(data[:12]),
)  # fmt: skip
def test_what_is_no_notebook_is_told_in_a_sentence(data):
    found = submission(CHAPTER, data)

    assert found.work == {} and found.essays == {}
    assert found.broken.startswith("the file is no notebook")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
cells = st.fixed_dictionaries(
    {},
    optional={
        "id": json_values | st.sampled_from([*CODED, f"test-{FIRST}"]),
        "cell_type": json_values | st.sampled_from(["code", "markdown"]),
        "metadata": json_values | st.fixed_dictionaries({"nbgrader": json_values}),
        "source": json_values | st.sampled_from(list(ANSWERS.values())),
    },
)


@given(st.lists(cells | json_values, max_size=6))
def test_whatever_the_cells_are_the_notebook_made_of_them_is_the_release_with_answers(found):
    mended = read({"cells": found})
    names = [each["id"] for each in mended.notebook["cells"]]
    released = [each["id"] for each in WHOLE["cells"]]

    assert [name for name in names if not name.startswith("own-")] == released
    assert len(set(names)) == len(names)
    json.dumps(mended.notebook)


def test_prose_is_shown_as_prose():
    assert harmless("<b>x</b> & 1 < 2 </script ><!-- -->") == "&lt;b>x&lt;/b> & 1 < 2 &lt;/script >&lt;!-- -->"
