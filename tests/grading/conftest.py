"""A class for each test, made once."""

import shutil
from pathlib import Path

import pytest

from course_lib.grading.class_folder import ClassFolder
from tests.grading.classroom import classroom


@pytest.fixture(scope="session")
def model_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return classroom(tmp_path_factory.mktemp("model")).root


@pytest.fixture
def of(model_class: Path, tmp_path: Path) -> ClassFolder:
    """A class with three learners and the practice chapter, nothing handed in."""
    shutil.copytree(model_class, tmp_path / "class")
    return ClassFolder(tmp_path / "class")
