"""nbgrader on this course: `nbgrader generate_assignment 01_introduction` and the rest work from this folder.

The source directory is `chapters/`, and only its notebooks leave it: the chapter's text with the answers (`*.py`) and
the hints (`*.toml`) stay behind. `mkdir -p build` first: the gradebook lies there.
"""

from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ComputeChecksums,
    IncludeHeaderFooter,
    LockCells,
    SaveCells,
)

from course_lib.exercises.nbgrader_stubs import NamedStubs

c = get_config()  # noqa: F821  nbgrader gives it

c.CourseDirectory.course_id = "data_pipelines"
c.CourseDirectory.source_directory = "chapters"
c.CourseDirectory.release_directory = "build/release"
c.CourseDirectory.submitted_directory = "build/submitted"
c.CourseDirectory.autograded_directory = "build/autograded"
c.CourseDirectory.feedback_directory = "build/feedback"
c.CourseDirectory.db_url = "sqlite:///build/gradebook.db"
c.CourseDirectory.ignore = [".*", "*.pyc", "__pycache__", "feedback", "*.py", "*.toml"]  # beside the notebooks

c.ExecutePreprocessor.timeout = 300  # seconds a cell

# nbgrader looks for mark schemes in its task cells; ours stand in the answer they are for.
c.ClearMarkScheme.enforce_metadata = False

c.GenerateAssignment.preprocessors = [
    IncludeHeaderFooter,
    LockCells,
    NamedStubs,  # in the place of ClearSolutions: the stub names its exercise
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
]
