"""Does a grader deserve trust?

Five proofs per exercise: the unsolved exercise gets nothing and every visible test says so in words; the reference gets
full points on any seed; right answers get full points and wrong ones less, each for the reason it was written for, one
of them by hidden tests alone; nearly all mutants of the reference are caught; all of it in both modes.
"""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from course_lib.exercises.answer_files import Answer, known_answers
from course_lib.exercises.graders import SEED, Grader, Mode, Verdict, imported_answers, reference, unsolved
from course_lib.exercises.mutants import Mutant, mutants_of, read_equivalents
from course_lib.exercises.source import Exercise

FIVE_SEEDS = (7, 11, 101, 2020, 31_337)
LEAST_RIGHT, LEAST_WRONG, LEAST_MUTANTS, LEAST_KILLED = 2, 4, 10, 0.95
EXAMPLE = "example"  # in the name of a wrong answer that knows the public example by heart


@dataclass(frozen=True)
class Proof:
    """One claim about a grader: `what` was to hold, whether it does, and what was `found`."""

    what: str
    holds: bool
    found: str


@dataclass(frozen=True)
class Survey:
    """How an exercise's mutants fared."""

    total: int
    killed: int
    equivalent: int
    survivors: tuple[Mutant, ...]
    unknown: tuple[str, ...]  # listed as equivalent, and not a mutant (any more), or killed

    @property
    def counted(self) -> int:
        """Mutants that a test could kill."""
        return self.total - self.equivalent

    @property
    def share(self) -> float:
        return self.killed / self.counted if self.counted else 0.0


def prove(
    grader: Grader, name: str, folder: Path, modes: Iterable[Mode], mutants: bool = True, seeds: bool = False
) -> Iterator[Proof]:
    """The proofs of exercise `name`, whose known answers lie in `folder`."""
    exercise = grader.chapter.exercises[name]
    answers = [answer for answer in known_answers(folder) if answer.exercise == name]
    yield words_proof(exercise)
    yield from counted(answers)
    for mode in modes:
        yield stub_proof(grader, exercise, mode)
        yield reference_proof(grader, exercise, mode)
        for answer in answers:
            yield answer_proof(grader, answer, mode)
    if "wire" in modes:
        yield from import_proofs(grader, exercise)
    if seeds:
        yield from seed_proofs(grader, exercise, "notebook")
    if mutants:
        yield mutants_proof(survey(grader, exercise, equivalents(folder, name)))


def words_proof(exercise: Exercise) -> Proof:
    """Every assert of the tests carries a message."""
    assert exercise.check is not None
    bare = [
        node.lineno
        for node in ast.walk(ast.parse(exercise.check.text))
        if isinstance(node, ast.Assert) and (node.msg is None or _empty(node.msg))
    ]
    found = f"without words: lines {bare} of the test cell" if bare else "all do"
    return Proof("every assert says what is wrong", not bare, found)


def counted(answers: list[Answer]) -> Iterator[Proof]:
    """There are enough known answers, and of every needed kind."""
    right, wrong = [a for a in answers if a.right], [a for a in answers if not a.right]
    plausible = [a for a in wrong if a.hidden_only and EXAMPLE not in a.name]
    yield Proof(f"at least {LEAST_RIGHT} right answers", len(right) >= LEAST_RIGHT, f"{len(right)}")
    yield Proof(f"at least {LEAST_WRONG} wrong answers", len(wrong) >= LEAST_WRONG, f"{len(wrong)}")
    yield Proof(
        "a plausible one only hidden tests catch", bool(plausible), ", ".join(a.name for a in plausible) or "none"
    )


def stub_proof(grader: Grader, exercise: Exercise, mode: Mode) -> Proof:
    """The unsolved exercise gets nothing, and every visible test fails on it, in words."""
    verdict = grader.judge(exercise.name, unsolved(exercise), mode, probe=True)
    held = verdict.points == 0 and verdict.part in ("answer", "visible") and verdict.readable and not verdict.silent
    found = f"visible tests that pass on it: lines {list(verdict.silent)}" if verdict.silent else _found(verdict)
    return Proof(f"[{mode}] the stub fails, in words", held, found)


