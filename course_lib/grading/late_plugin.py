"""How does plain nbgrader take off the same as this course?

`nbgrader autograde` asks this plugin, which asks the class's rules. CLASS/nbgrader_config.py names it.
"""

from __future__ import annotations

from pathlib import Path

from nbgrader.plugins import LateSubmissionPlugin

from course_lib.grading.class_folder import ClassFolder
from course_lib.grading.late_policy import penalty


class ClassPolicy(LateSubmissionPlugin):
    """The late policy of class.toml."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """The points to take off; nbgrader counts seconds from the learner's own deadline."""
        root = Path(self.parent.db_url.removeprefix("sqlite:///")).parent
        return penalty(ClassFolder(root).rules().of(self.parent.assignment_id).policy, score, total_seconds_late)
