"""A verdict says what an answer is worth and why, in the same words in both modes."""

from pathlib import Path

import pytest

from course_lib.exercises.answer_files import Answer, read_answer
from course_lib.exercises.graders import MODES, Grader, Mode, answer_names, reference, setup_cells, unsolved
from course_lib.exercises.proofs import (
    answer_proof,
    counted,
    import_proofs,
    mutants_proof,
    reference_proof,
    seed_proofs,
    stub_proof,
    survey,
    words_proof,
)
from course_lib.exercises.protocol.warm import ServerFailed
from course_lib.exercises.source import Chapter, ChapterError, read_chapter
from tests.exercises.protocol.border import FOLDER, border_chapter

EXERCISES = ["share", "tally", "batches", "retry"]
FILES = sorted(path.name for path in FOLDER.glob("*__*.py"))


@pytest.fixture(scope="module")
def grader():
    with Grader(border_chapter()) as made:
        yield made


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EXERCISES)
def test_a_reference_gets_full_points_and_a_stub_none(grader: Grader, name: str, mode: Mode):
    exercise = grader.chapter.exercises[name]

    assert reference_proof(grader, exercise, mode).holds
    assert stub_proof(grader, exercise, mode).holds


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("file", FILES)
def test_known_answers_get_what_they_deserve(grader: Grader, file: str, mode: Mode):
    if "endless" in file:
        pytest.skip("waits for its time to be up: the next test does, with less time")
    proof = answer_proof(grader, read_answer(file, (FOLDER / file).read_text("utf-8")), mode)

    assert proof.holds, proof.found


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_without_an_end_is_told_so(grader: Grader, mode: Mode):
    verdict = grader.judge("share", (FOLDER / "share__wrong_endless.py").read_text("utf-8"), mode, seconds=1)

    assert (verdict.ended, verdict.part, verdict.message) == ("slow", "visible", "took longer than 1 s")


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_that_ends_its_process_is_told_so(grader: Grader, mode: Mode):
    verdict = grader.judge("share", "def share(trips, longer_than):\n    import os\n    os._exit(0)\n", mode)

    assert verdict.ended == "died" and "in the middle" in verdict.message and verdict.points == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("def share(:", "the answer cell does not run: SyntaxError"),
        ("def divide(): return 1", "NameError: name 'share' is not defined"),
        ("share = 3", "TypeError: 'int' object is not callable"),
        (
            "def share(trips, longer_than): return trips[9].zone",
            "IndexError: list index out of range  (the test was at: got = share(",
        ),
        ("raise NotImplementedError('share: write your answer here')", "share: write your answer here"),
    ],
    ids=range(5),
)
def test_what_goes_wrong_is_told_in_the_same_words_in_both_modes(grader: Grader, answer: str, words: str, mode: Mode):
    assert grader.judge("share", answer, mode).message.startswith(words)


def test_what_the_learner_wrote_elsewhere_is_reported_and_not_fatal(grader: Grader):
    reference_ = reference(grader.chapter.exercises["share"])
    verdict = grader.judge(
        "share", reference_, "wire", extra=["1 / 0", "%matplotlib nowhere", "factor = 1", "def broken(:"]
    )

    assert verdict.passed


def test_the_import_of_a_hidden_module_earns_nothing(grader: Grader):
    proofs = list(import_proofs(grader, grader.chapter.exercises["share"]))

    assert len(proofs) == 1 and all(proof.holds for proof in proofs)


def test_seeds_and_secrets_change_the_hidden_tests_and_not_the_points(grader: Grader, tmp_path: Path):
    assert all(proof.holds for proof in seed_proofs(grader, grader.chapter.exercises["share"], "wire"))
    secret = tmp_path / "secret"
    secret.write_text("another class")
    spy = (
        "def share(trips, longer_than):\n"
        "    if len(trips) == 57:\n        raise RuntimeError(str(trips))\n"
        "    if not trips:\n        raise ValueError\n"
        "    return sum(trip.metres > longer_than for trip in trips) / len(trips)\n"
    )
    told = {grader.judge("share", spy, mode, secret=chosen).message for mode in MODES for chosen in (None, secret)}

    assert len(told) == 2 and all(text.startswith("RuntimeError: [Trip(zone=") for text in told)


