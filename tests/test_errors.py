"""Errors keep their facts wherever they go, and what they say is one line that any terminal can show."""

from __future__ import annotations

import os
import pickle

import pytest

from course_lib import errors
from course_lib.errors import CourseError, InputError, LateWrite, OutputUnwritable, SchemaDrift, StepFailed, one_line

EXAMPLES = [
    InputError("a.csv", "why", "Mend it."),
    SchemaDrift("a.csv", nearest="green-2019-01", shared=3, new=["x"] * 99, missing=["y"]),
    OutputUnwritable("out", "why", "Free it."),
    StepFailed("ingest", "why"),
    LateWrite(None, "abc"),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_crosses_process_borders_with_its_words_and_facts(error):
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes

    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("name", [b"\x1b[2J.csv", b"two\nlines.csv", b"\xff.csv", b"\r.csv", "\u202evsc.csv".encode()])
@pytest.mark.parametrize("kind", [InputError, OutputUnwritable])
def test_a_name_that_a_terminal_would_obey_is_escaped_in_words_and_kept_as_a_fact(kind, name):
    path = os.fsdecode(name)
    error = kind(path, "why", "Mend it.")

    assert error.path == path
    assert str(error).isprintable()
    assert str(error).endswith(".csv: why. Mend it.")


def test_words_of_every_script_are_left_alone():
    text = "grün تاكسي タクシー 🚕 'a' \\ <b> [red]"

    assert one_line(text) == text


def test_every_error_is_told_in_the_tree_of_the_docstring():
    told = errors.__doc__ or ""

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CourseError)]
    assert [kind.__name__ for kind in kinds if kind.__name__ not in told] == []
