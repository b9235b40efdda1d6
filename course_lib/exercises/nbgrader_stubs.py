"""How does nbgrader write the stubs that this course writes?

nbgrader has one stub for all answers; ours names its exercise, so that a notebook that stops says where. This is its
preprocessor with that one difference; nbgrader_config.py puts it in the place of the original.
"""

from __future__ import annotations

from typing import Any

from nbgrader.preprocessors import ClearSolutions

from course_lib.exercises.source import ESSAY, STUB


class NamedStubs(ClearSolutions):
    """ClearSolutions, with a stub that names the exercise."""

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """The cell with a stub in the place of its solution."""
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        self.code_stub = {"python": STUB.format(name=name)}
        self.text_stub = ESSAY
        return super().preprocess_cell(cell, resources, cell_index)