def test_survivors_are_named_and_equivalent_ones_are_not_counted(grader: Grader):
    found = survey(grader, grader.chapter.exercises["retry"], {})
    known = {mutant.name: "means the same here" for mutant in found.survivors}
    again = survey(grader, grader.chapter.exercises["retry"], known | {"no such mutant": "a reason of words"})

    assert found.killed + len(found.survivors) == found.total
    assert again.survivors == () and again.share == 1.0 and again.unknown == ("no such mutant",)
    assert not mutants_proof(again).holds, "a listed mutant that is none is told"


def broken(change: tuple[str, str]) -> Chapter:
    source = (FOLDER / "00_border.py").read_text("utf-8")
    assert change[0] in source
    return read_chapter("00_border", source.replace(*change), (FOLDER / "exercises.toml").read_text("utf-8"))


def test_an_assert_without_words_is_found():
    chapter = broken((', f"2 of 4 trips are longer than 200 m: 0.5 was expected, {got} came"', ""))

    assert not words_proof(chapter.exercises["share"]).holds


def test_a_visible_test_that_passes_on_the_stub_is_found():
    chapter = broken(
        (
            "    refused = False\nexcept ValueError:\n    refused = True",
            "    refused = False\nexcept Exception:\n    refused = True",
        )
    )
    with Grader(chapter) as made:
        proof = stub_proof(made, chapter.exercises["share"], "notebook")

    assert not proof.holds and "pass on it" in proof.found


def test_a_wrong_answer_that_fails_for_another_reason_is_found(grader: Grader):
    wrong = Answer(
        "share", "other", right=False, text="def share(trips, longer_than): return 1.0", words="were changed"
    )

    assert "lacks 'were changed'" in answer_proof(grader, wrong, "notebook").found


def test_setup_that_leaves_a_thread_running_is_refused():
    chapter = broken(
        (
            "import numpy as np\n",
            "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
            "import numpy as np\n",
        )
    )
    with Grader(chapter) as made, pytest.raises(ServerFailed, match="threads running"):
        made.judge("share", "", "notebook")


def test_setup_that_needs_what_is_hidden_is_told_where():
    source = (
        (FOLDER / "00_border.py").read_text("utf-8").replace("import numpy", "import xmlrpc.server\nimport numpy", 1)
    )
    about = (FOLDER / "exercises.toml").read_text("utf-8").replace('"statistics"', '"xmlrpc.client"')
    with (
        Grader(read_chapter("00_border", source, about)) as made,
        pytest.raises(
            ServerFailed, match=r"setup cell at line \d+ does not run: Hidden: xmlrpc.client .* all that they import"
        ),
    ):
        made.judge("share", "", "wire")


def test_enough_answers_are_asked_for():
    answers = [
        read_answer("x__right_a.py", "pass"),
        read_answer("x__wrong_example.py", "# must fail: no\n# hidden only\n"),
    ]

    assert [proof.holds for proof in counted(answers)] == [False, False, False]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("x__maybe_a.py", ""),
        ("x__wrong_a.py", "pass"),
        ("x__wrong_a.py", ""),
        ("x__wrong_a.py", "# must fail:  -- why"),
    ],
)
def test_a_file_of_answers_that_keeps_no_rule_is_refused(file: str, text: str):
    with pytest.raises(ChapterError):
        read_answer(file, text)


def test_the_names_of_an_answer_are_those_of_the_reference():
    exercises = border_chapter().exercises

    assert [answer_names(exercises[name]) for name in EXERCISES] == [["share"], ["Tally"], ["batches"], ["retry"]]
    assert "NotImplementedError" in unsolved(exercises["tally"])


def test_setup_takes_size_and_seed():
    cells = setup_cells(border_chapter(), "test", 11)

    assert cells[0][1].split("\n")[-1] == "size, seed = 'test', 11"
