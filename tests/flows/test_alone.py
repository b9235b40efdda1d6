"""The whole pipeline calls nobody: it runs in a network that leads nowhere, and what it sends is heard."""

import sys
from pathlib import Path

import pytest

from tests import nowhere

MISSING = nowhere.missing()


@pytest.mark.full
@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_the_pipeline_does_its_job_and_calls_nobody(tmp_path: Path):
    course, out = [sys.executable, "-m", "course_lib.cli"], tmp_path / "out"

    reached, code = nowhere.calls_of([*course, "pipeline", "--trips", "2000", "--out", out])

    assert (reached, code) == ([], 0)
    assert (out / "report.html").is_file()
