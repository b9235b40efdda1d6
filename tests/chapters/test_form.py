"""Every chapter keeps the form that a learner may rely on."""

import ast
import json
import re

import pytest

from course_lib.exercises.chapters import ROOT, build, chapter_names, load_chapter
from course_lib.exercises.notebook import render
from course_lib.exercises.source import Chapter, unmarked, visible
from tests.chapters.runs import every_chapter

BELITTLING = re.compile(r"\b(simply|obviously|just|of course|as we can see|trivial(ly)?)\b", re.IGNORECASE)
DRAWS = {"subplots", "explore", "hist", "scatter", "bar", "barh", "imshow", "pcolormesh", "errorbar", "step", "plot"}


def prose(chapter: Chapter) -> list[tuple[int, str]]:
    """The lines that are read, with their place: text cells without code, hints, and titles."""
    lines = []
    for cell in chapter.cells:
        if cell.is_prose:
            text = re.sub(r"```.*?```|`[^`]*`", "", cell.text, flags=re.DOTALL)
            lines += [(cell.line + number, line) for number, line in enumerate(text.split("\n"), 1)]
    for exercise in chapter.exercises.values():
        lines += [(0, re.sub(r"`[^`]*`", "", line)) for text in (exercise.title, *exercise.hints) for line in [text]]
    return lines


def drawn(chapter: Chapter) -> list[str]:
    """What is called to draw, once for each cell that does."""
    drawing = {
        node.name
        for cell in chapter.cells
        if not cell.is_prose
        for node in ast.walk(ast.parse(cell.text))
        if isinstance(node, ast.FunctionDef) and _called(node) & DRAWS
    }
    found = []
    for cell in chapter.cells:
        if cell.kind == "code":
            outside = [
                node for node in ast.parse(cell.text).body if not isinstance(node, ast.FunctionDef | ast.ClassDef)
            ]
            called = set().union(*(_called(node) for node in outside)) if outside else set()
            if cell.alt or called & (DRAWS | drawing):
                found.append("explore" if "explore" in called else "plot")
    return found


def _called(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            names.add(node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
    return names


@every_chapter
def test_the_committed_notebook_is_what_its_source_says(name: str):
    assert build([name], check=True) == [], f"run `course build {name}`"


@every_chapter
def test_a_notebook_holds_no_outputs(name: str):
    cells = json.loads((ROOT / "chapters" / name / f"{name}.ipynb").read_text("utf-8"))["cells"]

    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)


@every_chapter
def test_the_exercises_are_worth_a_hundred_points(name: str):
    exercises = load_chapter(name).exercises.values()
    essays = [exercise for exercise in exercises if exercise.is_essay]

    assert sum(exercise.points for exercise in exercises) == 100
    assert 5 <= len(exercises) <= 10
    assert max(exercise.points for exercise in exercises) <= 25
    assert len(essays) == 1, "exactly one exercise is prose"
    assert essays[0].points <= 10


@every_chapter
def test_a_chapter_opens_with_a_claim_and_closes_with_what_can_be_said_now(name: str):
    chapter = load_chapter(name)
    number = int(name[:2])

    assert re.match(rf"# {number}\. \S", chapter.cells[0].text)
    assert "**Claim.**" in chapter.cells[0].text
    assert re.search(r"you can say now", chapter.cells[-1].text, re.IGNORECASE)


@every_chapter
def test_size_and_seed_are_parameters(name: str):
    [cell] = [cell for cell in load_chapter(name).cells if cell.kind == "parameters"]
    told = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(cell.text).body}  # type: ignore[attr-defined]

    assert told == {"size": "default", "seed": 7}


@every_chapter
def test_cells_are_short(name: str):
    long = {
        cell.line: lines
        for cell in load_chapter(name).cells
        if cell.kind == "code" and (lines := sum(bool(line.strip()) for line in cell.text.split("\n"))) > 12
    }

    assert long == {}, "a cell past 12 lines is library code (line of the source: its length)"


@every_chapter
def test_no_reader_is_belittled(name: str):
    said = [(line, text) for line, text in prose(load_chapter(name)) if BELITTLING.search(text)]

    assert said == []


@every_chapter
def test_there_is_something_to_see_and_to_move(name: str):
    found = drawn(load_chapter(name))

    assert found.count("explore") >= 2, "at least two controls"
    assert len(found) >= 3, "at least three plots"


@every_chapter
def test_answers_say_what_they_take_and_give(name: str):
    for key, exercise in load_chapter(name).exercises.items():
        if exercise.is_essay:
            continue
        tree = ast.parse(unmarked(exercise.answer.text))
        made = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        assert made, f"{key} defines no function or class"
        for node in made:
            assert ast.get_docstring(node), f"{key}: {node.name} has no docstring"
            functions = [
                part
                for part in ast.walk(node)
                if isinstance(part, ast.FunctionDef) and (part is node or part in getattr(node, "body", []))
            ]
            for function in functions:
                bare = [argument.arg for argument in function.args.args if argument.annotation is None]
                assert bare in ([], ["self"], ["cls"]), f"{key}: {function.name} does not say what {bare} are"
                assert function.returns or function.name == "__init__", (
                    f"{key}: {function.name} does not say its return"
                )


@every_chapter
def test_every_visible_assert_speaks(name: str):
    for key, exercise in load_chapter(name).exercises.items():
        if exercise.check is not None:
            asserts = [node for node in ast.walk(ast.parse(visible(exercise.check))) if isinstance(node, ast.Assert)]
            mute = [ast.unparse(node.test) for node in asserts if node.msg is None]
            assert mute == [], f"{key}: without a message"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is simply so.", True),
        ("Just run it.", True),
        ("An adjusted, just-in-time", True),
        ("It is adjusted.", False),
    ],
)
def test_a_belittling_word_is_seen(text: str, found: bool):
    assert bool(BELITTLING.search(text)) == found


def test_the_order_of_chapters_is_their_number():
    assert [int(name[:2]) for name in chapter_names()] == sorted({int(name[:2]) for name in chapter_names()})


@every_chapter
def test_a_release_renders(name: str):
    assert json.loads(render(load_chapter(name), "release"))["nbformat"] == 4
