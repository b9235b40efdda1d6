"""What the tests of models share."""

import pytest

from course_lib.models import duration


@pytest.fixture
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what does not depend on how good the model is: a tenth of the trees."""
    monkeypatch.setitem(duration.PARAMETERS, "max_iter", 15)
