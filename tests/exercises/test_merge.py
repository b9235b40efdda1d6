"""A new release comes under work that is already there, and no work is lost."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.exercises.merge import Notebook, merge, parse, same_work, source
from course_lib.exercises.notebook import render
from course_lib.exercises.source import read_chapter
from tests.exercises.workshop import FIXTURE, NAME, practice

OLD = json.loads(render(practice(), "release"))
_FOLDER = FIXTURE / "chapters" / NAME


def released(*changes: tuple[str, str]) -> Notebook:
    """The release of a source in which some text was changed."""
    text = (_FOLDER / f"{NAME}.py").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return json.loads(render(read_chapter(NAME, text, (_FOLDER / "exercises.toml").read_text()), "release"))


# A cell more at the beginning (so that the places of all others change), another set-up, another test.
NEW = released(
    ("# %% [markdown]\n# ## How long", "# %%\n1 + 1\n\n# %% [markdown]\n# ## How long"),
    ("N = {", "LIMIT = 3\nN = {"),
    ("of 1, 2 and 100 the middle", "of one, two and a hundred the middle"),
)


def changed(notebook: Notebook, **sources: str) -> Notebook:
    """A copy in which some cells say something else."""
    found = copy.deepcopy(notebook)
    for cell in found["cells"]:
        if cell["id"].replace("-", "_") in sources:
            cell["source"] = sources[cell["id"].replace("-", "_")]
    return found


def cell(notebook: Notebook, name: str) -> dict:
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def texts(notebook: Notebook) -> list[str]:
    return [source(cell) for cell in notebook["cells"]]


def own(text: str, name: str = "abcd") -> dict:
    return {"id": name, "cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None}


def test_untouched_work_becomes_the_new_release():
    found = merge(OLD, NEW, OLD)

    assert same_work(found.notebook, NEW)
    assert (found.answers, found.own) == ((), 0)


def test_answers_stay_and_everything_else_is_new():
    found = merge(OLD, NEW, changed(OLD, middle="def middle(v):\n    return 1", which="The median."))

    assert found.answers == ("middle", "which")
    assert source(cell(found.notebook, "middle")) == "def middle(v):\n    return 1"
    assert source(cell(found.notebook, "which")) == "The median."
    assert source(cell(found.notebook, "setup-1")) == source(cell(NEW, "setup-1"))
    assert source(cell(found.notebook, "test-middle")) == source(cell(NEW, "test-middle"))
    assert [cell["id"] for cell in found.notebook["cells"]] == [cell["id"] for cell in NEW["cells"]]


def test_outputs_of_answers_stay():
    mine = changed(OLD, middle="def middle(v): return 1")
    cell(mine, "middle")["execution_count"] = 7

    assert cell(merge(OLD, NEW, mine).notebook, "middle")["execution_count"] == 7


def test_own_cells_stay_behind_the_cell_they_stood_behind():
    mine = copy.deepcopy(OLD)
    place = [cell["id"] for cell in mine["cells"]].index("middle")
    mine["cells"].insert(place + 1, own("middle([1])"))
    mine["cells"].insert(0, own("my_own = 1", "efgh"))
    found = merge(OLD, NEW, mine)
    said = texts(found.notebook)

    assert found.own == 2
    assert said[0] == "my_own = 1"
    assert said[said.index("middle([1])") - 1] == source(cell(NEW, "middle"))


def test_cells_of_ours_that_they_changed_stay_beside_the_new_ones():
    plot = next(
        cell["id"] for cell in OLD["cells"] if 'axes.hist(minutes, bins=40, color=colour("kept"))' in source(cell)
    )
    found = merge(OLD, NEW, changed(OLD, **{plot.replace("-", "_"): "axes.hist(minutes, bins=7)"}))

    assert found.own == 1
    assert "axes.hist(minutes, bins=7)" in texts(found.notebook)
    assert set(texts(NEW)) <= set(texts(found.notebook))


def test_an_answer_whose_exercise_is_gone_stays_and_is_nobodys():
    new = copy.deepcopy(NEW)
    new["cells"] = [cell for cell in new["cells"] if cell["id"] not in ("trimmed", "test-trimmed")]
    found = merge(OLD, new, changed(OLD, trimmed="def trimmed(v, s): return 7"))
    [kept] = [cell for cell in found.notebook["cells"] if source(cell) == "def trimmed(v, s): return 7"]

    assert "nbgrader" not in kept["metadata"]


def test_a_copied_answer_cell_is_kept_and_is_nobodys():
    mine = changed(OLD, middle="def middle(v): return 1")
    double = copy.deepcopy(cell(mine, "middle")) | {"id": "zzzz", "source": "def middle(v): return 2"}
    mine["cells"].append(double)
    found = merge(OLD, NEW, mine)

    assert source(cell(found.notebook, "middle")) == "def middle(v): return 1"
    graded = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in found.notebook["cells"]]
    assert graded.count("middle") == 1
    assert "def middle(v): return 2" in texts(found.notebook)


def test_an_editor_that_dropped_the_ids_loses_no_answer():
    mine = changed(OLD, middle="def middle(v): return 1")
    for one in mine["cells"]:
        del one["id"]
    found = merge(OLD, NEW, mine)

    assert source(cell(found.notebook, "middle")) == "def middle(v): return 1"


@given(data=st.data())
def test_no_text_of_theirs_is_lost(data):
    mine = copy.deepcopy(OLD)
    for place in data.draw(st.lists(st.integers(0, len(mine["cells"]) - 1), max_size=5)):
        action = data.draw(st.sampled_from(["change", "add", "delete", "copy", "move"]))
        place = min(place, len(mine["cells"]) - 1)
        if action == "change":
            mine["cells"][place]["source"] = f"mine {data.draw(st.integers(0, 9))}"
        elif action == "add":
            mine["cells"].insert(place, own(f"own {place}", f"own{place}"))
        elif action == "copy":
            mine["cells"].insert(place, copy.deepcopy(mine["cells"][place]) | {"id": f"copy{place}"})
        elif action == "move":
            mine["cells"].append(mine["cells"].pop(place))
        elif len(mine["cells"]) > 1:
            mine["cells"].pop(place)
    found = merge(OLD, NEW, mine)

    wrote = set(texts(mine)) - set(texts(OLD))
    assert wrote <= set(texts(found.notebook))
    ids = [cell["id"] for cell in found.notebook["cells"]]
    assert len(ids) == len(set(ids))
    assert [name for name in ids if name in {cell["id"] for cell in NEW["cells"]}] == [c["id"] for c in NEW["cells"]]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cells": 3}', '{"cells": [3]}', '{"cells": [{"source": 3}]}'])
def test_what_is_no_notebook_is_refused(text: str):
    with pytest.raises(ValueError):
        parse(text)
