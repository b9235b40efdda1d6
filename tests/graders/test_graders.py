"""Every grader is itself graded: by known answers, right and wrong, by seeds and by mutants, in both modes."""

import importlib.util
from collections.abc import Callable

import pytest

from course_lib.exercises.answer_files import Answer, known_answers
from course_lib.exercises.chapters import ROOT, chapter_names, load_chapter
from course_lib.exercises.graders import MODES, Grader, Mode
from course_lib.exercises.mutants import read_equivalents
from course_lib.exercises.proofs import (
    answer_proof,
    counted,
    equivalents,
    import_proofs,
    mutants_proof,
    reference_proof,
    seed_proofs,
    stub_proof,
    survey,
    words_proof,
)

FOLDER = ROOT / "tests" / "graders"
CHAPTERS = chapter_names()
EXERCISES = [
    pytest.param(chapter, name, id=f"{chapter}-{name}")
    for chapter in CHAPTERS
    for name, exercise in load_chapter(chapter).exercises.items()
    if not exercise.is_essay
]
ANSWERS = [
    pytest.param(
        chapter, answer, id=f"{chapter}-{answer.exercise}-{'right' if answer.right else 'wrong'}-{answer.name}"
    )
    for chapter in CHAPTERS
    for answer in known_answers(FOLDER / chapter)
]
GraderOf = Callable[[str], Grader]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_known_answers_and_mutants_are_those_of_exercises(chapter: str):
    exercises = load_chapter(chapter).exercises
    about = FOLDER / chapter / "equivalent_mutants.toml"
    named = {answer.exercise for answer in known_answers(FOLDER / chapter)}
    named |= read_equivalents(about.read_text("utf-8")).keys() if about.exists() else set()

    assert named - exercises.keys() == set()


@pytest.mark.parametrize(("chapter", "name"), EXERCISES)
def test_hidden_modules_exist(chapter: str, name: str):
    hides = load_chapter(chapter).exercises[name].hides

    assert [module for module in hides if importlib.util.find_spec(module) is None] == []


@pytest.mark.parametrize(("chapter", "name"), EXERCISES)
def test_every_assert_says_what_is_wrong(chapter: str, name: str):
    proof = words_proof(load_chapter(chapter).exercises[name])

    assert proof.holds, proof.found


@pytest.mark.parametrize(("chapter", "name"), EXERCISES)
def test_there_are_enough_known_answers(chapter: str, name: str):
    answers = [answer for answer in known_answers(FOLDER / chapter) if answer.exercise == name]

    assert [(proof.what, proof.found) for proof in counted(answers) if not proof.holds] == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("chapter", "name"), EXERCISES)
def test_the_stub_fails_on_every_visible_test_in_words(grader_of: GraderOf, chapter: str, name: str, mode: Mode):
    grader = grader_of(chapter)
    proof = stub_proof(grader, grader.chapter.exercises[name], mode)

    assert proof.holds, proof.found


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("chapter", "name"), EXERCISES)
def test_the_reference_gets_full_points(grader_of: GraderOf, chapter: str, name: str, mode: Mode):
    grader = grader_of(chapter)
    proof = reference_proof(grader, grader.chapter.exercises[name], mode)

    assert proof.holds, proof.found


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("chapter", "answer"), ANSWERS)
def test_a_known_answer_gets_what_it_deserves(grader_of: GraderOf, chapter: str, answer: Answer, mode: Mode):
    proof = answer_proof(grader_of(chapter), answer, mode)

    assert proof.holds, proof.found


@pytest.mark.parametrize(("chapter", "name"), EXERCISES)
def test_importing_the_answer_earns_nothing(grader_of: GraderOf, chapter: str, name: str):
    grader = grader_of(chapter)
    proofs = import_proofs(grader, grader.chapter.exercises[name])

    assert [(proof.what, proof.found) for proof in proofs if not proof.holds] == []


@pytest.mark.full
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("chapter", "name"), EXERCISES)
def test_the_reference_gets_full_points_whatever_the_seeds(grader_of: GraderOf, chapter: str, name: str, mode: Mode):
    grader = grader_of(chapter)
    proofs = seed_proofs(grader, grader.chapter.exercises[name], mode)

    assert [(proof.what, proof.found) for proof in proofs if not proof.holds] == []


@pytest.mark.full
@pytest.mark.parametrize(("chapter", "name"), EXERCISES)
def test_nearly_all_mutants_are_caught(grader_of: GraderOf, chapter: str, name: str):
    grader = grader_of(chapter)
    proof = mutants_proof(survey(grader, grader.chapter.exercises[name], equivalents(FOLDER / chapter, name)))

    assert proof.holds, proof.found
