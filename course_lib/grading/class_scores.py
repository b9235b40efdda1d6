"""How many points does everybody have, by nbgrader's gradebook?

One row for each exercise of each hand-in: what the tests gave, what a person gave instead, what counts. A person's
points go before those of the tests; a late penalty is taken off the sum of a chapter, never below nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from course_lib.grading.class_deadlines import Extensions, settle
from course_lib.grading.class_rules import Rules

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


@dataclass(frozen=True)
class ExerciseScore:
    """What one exercise of a hand-in earned."""

    exercise: str
    of: float
    auto: float | None  # by tests; None where none ran
    manual: float | None  # by a person
    points: float  # what counts, extra credit included
    waits: bool  # for a person
    comment: str = ""  # of a person


@dataclass(frozen=True)
class ChapterScore:
    """What a hand-in earned."""

    learner: str
    chapter: str
    exercises: tuple[ExerciseScore, ...] = ()
    penalty: float = 0.0
    seconds_late: float = 0.0
    names: dict[str, ExerciseScore] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.names.update({one.exercise: one for one in self.exercises})

    @property
    def earned(self) -> float:
        """Before the penalty."""
        return sum(one.points for one in self.exercises)

    @property
    def points(self) -> float:
        return max(0.0, self.earned - self.penalty)

    @property
    def of(self) -> float:
        return sum(one.of for one in self.exercises)

    @property
    def waits(self) -> bool:
        """Is there something that a person has to grade?"""
        return any(one.waits for one in self.exercises)


def released(gradebook: Gradebook) -> dict[str, float]:
    """The chapters that the class has, with their points."""
    return {one.name: float(one.max_score) for one in sorted(gradebook.assignments, key=lambda one: one.name)}


def scores(gradebook: Gradebook, rules: Rules, extensions: Extensions, chapter: str) -> dict[str, ChapterScore]:
    """The scores of a chapter by learner; penalties are brought up to date first."""
    from nbgrader.api import Assignment, Grade, GradeCell, SubmittedAssignment, SubmittedNotebook

    settle(gradebook, rules, extensions, chapter)
    query = (
        gradebook.db.query(SubmittedAssignment.student_id, GradeCell.name, GradeCell.max_score, Grade)
        .select_from(SubmittedAssignment)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(GradeCell, GradeCell.id == Grade.cell_id)
        .filter(Assignment.name == chapter)
    )
    comments = _comments(gradebook, chapter)
    found: dict[str, list[ExerciseScore]] = {}
    for learner, cell, of, grade in query:
        name = exercise_of(cell)
        said = comments.get((learner, name), "")
        found.setdefault(learner, []).append(
            ExerciseScore(
                name, float(of), grade.auto_score, grade.manual_score, float(grade.score), _waits(grade), said
            )
        )
    order = _order(gradebook, chapter)
    answer = {}
    for submission in gradebook.assignment_submissions(chapter):
        learner = submission.student_id
        rows = sorted(found.get(learner, []), key=lambda one: order.get(one.exercise, 0))
        penalty = float(submission.late_submission_penalty or 0.0)
        answer[learner] = ChapterScore(learner, chapter, tuple(rows), penalty, float(submission.total_seconds_late))
    return answer


def exercise_of(cell: str) -> str:
    """The exercise that a graded cell belongs to.

    >>> exercise_of("test-psi"), exercise_of("which-pattern")
    ('psi', 'which-pattern')
    """
    return cell.removeprefix("test-")


def written(points: float) -> str:
    """Points as people write them.

    >>> written(85.0), written(7.5), written(59.499999)
    ('85', '7.5', '59.5')
    """
    return f"{points:.2f}".rstrip("0").rstrip(".")


def mean(values: Iterable[float]) -> float | None:
    """The mean; None of nothing."""
    told = list(values)
    return sum(told) / len(told) if told else None


def _waits(grade: object) -> bool:
    """Does a person have to look at it? nbgrader asks for a second look at what was graded by hand and graded again."""
    manual, auto = getattr(grade, "manual_score", None), getattr(grade, "auto_score", None)
    return bool(getattr(grade, "needs_manual_grade", False)) or (manual is None and auto is None)


def _comments(gradebook: Gradebook, chapter: str) -> dict[tuple[str, str], str]:
    """What people wrote beside answers, by learner and exercise."""
    from nbgrader.api import Assignment, Comment, SolutionCell, SubmittedAssignment, SubmittedNotebook

    rows = (
        gradebook.db.query(SubmittedAssignment.student_id, SolutionCell.name, Comment.manual_comment)
        .select_from(SubmittedAssignment)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Comment, Comment.notebook_id == SubmittedNotebook.id)
        .join(SolutionCell, SolutionCell.id == Comment.cell_id)
        .filter(Assignment.name == chapter, Comment.manual_comment.is_not(None))
    )
    return {(learner, exercise_of(cell)): said for learner, cell, said in rows}


def _order(gradebook: Gradebook, chapter: str) -> dict[str, int]:
    """The exercises in the order of the chapter, where the chapter is here to be asked."""
    from course_lib.errors import CourseError
    from course_lib.exercises.chapters import load_chapter

    try:
        return {name: place for place, name in enumerate(load_chapter(chapter).exercises)}
    except (CourseError, OSError):
        return {}