def reference_proof(
    grader: Grader, exercise: Exercise, mode: Mode, seed: int | None = None, secret: Path | None = None
) -> Proof:
    """The reference gets full points."""
    verdict = grader.judge(exercise.name, reference(exercise), mode, secret=secret, seed=SEED if seed is None else seed)
    told = "" if seed is None else f" (seed {seed})"
    return Proof(f"[{mode}] the reference passes{told}", verdict.points == exercise.points, _found(verdict))


def seed_proofs(grader: Grader, exercise: Exercise, mode: Mode) -> Iterator[Proof]:
    """The reference gets full points whatever the seed and the class's secret."""
    with tempfile.TemporaryDirectory(prefix="course-secret-") as folder:
        for seed in FIVE_SEEDS:
            secret = Path(folder) / f"{seed}"
            secret.write_text(f"a class of {seed}")
            yield reference_proof(grader, exercise, mode, seed, secret)


def answer_proof(grader: Grader, answer: Answer, mode: Mode) -> Proof:
    """A known answer gets what it deserves, and a wrong one for its own reason."""
    verdict = grader.judge(answer.exercise, answer.text, mode)
    if answer.right:
        return Proof(f"[{mode}] right: {answer.name}", verdict.passed, _found(verdict))
    problems = []
    if verdict.passed:
        problems.append("it passes")
    elif not verdict.readable:
        problems.append("the message is no sentence")
    elif not answer.found_in(verdict.message):
        problems.append(f"the message lacks {answer.words!r}")
    if answer.hidden_only and verdict.part != "hidden":
        problems.append("visible tests catch it, too")
    found = f"{'; '.join(problems)}: {_found(verdict)}" if problems else _found(verdict)
    return Proof(f"[{mode}] wrong: {answer.name}", not problems, found)


def import_proofs(grader: Grader, exercise: Exercise) -> Iterator[Proof]:
    """Taking the answer from where it is ready-made earns nothing."""
    for module, text in imported_answers(exercise):
        verdict = grader.judge(exercise.name, text, "wire")
        held = verdict.points == 0 and "holds the answer" in verdict.message
        yield Proof(f"[wire] wrong: import {module}", held, _found(verdict))


def survey(grader: Grader, exercise: Exercise, known: dict[str, str]) -> Survey:
    """Judge every mutant of the reference, beside the tests."""
    whole = grader.judge(exercise.name, reference(exercise))
    budget = min(exercise.seconds, max(1.5, 5 * whole.seconds))
    mutants = mutants_of(exercise)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # the threads wait; the work is done in forks
        verdicts = list(pool.map(lambda mutant: grader.judge(exercise.name, mutant.text, seconds=budget), mutants))
    survivors = [mutant for mutant, verdict in zip(mutants, verdicts, strict=True) if verdict.passed]
    equivalent = [m for m in survivors if m.name in known]
    return Survey(
        total=len(mutants),
        killed=len(mutants) - len(survivors),
        equivalent=len(equivalent),
        survivors=tuple(m for m in survivors if m.name not in known),
        unknown=tuple(sorted(known.keys() - {m.name for m in equivalent})),
    )


def mutants_proof(found: Survey) -> Proof:
    """Enough mutants, nearly all of them caught."""
    told = f"{found.killed}/{found.counted} killed"
    if found.equivalent:
        told += f", {found.equivalent} equivalent"
    if found.survivors:
        told += "; alive: " + "".join(f"\n        line {m.line}: {m.name}" for m in found.survivors)
    if found.unknown:
        told += "; listed as equivalent, but killed or unknown: " + "; ".join(found.unknown)
    held = found.total >= LEAST_MUTANTS and found.share >= LEAST_KILLED and not found.unknown
    return Proof(f"at least {LEAST_KILLED:.0%} of at least {LEAST_MUTANTS} mutants", held, told)


def equivalents(folder: Path, exercise: str) -> dict[str, str]:
    """The mutants of an exercise that mean the same: name -> reason."""
    path = folder / "equivalent_mutants.toml"
    return read_equivalents(path.read_text("utf-8")).get(exercise, {}) if path.exists() else {}


def _found(verdict: Verdict) -> str:
    if verdict.passed:
        return f"{verdict.points}/{verdict.of} points, {verdict.seconds:.2f} s"
    return f"{verdict.points}/{verdict.of} points, {verdict.part}: {verdict.message}"


def _empty(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not str(node.value).strip()
