from __future__ import annotations

import numpy as np
import pytest

from course_lib.validation.metrics import Share
from course_lib.validation.ml_quality import balance, in_time, known_values, unseen


def test_balance_counts_a_class_that_is_not_there():
    labels = np.array(["short"] * 50 + ["long"] * 50)

    assert balance(labels, np.array(["short", "long"])) == pytest.approx(1)
    assert balance(labels, np.array(["short", "long", "endless"])) < 0.7


def test_a_label_of_no_class_is_refused():
    with pytest.raises(ValueError, match="1 labels"):
        balance(np.array(["a", "b"]), np.array(["a", "c"]))


def test_a_value_is_in_time_until_the_moment_of_prediction_and_needs_an_alibi():
    at = np.array(["2024-01-01T08", "2024-01-01T09", "2024-01-01T10", "NaT"], "datetime64[s]")

    assert in_time(at, np.full(4, np.datetime64("2024-01-01T09", "s"))) == Share(2, 4)
    assert in_time(np.array([1.0, np.nan]), np.array([1.0, 1.0])) == Share(1, 2)
    with pytest.raises(ValueError, match="one each"):
        in_time(at, at[:2])


def test_test_rows_that_were_trained_on_are_not_unseen():
    assert unseen(np.array([1, 2, 3]), np.array([3, 4, 4])) == Share(2, 3)


def test_values_that_training_never_saw_are_not_known():
    assert known_values(np.array(["a", "b"]), np.array(["a", "c", "a"])) == Share(2, 3)
